import type { Attributes, MeterProvider, TracerProvider } from '@opentelemetry/api';

/** The token under which `OpenTelemetryInstrumentation`, given as a class, finds `OpenTelemetryOptions`. Optional. */
export const OPEN_TELEMETRY_OPTIONS = Symbol('OPEN_TELEMETRY_OPTIONS');

/** How to trace and measure. Every option has a default. */
export interface OpenTelemetryOptions {
  /** Where spans go. Default: the global one of `@opentelemetry/api`. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Where metrics go. Default: the global one, as it is when the instrumentation is made: register the SDK before the application. */
  readonly meterProvider?: MeterProvider | undefined;
  /**
   * How the span of a handler belongs to the send of its record. `parent` (default): a child of it, so that one trace shows a record's whole way. `link`: a trace of its own, linked to
   * it. The span of a batch is always a trace of its own, linked to the send of each record (of the first 128, by the default limits of OpenTelemetry's SDK).
   */
  readonly processSpan?: 'parent' | 'link' | undefined;
  /** Whether spans of commits are made: each is a trace of its own, but for those in transactions. Default true. */
  readonly commitSpans?: boolean | undefined;
  /** Whether spans tell the keys of records (`messaging.kafka.message.key`), where they are text, numbers or UTF-8. Default false: keys may be personal data. */
  readonly messageKeys?: boolean | undefined;
  /** Put on every span and every measurement, e.g. `{ 'messaging.kafka.cluster.id': '...' }`. Default none. */
  readonly attributes?: Attributes | undefined;
}
