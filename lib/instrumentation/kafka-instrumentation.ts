import type { KafkaConsumerMetrics } from '../consumer/consumer-metrics.js';
import type { ConsumedRecord } from '../consumer/consumed-record.js';
import type { CommittedOffset } from '../consumer/commit/commit-strategy.js';
import type { ProducerMetrics } from '../producer/producer-engine-api.js';
import type { ProducerRecord, RecordMetadata } from '../producer/record.js';

/** A record that a producer has been asked to send. */
export interface SendOperation {
  /** Kafka's `client.id` of the producer. */
  readonly clientId: string;
  readonly record: ProducerRecord;
}

/** A send that somebody watches. */
export interface SendObservation {
  /** What is sent: the record of the operation, or another in its place, e.g. with more headers. Must name the same topic. */
  readonly record: ProducerRecord;
  /** Called once, when the record is stored (`error` is null) or has failed; then `metadata` is null, or tells no more than topic and partition. */
  ended(metadata: RecordMetadata | null, error: unknown): void;
}

/** Which listener works, as which member. */
export interface ListenerIdentity {
  readonly listenerId: string;
  readonly groupId: string;
  /** Kafka's `client.id` of the member. */
  readonly clientId: string;
}

/** Records of one partition that a handler is about to get for the first time since its partition was assigned. */
export interface ReceiveOperation extends ListenerIdentity {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly ConsumedRecord[];
}

/** One call of a handler, with the transaction around it if it has one. */
export interface ProcessOperation extends ReceiveOperation {
  /** The listener takes batches; `records` may nevertheless be a single one. */
  readonly isBatch: boolean;
  /** 1 for the first call with these records. */
  readonly attempt: number;
}

/** A call of a handler that somebody watches. */
export interface ProcessObservation {
  /** Calls `work` once, at once, within whatever context the handler is to have, and returns its promise. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Called once, when the handler has ended: `error` is what it has thrown, null for a success. */
  ended(error: unknown): void;
  /** After the end: calls `work`, which stores one of the records as a dead letter, once, at once, and returns its promise. Absent: without a context. */
  runDeadLetter?<T>(record: ConsumedRecord, work: () => Promise<T>): Promise<T>;
}

/** Offsets that a listener commits. */
export interface CommitOperation extends ListenerIdentity {
  readonly offsets: readonly CommittedOffset[];
  /** They are part of a transaction, and so of the call of a handler. */
  readonly isTransactional: boolean;
}

/** A commit that somebody watches. */
export interface CommitObservation {
  /** Called once, when the commit has been answered or given up; null for a success. */
  ended(error: unknown): void;
}

/** The producer of a module, for figures that are read now and then. */
export interface ObservedProducer {
  readonly clientId: string;
  /** The name of the module; null for the unnamed one. */
  readonly name: string | null;
  /** As `KafkaProducer.metrics()`; cheap. */
  metrics(): ProducerMetrics;
}

/** The listeners of a module, for figures that are read now and then. */
export interface ObservedConsumers {
  /** The name of the module; null for the unnamed one. */
  readonly name: string | null;
  /** As `KafkaListenerRegistry.metrics()`; cheap. */
  metrics(): KafkaConsumerMetrics;
}

/** Takes back what an `observe` method has set up; called once, when the application closes. */
export type StopObserving = () => void;

/**
 * Sees what producers and listeners of a module do, for traces and metrics: given as `instrumentation: [OpenTelemetryInstrumentation]` in
 * `KafkaProducerModule.forRoot`, as a class (made by Nest's injector) or an object. Every method is optional.
 *
 * It may inject anything, also the producer itself: what is sent while the instrumentations are still made waits for them.
 *
 * All are called in the path of records: they must be quick. What they throw is logged and otherwise ignored; records go on as without them.
 */
export interface KafkaInstrumentation {
  /** `send`, `emit`, and each record of `sendAll`, before interceptors and serializers. null: this one is not watched. */
  sendStarted?(operation: SendOperation): SendObservation | null;
  /** Once per record, also where a handler gets it several times. */
  received?(operation: ReceiveOperation): void;
  /** Each call of a handler, also those after failures. null: this one is not watched. */
  processStarted?(operation: ProcessOperation): ProcessObservation | null;
  /** Each commit that is sent. null: this one is not watched. */
  commitStarted?(operation: CommitOperation): CommitObservation | null;
  /** The module has a producer. */
  observeProducer?(producer: ObservedProducer): StopObserving | void;
  /** The module may have listeners; there are none before the transport has started. */
  observeConsumers?(consumers: ObservedConsumers): StopObserving | void;
}
