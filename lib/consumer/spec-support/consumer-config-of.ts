import type { ConsumerConfig } from '../consumer-config.js';
import type { KafkaConsumerOptions } from '../consumer-options.js';
import { resolveConsumerConfig } from '../resolve-consumer-config.js';

/** Settings of a consumer for tests of its parts: what is not given is as users get it. */
export function consumerConfigOf(
  options: Omit<KafkaConsumerOptions, 'groupId'> & Pick<ConsumerConfig, 'clientId' | 'groupId'>,
): ConsumerConfig {
  const { clientId, groupId, ...rest } = options;
  return { clientId, groupId, ...resolveConsumerConfig(rest).config };
}
