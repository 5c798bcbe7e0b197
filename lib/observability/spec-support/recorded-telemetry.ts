import { type Attributes, context, propagation, type SpanContext } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  type DataPoint,
  type ExponentialHistogram,
  type Histogram,
  MeterProvider,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';

type Point = DataPoint<number | Histogram | ExponentialHistogram>;

class OnDemandReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** OpenTelemetry's own SDK, with everything kept in memory. Context and propagation are global, so one at a time; `await using` ends it. */
export class RecordedTelemetry implements AsyncDisposable {
  public readonly tracerProvider: BasicTracerProvider;
  public readonly meterProvider: MeterProvider;
  private readonly exporter = new InMemorySpanExporter();
  private readonly reader = new OnDemandReader();
  /** Ids of spans; their times are too coarse for an order. */
  private readonly started: string[] = [];

  public constructor() {
    const starts: SpanProcessor = {
      onStart: (span) => void this.started.push(span.spanContext().spanId),
      onEnd: () => undefined,
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    this.tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.exporter), starts] });
    this.meterProvider = new MeterProvider({ readers: [this.reader] });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(
      new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
    );
  }

  /** Those that have ended, in that order. */
  public get spans(): readonly ReadableSpan[] {
    return this.exporter.getFinishedSpans();
  }

  public named(name: string): readonly ReadableSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  /** The only span of that name. */
  public only(name: string): ReadableSpan {
    const [span, ...others] = this.named(name);
    if (span === undefined || others.length > 0) {
      throw new Error(
        `${others.length + (span === undefined ? 0 : 1)} spans ${name}; ${this.spans.map((s) => s.name).join(', ')}`,
      );
    }
    return span;
  }

  /** The names of a trace, in the order of their starts. */
  public trace(traceId: string): readonly string[] {
    const place = (span: ReadableSpan): number => this.started.indexOf(span.spanContext().spanId);
    return this.spans
      .filter((span) => span.spanContext().traceId === traceId)
      .toSorted((one, other) => place(one) - place(other))
      .map(({ name }) => name);
  }

  /** All data points of an instrument, as collected now. */
  public async points(instrument: string): Promise<readonly Point[]> {
    const { resourceMetrics } = await this.reader.collect();
    return resourceMetrics.scopeMetrics
      .flatMap((scope) => scope.metrics)
      .filter(({ descriptor }) => descriptor.name === instrument)
      .flatMap(({ dataPoints }): readonly Point[] => dataPoints);
  }

  /** The sum of a counter, or the count of a histogram, over the points that have these attributes. */
  public async total(instrument: string, attributes: Attributes = {}): Promise<number> {
    const points = await this.points(instrument);
    return points
      .filter((point) => Object.entries(attributes).every(([key, value]) => point.attributes[key] === value))
      .reduce((sum, { value }) => sum + (typeof value === 'number' ? value : value.count), 0);
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    context.disable();
    propagation.disable();
    await this.tracerProvider.shutdown();
    await this.meterProvider.shutdown();
  }
}

/** The span that a span is a child of; undefined for a root. */
export function parentOf({ parentSpanContext }: ReadableSpan): string | undefined {
  return parentSpanContext?.spanId;
}

export function linked({ links }: ReadableSpan): readonly SpanContext[] {
  return links.map((link) => link.context);
}
