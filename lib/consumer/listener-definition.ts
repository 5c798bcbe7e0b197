import type { KafkaProducer } from '../producer/kafka-producer.js';
import type { TransactionOptions } from '../producer/transaction.js';
import type { CommitStrategy } from './commit/commit-strategy.js';
import type { ConsumedRecord } from './consumed-record.js';
import type { AssignedPartition } from './consumer-engine-api.js';
import type { ListenerInstrumentation } from './container/listener-instrumentation.js';
import type { RecoveryPolicy } from './recovery/recovery-policy.js';

/** How many handlers of a listener run side by side, and what stays in order. */
export interface ListenerConcurrency {
  /** `partition`: the records of a partition one after the other. `key`: those of a key; records without a key one after the other per partition. */
  readonly unit: 'partition' | 'key';
  /** Handlers at a time, over all partitions of the listener in this process. */
  readonly limit: number;
}

/** One call of a handler: a record, or with a batch listener several of one partition. */
export interface HandlerCall {
  readonly partition: AssignedPartition;
  /** At least one; exactly one unless the listener takes batches. */
  readonly records: readonly ConsumedRecord[];
  /** 1 for the first time. */
  readonly attempt: number;
  /** Triggered when the outcome no longer matters: the partition was lost, or the time for draining is over. */
  readonly signal: AbortSignal;
  /** Says that the records are done, where the commit strategy waits for that. */
  ack(): void;
  /** Asks for the records again after so many milliseconds; counts as no failure. */
  nack(delayMs: number): void;
}

/** A handler with everything that Nest puts around it. Rejects with what the handler threw; with `UndecodableRecordError` for a record that does not decode. */
export type RecordHandler = (call: HandlerCall) => Promise<void>;

/** A method that consumes: what it reads, and how. Resolved and checked. */
export interface ListenerDefinition {
  /** Default `Class.method`; unique in the application. */
  readonly id: string;
  readonly groupId: string;
  readonly topics: readonly (string | RegExp)[];
  readonly handler: RecordHandler;
  readonly isBatch: boolean;
  /** Records of one batch at most. */
  readonly maxBatchRecords: number;
  readonly concurrency: ListenerConcurrency;
  readonly commitStrategy: CommitStrategy;
  readonly recovery: RecoveryPolicy;
  /** null: the offsets are committed by the strategy. Else the handler runs in a transaction of this producer, and its offsets are committed with it. */
  readonly transaction: { readonly producer: KafkaProducer; readonly options: TransactionOptions } | null;
  /** Lets instrumentations see what it does; null: there are none. */
  readonly instrumentation: ListenerInstrumentation | null;
  /** false: `KafkaListenerRegistry` starts it. */
  readonly autoStart: boolean;
}
