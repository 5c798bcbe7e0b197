import { KafkaError } from '../../wire/kafka-error.js';
import type { ProviderRequest } from '../providers/provider-request.js';
import {
  DEFAULT_KAFKA_VERSION,
  DEFAULT_USERS,
  type ClusterProvider,
  type KafkaTestClusterOptions,
} from '../kafka-test-cluster-options.js';

const PROVIDERS: readonly string[] = ['auto', 'java', 'docker'] satisfies ClusterProvider[];
/** Others would need escaping in Kafka's JAAS syntax, its command line and a properties file at once. */
const PLAIN_WORD = /^[\w.~!@#%^*+-]+$/;
const VERSION = /^\d+\.\d+\.\d+$/;

/**
 * The options with defaults filled in, checked.
 * @param versionAtHand the Kafka that is installed here, which is as good as the default
 */
export function providerRequest(options: KafkaTestClusterOptions, versionAtHand: string | null): ProviderRequest {
  const listeners = options.listeners ?? [];
  const hasSasl = listeners.some((name) => name.startsWith('sasl_'));
  const request: ProviderRequest = {
    brokers: options.brokers ?? 1,
    kafkaVersion: options.kafkaVersion ?? versionAtHand ?? DEFAULT_KAFKA_VERSION,
    profile: options.profile ?? 'test',
    listeners,
    users: options.users ?? (hasSasl ? DEFAULT_USERS : []),
    brokerProperties: options.brokerProperties ?? {},
    faultProxy: options.faultProxy === true,
    spareFaultListeners: options.spareFaultListeners ?? 0,
    keepData: options.keepData === true,
  };
  check(request);
  return request;
}

/** The option, else the variable `KAFKA_TEST_PROVIDER`, else `auto`. */
export function chosenProvider(options: KafkaTestClusterOptions): ClusterProvider {
  const chosen = options.provider ?? process.env['KAFKA_TEST_PROVIDER'] ?? '';
  if (chosen === '') return 'auto';
  if (isProvider(chosen)) return chosen;
  throw new KafkaError(`KAFKA_TEST_PROVIDER is '${chosen}': set it to ${PROVIDERS.join(', ')}, or unset it.`);
}

/** The option, else the variable `KAFKA_BROKERS`; empty when the cluster is to be started here. */
export function externalServers(options: KafkaTestClusterOptions): readonly string[] {
  if (options.bootstrapServers !== undefined) return options.bootstrapServers;
  const variable = process.env['KAFKA_BROKERS'] ?? '';
  return variable
    .split(',')
    .map((server) => server.trim())
    .filter((server) => server !== '');
}

function isProvider(value: string): value is ClusterProvider {
  return PROVIDERS.includes(value);
}

/** Plain JavaScript callers, and options that come from a command line, are not held back by the types. */
function check({ brokers, kafkaVersion, users }: ProviderRequest): void {
  if (![1, 3].includes(brokers)) throw new KafkaError(`brokers is ${String(brokers)}: set it to 1 or 3.`);
  if (!VERSION.test(kafkaVersion)) {
    throw new KafkaError(`kafkaVersion is '${kafkaVersion}': set it to a release such as ${DEFAULT_KAFKA_VERSION}.`);
  }
  for (const { username, password } of users) {
    if (PLAIN_WORD.test(username) && PLAIN_WORD.test(password)) continue;
    throw new KafkaError(`User '${username}': use letters, digits and . ~ ! @ # % ^ * + - _ in names and passwords.`);
  }
}
