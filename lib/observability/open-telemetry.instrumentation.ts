import { Inject, Injectable, Optional } from '@nestjs/common';
import {
  type Attributes,
  type Context,
  context,
  type Link,
  metrics,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { ConsumedRecord } from '../consumer/consumed-record.js';
import { describeError } from '../consumer/recovery/describe-error.js';
import type {
  CommitObservation,
  CommitOperation,
  KafkaInstrumentation,
  ObservedConsumers,
  ObservedProducer,
  ProcessObservation,
  ProcessOperation,
  ReceiveOperation,
  SendObservation,
  SendOperation,
  StopObserving,
} from '../instrumentation/kafka-instrumentation.js';
import type { ProducerRecord, RecordMetadata } from '../producer/record.js';
import { topicOf } from '../producer/topic-of.js';
import { KafkaFigures } from './kafka-figures.js';
import { type MessagingOperation, Names, spanAttributes } from './messaging-attributes.js';
import { MessagingMetrics } from './messaging-metrics.js';
import { OPEN_TELEMETRY_OPTIONS, type OpenTelemetryOptions } from './open-telemetry-options.js';
import { contextOf, withSendContext } from './trace-headers.js';

const SCOPE = 'nestjs-kafka-producer';

/**
 * Traces and metrics by OpenTelemetry's semantic conventions for messaging (v1.44), through whatever SDK the application has registered: `instrumentation: [OpenTelemetryInstrumentation]` in
 * `KafkaProducerModule.forRoot`. Needs the peer `@opentelemetry/api`; without an SDK it does nothing that could be seen.
 *
 * Spans: `send <topic>` (PRODUCER), `process <topic>` (CONSUMER) around each call of a handler with its transaction, `commit <topic>` (CLIENT). There is none for receiving: records are fetched ahead,
 * many sends together, so there is neither a call that waits for them nor one parent; see `docs/guides/metrics-and-traces.md`. The context travels in the record's headers: what a handler sends belongs
 * to the trace of what it was called for, and a dead letter to that of its record.
 *
 * Metrics: `messaging.client.operation.duration`, `messaging.client.sent.messages`, `messaging.client.consumed.messages`, `messaging.process.duration`, and all figures of `KafkaProducer.metrics()` and
 * `KafkaListenerRegistry.metrics()` as `kafka.producer.*` and `kafka.consumer.*`.
 */
@Injectable()
export class OpenTelemetryInstrumentation implements KafkaInstrumentation {
  private readonly tracer: Tracer;
  private readonly messaging: MessagingMetrics;
  private readonly figures: KafkaFigures;
  private readonly common: Attributes;

  public constructor(@Optional() @Inject(OPEN_TELEMETRY_OPTIONS) private readonly options: OpenTelemetryOptions = {}) {
    const { attributes = {}, meterProvider = metrics.getMeterProvider(), tracerProvider = trace } = options;
    this.common = attributes;
    this.tracer = tracerProvider.getTracer(SCOPE);
    const meter = meterProvider.getMeter(SCOPE);
    this.messaging = MessagingMetrics.of(meter, attributes);
    this.figures = new KafkaFigures(meter, attributes);
  }

  public sendStarted({ clientId, record }: SendOperation): SendObservation {
    const topic = topicOf(record);
    const operation: MessagingOperation = { name: 'send', clientId, topic, groupId: null };
    const active = context.active();
    const attributes = this.spanAttributes(operation);
    if (record.value === null) attributes[Names.tombstone] = true;
    this.addKey(attributes, record.key);
    const span = this.tracer.startSpan(`send ${topic}`, { kind: SpanKind.PRODUCER, attributes }, active);
    const startedAt = performance.now();
    return {
      record: carrying(record, trace.setSpan(active, span)),
      ended: (metadata, error) => {
        this.messaging.sent(operation, secondsSince(startedAt), error);
        if (metadata !== null) tellPlace(span, metadata);
        end(span, error);
      },
    };
  }

  public received({ clientId, groupId, records, topic }: ReceiveOperation): void {
    this.messaging.consumed({ name: 'receive', clientId, topic, groupId }, records.length);
  }

  public processStarted(process: ProcessOperation): ProcessObservation {
    const { clientId, groupId, isBatch, records, topic } = process;
    const operation: MessagingOperation = { name: 'process', clientId, topic, groupId };
    const isChild = !isBatch && this.options.processSpan !== 'link';
    const [first] = records;
    const parent = isBatch || first === undefined ? ROOT_CONTEXT : contextOf(first.headers);
    const span = this.tracer.startSpan(
      `process ${topic}`,
      {
        kind: SpanKind.CONSUMER,
        attributes: this.processAttributes(process, operation),
        ...(isChild ? {} : { root: true, links: linksTo(records) }),
      },
      parent,
    );
    const within = trace.setSpan(parent, span);
    const startedAt = performance.now();
    return {
      run: (work) => context.with(within, work),
      // What becomes of a record is told in its own trace, whichever that of its handler was.
      runDeadLetter: (record, work) => context.with(isChild ? within : contextOf(record.headers), work),
      ended: (error) => {
        this.messaging.processed(operation, secondsSince(startedAt), error);
        end(span, error);
      },
    };
  }

  public commitStarted({ clientId, groupId, isTransactional, offsets }: CommitOperation): CommitObservation {
    const [first] = offsets;
    const topic = first !== undefined && offsets.every((offset) => offset.topic === first.topic) ? first.topic : null;
    const operation: MessagingOperation = { name: 'commit', clientId, topic, groupId };
    const span = this.options.commitSpans === false ? null : this.startCommit(operation, offsets, isTransactional);
    const startedAt = performance.now();
    return {
      ended: (error) => {
        this.messaging.committed(operation, secondsSince(startedAt), error);
        if (span !== null) end(span, error);
      },
    };
  }

  public observeProducer(producer: ObservedProducer): StopObserving {
    return this.figures.observeProducer(producer);
  }

  public observeConsumers(consumers: ObservedConsumers): StopObserving {
    return this.figures.observeConsumers(consumers);
  }

  private startCommit(
    operation: MessagingOperation,
    offsets: CommitOperation['offsets'],
    isTransactional: boolean,
  ): Span {
    const attributes = this.spanAttributes(operation);
    const [first] = offsets;
    if (first !== undefined && offsets.length === 1) {
      attributes[Names.partition] = String(first.partition);
      attributes[Names.offset] = Number(first.offset);
    }
    const name = operation.topic === null ? 'commit' : `commit ${operation.topic}`;
    // A commit is made for whatever is done by then, so only that of a transaction belongs to the call that it is made in.
    return this.tracer.startSpan(
      name,
      { kind: SpanKind.CLIENT, attributes, root: !isTransactional },
      isTransactional ? context.active() : ROOT_CONTEXT,
    );
  }

  private processAttributes(
    { isBatch, partition, records }: ProcessOperation,
    operation: MessagingOperation,
  ): Attributes {
    const attributes = this.spanAttributes(operation);
    attributes[Names.partition] = String(partition);
    const [first] = records;
    if (isBatch || first === undefined) {
      attributes[Names.batchCount] = records.length;
      return attributes;
    }
    attributes[Names.offset] = Number(first.offset);
    if (first.value === null) attributes[Names.tombstone] = true;
    this.addKey(attributes, first.key);
    return attributes;
  }

  private spanAttributes(operation: MessagingOperation): Attributes {
    return Object.assign(spanAttributes(operation), this.common);
  }

  private addKey(attributes: Attributes, key: unknown): void {
    if (this.options.messageKeys !== true) return;
    if (typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint' || Buffer.isBuffer(key)) {
      attributes[Names.key] = key.toString();
    }
  }
}

/** A record that cannot be read goes on as it is, for the producer to refuse; its span has to end. */
function carrying(record: ProducerRecord, ownContext: Context): ProducerRecord {
  try {
    return withSendContext(record, ownContext);
  } catch {
    return record;
  }
}

/** To the sends of the records that tell of one. */
function linksTo(records: readonly ConsumedRecord[]): Link[] {
  const links: Link[] = [];
  for (const { headers, offset } of records) {
    const spanContext = trace.getSpanContext(contextOf(headers));
    if (spanContext !== undefined) links.push({ context: spanContext, attributes: { [Names.offset]: Number(offset) } });
  }
  return links;
}

function tellPlace(span: Span, { offset, partition }: RecordMetadata): void {
  if (partition >= 0) span.setAttribute(Names.partition, String(partition));
  if (Number(offset) >= 0) span.setAttribute(Names.offset, Number(offset));
}

function end(span: Span, error: unknown): void {
  if (error !== null) {
    const { errorClass, message } = describeError(error);
    span.setAttribute(Names.errorType, errorClass);
    span.setStatus({ code: SpanStatusCode.ERROR, message });
  }
  span.end();
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}
