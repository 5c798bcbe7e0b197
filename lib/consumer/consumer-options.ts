import type { Type } from '@nestjs/common';
import type { CommitStrategy } from './commit/commit-strategy.js';
import type { AutoOffsetReset, IsolationLevel } from './consumer-config.js';
import type { Deserializer } from './deserializers/deserializer.js';
import type { DeserializerName } from './deserializers/named-deserializers.js';
import type { ListenerConcurrency } from './listener-definition.js';
import type { RecoveryOptions } from './recovery/recovery-options.js';
import type { RecoveryPolicy } from './recovery/recovery-policy.js';

/**
 * The settings of a consumer: Kafka's own names in camel case, all optional, with the defaults of Kafka's Java consumer except where it is said. Times are
 * milliseconds, sizes bytes. What `fromKafkaProperties` gives as `consumer` may be given as it is.
 */
export interface ConsumerOptions {
  /** A static member: the group does not move its partitions while the process restarts within `sessionTimeoutMs`. One process at a time may have it. */
  readonly groupInstanceId?: string | undefined;
  /** The rack of this process: records are fetched from the nearest replica. */
  readonly clientRack?: string | undefined;
  /**
   * Where a group begins that has no committed offset: `earliest`, `latest` (default: what is sent from then on), or `none` (the listener stops with an error).
   */
  readonly autoOffsetReset?: AutoOffsetReset | (string & {}) | undefined;
  /** Which records of transactions are delivered. Default `read_committed`; Java's is `read_uncommitted`, which delivers aborted ones too. */
  readonly isolationLevel?: IsolationLevel | undefined;
  /** After so long without a heartbeat the group takes the member for dead. Default 45 000. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Default 3 000. Lower than `sessionTimeoutMs`. Heartbeats never wait for handlers. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** How long a rebalance waits for this member, so also how long handlers may run on when their partition is moved. Default 300 000. */
  readonly maxPollIntervalMs?: number | undefined;
  /** Records of a batch at most, for batch listeners that set no `maxBatchRecords`. Default 500. */
  readonly maxPollRecords?: number | undefined;
  /** `range` (default), `roundrobin`, `sticky`, or the names of Kafka's classes. In the order of preference. */
  readonly partitionAssignmentStrategy?: string | readonly string[] | undefined;
  /** Default 1. */
  readonly fetchMinBytes?: number | undefined;
  /** Default 52 428 800. */
  readonly fetchMaxBytes?: number | undefined;
  /** Default 500. */
  readonly fetchMaxWaitMs?: number | undefined;
  /** Default 1 048 576. A larger record is fetched nevertheless. */
  readonly maxPartitionFetchBytes?: number | undefined;
  /** Whether a missing topic is created by asking for it, where the broker allows that. Default true. */
  readonly allowAutoCreateTopics?: boolean | undefined;
  /** true: `AutoCommitStrategy`. false asks for `commitStrategy`. Default: of no account, `commitStrategy` decides. */
  readonly enableAutoCommit?: boolean | undefined;
  /** The interval of the `AutoCommitStrategy` that is taken when no `commitStrategy` is given. Default 5 000. */
  readonly autoCommitIntervalMs?: number | undefined;
  /** Default 300 000. New partitions and topics that match a RegExp are found within it. */
  readonly metadataMaxAgeMs?: number | undefined;
  /** Default 30 000. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long a commit, or another question to the cluster, is tried before it fails. Default 60 000. */
  readonly defaultApiTimeoutMs?: number | undefined;
  /** Default 100. */
  readonly retryBackoffMs?: number | undefined;
  /** Default 1 000. */
  readonly retryBackoffMaxMs?: number | undefined;
  /** Default 50. */
  readonly reconnectBackoffMs?: number | undefined;
  /** Default 1 000. */
  readonly reconnectBackoffMaxMs?: number | undefined;
  /** Default 540 000; -1: never closed for being idle. */
  readonly connectionsMaxIdleMs?: number | undefined;
  /** Default 10 000. */
  readonly socketConnectionSetupTimeoutMs?: number | undefined;
}

/** A strategy as a class, which Nest's injector makes (or finds among the providers), or as an object. */
export type CommitStrategyOption = Type<CommitStrategy> | CommitStrategy;

/** A deserializer by its name, as a class, which Nest's injector makes (or finds among the providers), or as an object. */
export type DeserializerOption = DeserializerName | Type<Deserializer> | Deserializer;

/** What a listener may set for itself, and the module for all of its listeners. */
export interface ListenerDefaults {
  /**
   * When offsets are committed. Default `AutoCommitStrategy`: every five seconds, and never beyond what was handled. Methods with `@Transactional()` commit with
   * their transaction, whatever is set here for the module.
   */
  readonly commitStrategy?: CommitStrategyOption | undefined;
  /** What becomes of records whose handler fails. Default: ten attempts, then the listener stops before the record. */
  readonly recovery?: RecoveryOptions | RecoveryPolicy | undefined;
  /**
   * How many handlers run side by side, over all partitions of the listener in this process. A number counts partitions; `{ unit: 'key', limit }` counts keys, whose
   * records stay in order. Default 10 partitions (never more than `transactions.poolSize` for `@Transactional()` methods).
   */
  readonly concurrency?: number | ListenerConcurrency | undefined;
  /** Default `json`. */
  readonly valueDeserializer?: DeserializerOption | undefined;
  /** Default `string`. */
  readonly keyDeserializer?: DeserializerOption | undefined;
}

/** The option `consumer` of the module: the group and the settings of its listeners. */
export interface KafkaConsumerOptions extends ConsumerOptions, ListenerDefaults {
  /** The group of `@EventPattern` and `@MessagePattern` handlers, and of `@KafkaListener` methods that name none. Taken as it is: nothing is appended. */
  readonly groupId?: string | undefined;
  /** How long handlers may run on when their partition is revoked, and when the application ends. Then their `signal` is triggered. Default 30 000. */
  readonly drainTimeoutMs?: number | undefined;
}
