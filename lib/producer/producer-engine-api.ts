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
  /** After so many milliseconds a record that was not stored fails (Kafka's `delivery.timeout.ms`). */
  readonly deliveryTimeoutMs: number;
  /** How long a record waits for others on purpose, in milliseconds. */
  readonly lingerMs: number;
  /** Kafka's `buffer.memory`. */
  readonly bufferTotalBytes: number;
  /** What of it is free. */
  readonly bufferAvailableBytes: number;
  /** Milliseconds since the cluster last told of its brokers and topics; null before the first time. */
  readonly metadataAgeMs: number | null;
  /** After so many milliseconds it is asked again (Kafka's `metadata.max.age.ms`). */
  readonly metadataMaxAgeMs: number;
  readonly acks: 'all' | 1 | 0;
  /** Why it has failed for good, else why the last attempt to reach the cluster failed; null when neither has happened. Holds no secrets. */
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
  /** Producers that cannot go on; each is replaced when the next transaction needs it. */
  readonly failed: number;
  /** Why the last producer that was to get ready for a transaction did not, or null when it did. */
  readonly lastError: string | null;
  /** Milliseconds since the oldest record or request was sent that a leased producer waits for; 0 when for none. */
  readonly oldestPendingMs: number;
  /** What the leased producers wait for at the brokers, one text each, for logs: requests, how long, and how they last failed. */
  readonly pendingWork: readonly string[];
}

/** What decides how well records of a topic are kept. */
export interface TopicDescription {
  readonly topic: string;
  /** By number; empty while the topic is not known to the cluster. */
  readonly partitions: readonly PartitionInfo[];
  /** The topic's settings in force, by Kafka's names; null where this client may not read them. */
  readonly configs: ReadonlyMap<string, string | null> | null;
  /** Why partitions or settings are missing, or null. */
  readonly error: string | null;
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
  /** Topics that records were sent to, until they have not been used for `metadata.max.idle.ms`. */
  topicsInUse(): readonly string[];
  /**
   * Asks a broker, once.
   * @param configs which settings are wanted, by Kafka's names
   * @throws (as a rejection) what the connection or the broker gave
   */
  describeTopics(topics: readonly string[], configs: readonly string[]): Promise<readonly TopicDescription[]>;
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
