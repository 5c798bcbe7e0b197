import type { ProducerStatus } from '../producer-engine-api.js';

/** Of a producer without load, with Kafka's defaults; a test names what it changes. */
export function runningStatus(changes: Partial<ProducerStatus> = {}): ProducerStatus {
  return {
    state: 'running',
    connectedBrokers: 1,
    knownBrokers: 1,
    waitingSends: 0,
    oldestRecordAgeMs: 0,
    deliveryTimeoutMs: 120_000,
    lingerMs: 5,
    bufferTotalBytes: 33_554_432,
    bufferAvailableBytes: 33_554_432,
    metadataAgeMs: 0,
    metadataMaxAgeMs: 300_000,
    acks: 'all',
    lastError: null,
    ...changes,
  };
}
