import type { KafkaClientOptions } from '../wire/kafka-client-options.js';
import type { LogSink } from '../wire/log-sink.js';
import type { Partitioner } from './partitioners/partitioner.js';
import type { ProducerConfig } from './producer-config.js';
import type { ProducerInterceptor } from './producer-interceptor.js';
import type { DeliveryCallback, PartitionInfo, ProducerRecord, RecordMetadata } from './record.js';
import type { Serializer } from './serializers/serializer.js';

/** The producer's figures by the names that Kafka's own client gives them, e.g. `record-send-total`. */
export type ProducerMetrics = Readonly<Record<string, number>>;

/** How the producer is doing, from what it knows anyway: reading it asks no broker. */
export interface ProducerStatus {
  /** `failed`: it cannot go on, make a new one; a broker outage is not a failure. */
  readonly state: 'starting' | 'running' | 'failed' | 'closed';
  /** Brokers with an open connection, of those that the cluster has. */
  readonly connectedBrokers: number;
  readonly knownBrokers: number;
  /** Sends that wait for metadata or memory. */
  readonly waitingSends: number;
  /** Milliseconds since the oldest record that is neither stored nor failed was accepted; 0 when there is none. */
  readonly oldestRecordAgeMs: number;
  /** Why the last attempt to reach the cluster failed, or null when it did not. Holds no secrets. */
  readonly lastError: string | null;
  /** The producers that run transactions; absent without the option `transactions`. All else here is about records outside of transactions. */
  readonly transactions?: TransactionPoolStatus;
}

/** How the producers that run transactions are doing. */
export interface TransactionPoolStatus {
  /** The most transactions at a time. */
  readonly poolSize: number;
  /** Producers with a transaction, or getting ready for one. */
  readonly leased: number;
  /** Transactions that wait for a producer. */
  readonly waiting: number;
  /** Another process uses the same transactional ids: no transaction will begin here again. */
  readonly fenced: boolean;
  /** What the leased producers wait for at the brokers, one text each, for logs: requests, how long, and how they last failed. */
  readonly pendingWork: readonly string[];
}

/** What `KafkaProducer` asks of the engine beneath it. The engine knows nothing of Nest. */
export interface ProducerEngineApi {
  /** Connects, within `startTimeoutMs`; rejects with one named error. */
  start(): Promise<void>;
  /** Never throws: every failure is a rejection. */
  send(record: ProducerRecord): Promise<RecordMetadata>;
  /** Never throws: every failure arrives in the callback, once. What the callback throws is logged and ignored. */
  sendWithCallback(record: ProducerRecord, callback: DeliveryCallback): void;
  flush(): Promise<void>;
  /** Idempotent. Milliseconds to deliver what was accepted; 0 gives up at once (Java's `close(Duration)`). */
  close(timeoutMs: number): Promise<void>;
  partitionsFor(topic: string): Promise<PartitionInfo[]>;
  metrics(): ProducerMetrics;
  status(): ProducerStatus;
}

/** Everything an engine is made of: settings, and the parts a user may replace. */
export interface ProducerEngineDependencies {
  readonly config: ProducerConfig;
  readonly client: KafkaClientOptions;
  readonly keySerializer: Serializer;
  readonly valueSerializer: Serializer;
  /** null: the built-in one (murmur2 for keys, KIP-794 for the rest). */
  readonly partitioner: Partitioner | null;
  readonly interceptors: readonly ProducerInterceptor[];
  readonly log: LogSink;
}
