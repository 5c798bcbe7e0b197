import type { ConsumerConfig } from '../../consumer/consumer-config.js';
import type { KafkaConsumerOptions } from '../../consumer/consumer-options.js';
import type { ProducerOptions } from '../../producer/producer-options.js';
import { resolveConsumerConfig } from '../../consumer/resolve-consumer-config.js';
import type { ConnectionSettings } from '../common/connection-options.js';

export interface ResolvedConsumer {
  readonly config: ConsumerConfig;
  readonly autoCommitIntervalMs: number;
}

const CLIENT_ID = 'nest-kafka';

/** Settings of both clients, which properties give to the producer. */
const SHARED = [
  'connectionsMaxIdleMs',
  'metadataMaxAgeMs',
  'reconnectBackoffMaxMs',
  'reconnectBackoffMs',
  'requestTimeoutMs',
  'retryBackoffMaxMs',
  'retryBackoffMs',
  'socketConnectionSetupTimeoutMs',
] as const satisfies (keyof ProducerOptions & keyof KafkaConsumerOptions)[];

/**
 * The settings of a consumer: those of the properties, and those of the command, which go before. A topic is never made by reading it.
 * @throws ConfigError
 */
export function consumerConfig(
  { client, consumer, producer }: ConnectionSettings,
  options: KafkaConsumerOptions,
): ResolvedConsumer {
  // Whether and when is committed is up to the command.
  const { enableAutoCommit: _, ...settings } = consumer ?? {};
  const shared = Object.fromEntries(SHARED.map((name) => [name, producer[name]]));
  const all = { ...shared, ...settings, allowAutoCreateTopics: false, ...options };
  const { autoCommitIntervalMs, clientId, config, groupId } = resolveConsumerConfig(all, client.clientId);
  return { config: { ...config, clientId: clientId ?? CLIENT_ID, groupId: groupId ?? '' }, autoCommitIntervalMs };
}
