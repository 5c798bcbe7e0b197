import { context, propagation } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { KafkaInstrumentation } from 'nestjs-kafka-producer';
import { OpenTelemetryInstrumentation } from 'nestjs-kafka-producer/opentelemetry';
import type { TelemetryMode } from './job.js';

/** Collects nothing: what is measured is the recording. */
class SilentReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** Exports nothing, for the same reason. */
const nowhere: SpanExporter = {
  export: (_spans, done) => done({ code: 0 }),
  shutdown: () => Promise.resolve(),
};

/** OpenTelemetry's own SDK, as an application has it; `metrics` has no tracer that would make spans. */
export function createInstrumentation(mode: TelemetryMode): KafkaInstrumentation[] {
  const meterProvider = new MeterProvider({ readers: [new SilentReader()] });
  if (mode === 'metrics') return [new OpenTelemetryInstrumentation({ meterProvider })];
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(nowhere)] });
  return [new OpenTelemetryInstrumentation({ meterProvider, tracerProvider })];
}
