import type { CompressionType } from '../wire/compression/compression-codec.js';

/**
 * The settings of a producer after defaults and validation, in Kafka's units (milliseconds, bytes).
 * `resolveProducerConfig` makes it; the engine takes nothing else.
 */
export interface ProducerConfig {
  readonly clientId: string;
  /** -1 = all in-sync replicas, 1 = the leader, 0 = none. */
  readonly acks: -1 | 0 | 1;
  readonly enableIdempotence: boolean;
  readonly maxInFlightRequestsPerConnection: number;
  readonly retries: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMaxMs: number;
  readonly requestTimeoutMs: number;
  readonly deliveryTimeoutMs: number;
  readonly maxBlockMs: number;
  readonly lingerMs: number;
  readonly batchSize: number;
  readonly bufferMemory: number;
  readonly maxRequestSize: number;
  readonly compressionType: CompressionType;
  /** null = the codec's default. */
  readonly compressionLevel: number | null;
  readonly partitionerIgnoreKeys: boolean;
  readonly partitionerAdaptivePartitioningEnable: boolean;
  readonly partitionerAvailabilityTimeoutMs: number;
  readonly metadataMaxAgeMs: number;
  readonly metadataMaxIdleMs: number;
  readonly connectionsMaxIdleMs: number;
  readonly socketConnectionSetupTimeoutMs: number;
  readonly transactionalId: string | null;
  readonly transactionTimeoutMs: number;
  /** How long start-up waits for a broker; 0 = do not wait. Ours, not Kafka's. */
  readonly startTimeoutMs: number;
}
