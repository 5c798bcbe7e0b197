import type { AdminClient } from '../../wire/admin/admin-client.js';
import { BrokerResponseError } from '../../wire/broker-response-error.js';
import { ConfigResourceType, ConfigSource, describeConfigsApi } from '../../wire/protocol/describe-configs.js';

/** What is set for a topic. */
export interface TopicConfigs {
  /** Set for this topic, and not inherited from the brokers. */
  readonly overrides: Readonly<Record<string, string>>;
  /** In force, whoever has set it; null where it was not told. */
  readonly minInsyncReplicas: number | null;
}

const MIN_ISR = 'min.insync.replicas';

/**
 * The settings of topics, by name; a topic that has gone meanwhile is missing.
 * @throws BrokerResponseError when they may not be seen
 */
export async function readTopicConfigs(
  admin: AdminClient,
  topics: readonly string[],
): Promise<ReadonlyMap<string, TopicConfigs>> {
  if (topics.length === 0) return new Map();
  const { resources } = await admin.toAny({
    api: describeConfigsApi,
    request: { resources: topics.map((name) => ({ type: ConfigResourceType.TOPIC, name, keys: null })) },
    errorCode: () => 0,
  });
  const found = new Map<string, TopicConfigs>();
  for (const { configs, errorCode, errorMessage, name } of resources) {
    const error = new BrokerResponseError(errorCode, {
      api: describeConfigsApi.name,
      topic: name,
      detail: errorMessage,
    });
    if (error.codeName === 'UNKNOWN_TOPIC_OR_PARTITION') continue;
    if (errorCode !== 0) throw error;
    const own = configs.filter(({ source }) => source === ConfigSource.TOPIC_CONFIG);
    const minimum = configs.find((config) => config.name === MIN_ISR)?.value ?? null;
    found.set(name, {
      overrides: Object.fromEntries(own.map((config) => [config.name, config.value ?? '(not shown)'])),
      minInsyncReplicas: minimum === null ? null : Number(minimum),
    });
  }
  return found;
}
