import type { ProducerConfig } from './producer-config.js';
import type { ProducerStatus } from './producer-engine-api.js';

/** What of a producer's status its settings alone say. */
export type ProducerLimits = Pick<
  ProducerStatus,
  'acks' | 'bufferTotalBytes' | 'deliveryTimeoutMs' | 'lingerMs' | 'metadataMaxAgeMs'
>;

/** @param config the settings that a status is measured by */
export function producerLimits(
  config: Pick<ProducerConfig, 'acks' | 'bufferMemory' | 'deliveryTimeoutMs' | 'lingerMs' | 'metadataMaxAgeMs'>,
): ProducerLimits {
  const { acks, bufferMemory: bufferTotalBytes, deliveryTimeoutMs, lingerMs, metadataMaxAgeMs } = config;
  return { acks: acks === -1 ? 'all' : acks, bufferTotalBytes, deliveryTimeoutMs, lingerMs, metadataMaxAgeMs };
}
