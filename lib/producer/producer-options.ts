import type { Type } from '@nestjs/common';
import type { CompressionType } from '../wire/compression/compression-codec.js';
import type { Partitioner } from './partitioners/partitioner.js';
import type { ProducerInterceptor } from './producer-interceptor.js';
import type { SerializerName } from './serializers/named-serializers.js';
import type { Serializer } from './serializers/serializer.js';

/**
 * The settings of a producer: Kafka's own names in camel case, all optional, with the defaults of Kafka's Java
 * client 4.x. Times are milliseconds, sizes bytes, both whole numbers from 0 unless told otherwise.
 * A conflict throws `ConfigError` at start-up; a setting that cannot be honoured here is accepted with a warning.
 *
 * A part given as a class is made by Nest's injector and may inject; given as an instance, it is used as it is.
 */
export interface ProducerOptions {
  /**
   * Who must have a record before it counts as stored: `'all'` in-sync replicas (-1), the leader (1), nobody (0).
   * Default `'all'`. Anything less switches idempotence off, or throws if `enableIdempotence` was asked for.
   */
  readonly acks?: 'all' | -1 | 0 | 1 | '-1' | '0' | '1' | undefined;
  /** A retry never stores a record twice, nor out of order (KIP-98). Default true; needs `acks: 'all'` and `retries` > 0. */
  readonly enableIdempotence?: boolean | undefined;
  /** Requests on their way per broker at once. Default 5, which is also the most an idempotent producer may have. From 1. */
  readonly maxInFlightRequestsPerConnection?: number | undefined;
  /** Attempts after the first. Default 2147483647: `deliveryTimeoutMs` is the limit to set. */
  readonly retries?: number | undefined;
  /** First pause before a retry; doubled each time, with 20 % jitter (KIP-580). Default 100 ms. */
  readonly retryBackoffMs?: number | undefined;
  /** Longest pause before a retry. Default 1000 ms. */
  readonly retryBackoffMaxMs?: number | undefined;
  /** First pause before connecting to a broker again. Default 50 ms. */
  readonly reconnectBackoffMs?: number | undefined;
  /** Longest pause before connecting to a broker again. Default 1000 ms, or `reconnectBackoffMs` if only that is given. */
  readonly reconnectBackoffMaxMs?: number | undefined;
  /** How long one request may go unanswered. Default 30 000 ms. */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * From joining a batch to a verdict: lingering, all attempts and pauses (KIP-91). Default 120 000 ms.
   * At least `lingerMs + requestTimeoutMs`.
   */
  readonly deliveryTimeoutMs?: number | undefined;
  /** How long `send` may wait for metadata and memory before the record is accepted. Default 60 000 ms. */
  readonly maxBlockMs?: number | undefined;
  /** How long a batch that is not full waits for more records. Default 5 ms (KIP-1030); 0 sends at once. */
  readonly lingerMs?: number | undefined;
  /** Bytes of one partition's batch before it is sent without lingering. Default 16 384; 0 means one record per batch. */
  readonly batchSize?: number | undefined;
  /** Bytes of all records accepted and not yet settled; `send` waits when they are used up. Default 33 554 432. */
  readonly bufferMemory?: number | undefined;
  /** Largest request, hence largest record, in bytes. Default 1 048 576; the broker has a limit of its own. */
  readonly maxRequestSize?: number | undefined;
  /**
   * `compression.type`: `'none'` (default), `'gzip'`, `'snappy'`, `'lz4'`, `'zstd'`. The last three need an optional
   * package, which the start-up error names.
   */
  readonly compression?: CompressionType | undefined;
  /**
   * `compression.<codec>.level`: gzip 1-9 (default 6, as -1), zstd -131072 to 22 (default 3). Accepted with a warning
   * for codecs whose Node package has no levels.
   */
  readonly compressionLevel?: number | null | undefined;
  /** Spread keyed records like keyless ones. Default false. Ignored, with a warning, beside a `partitioner`. */
  readonly partitionerIgnoreKeys?: boolean | undefined;
  /** Keyless records prefer brokers with shorter queues (KIP-794). Default true. Ignored beside a `partitioner`. */
  readonly partitionerAdaptivePartitioningEnable?: boolean | undefined;
  /** Keyless records avoid a broker that has taken nothing for so long. Default 0 ms: off. Needs adaptive partitioning. */
  readonly partitionerAvailabilityTimeoutMs?: number | undefined;
  /** Age at which the knowledge of topics and leaders is refreshed unasked. Default 300 000 ms. */
  readonly metadataMaxAgeMs?: number | undefined;
  /** A topic not used for so long is forgotten. Default 300 000 ms, from 5000. */
  readonly metadataMaxIdleMs?: number | undefined;
  /** A connection not used for so long is closed. Default 540 000 ms; -1 keeps it open. */
  readonly connectionsMaxIdleMs?: number | undefined;
  /** How long connecting (TCP and TLS) may take. Default 10 000 ms. `client.connectionTimeout` goes before it. */
  readonly socketConnectionSetupTimeoutMs?: number | undefined;
  /** Not honoured: connection attempts do not lengthen. Accepted with a warning. */
  readonly socketConnectionSetupTimeoutMaxMs?: number | undefined;
  /** Not honoured: Node leaves the receive buffer to the system. Accepted (from -1) with a warning. */
  readonly receiveBufferBytes?: number | undefined;
  /** Not honoured: Node leaves the send buffer to the system. Accepted (from -1) with a warning. */
  readonly sendBufferBytes?: number | undefined;
  /** The identity under which transactions survive a restart. Default none. Needs idempotence. */
  readonly transactionalId?: string | null | undefined;
  /** When the broker ends a transaction nobody ended. Default 60 000 ms; the broker's own limit is 15 minutes. */
  readonly transactionTimeoutMs?: number | undefined;

  /** Default: text and bytes as they are, numbers and booleans as text, anything else an error (`DefaultKeySerializer`). */
  readonly keySerializer?: SerializerName | Type<Serializer> | Serializer | undefined;
  /** Default: text and bytes as they are, anything else as JSON (`DefaultValueSerializer`). */
  readonly valueSerializer?: SerializerName | Type<Serializer> | Serializer | undefined;
  /** Default: the built-in one, as `DefaultPartitioner`. */
  readonly partitioner?: Type<Partitioner> | Partitioner | null | undefined;
  /** In the order in which they see a record. Default none. */
  readonly interceptors?: ReadonlyArray<Type<ProducerInterceptor> | ProducerInterceptor> | undefined;
}
