import type { ProducerConfig } from '../../producer-config.js';

/** Kafka's defaults; a test names what it changes. */
export function testConfig(changes: Partial<ProducerConfig> = {}): ProducerConfig {
  return {
    clientId: 'spec',
    acks: -1,
    enableIdempotence: true,
    maxInFlightRequestsPerConnection: 5,
    retries: 2_147_483_647,
    retryBackoffMs: 100,
    retryBackoffMaxMs: 1_000,
    reconnectBackoffMs: 50,
    reconnectBackoffMaxMs: 1_000,
    requestTimeoutMs: 30_000,
    deliveryTimeoutMs: 120_000,
    maxBlockMs: 60_000,
    lingerMs: 5,
    batchSize: 16_384,
    bufferMemory: 33_554_432,
    maxRequestSize: 1_048_576,
    compressionType: 'none',
    compressionLevel: null,
    partitionerIgnoreKeys: false,
    partitionerAdaptivePartitioningEnable: true,
    partitionerAvailabilityTimeoutMs: 0,
    metadataMaxAgeMs: 300_000,
    metadataMaxIdleMs: 300_000,
    connectionsMaxIdleMs: 540_000,
    socketConnectionSetupTimeoutMs: 10_000,
    transactionalId: null,
    transactionTimeoutMs: 60_000,
    startTimeoutMs: 30_000,
    ...changes,
  };
}
