import type { LogSink } from '../../wire/log-sink.js';
import { ConfigError } from '../../producer/errors.js';
import type { HandlerRegistration } from './handler-registrations.js';
import { isTopicName, withoutState } from './topic-patterns.js';

/**
 * The topics of a handler, checked. A pattern that no topic can have belongs to another transport of the application, unless the decorator names Kafka: Nest gives every transport all
 * handlers that name none.
 * @returns may be empty
 * @throws ConfigError
 */
export function listenerTopics({ patterns, site }: HandlerRegistration, log: LogSink): readonly (string | RegExp)[] {
  const given = site.listener?.topics;
  if (given !== undefined) {
    if (patterns.every((pattern) => given.some((topic) => String(topic) === String(pattern)))) return given;
    throw new ConfigError(
      `${site.where} has another pattern decorator above it, which takes its topics away. Leave one of them out.`,
      'KafkaListener',
      undefined,
      'DECORATOR',
    );
  }
  return patterns.flatMap((pattern): (string | RegExp)[] => {
    if (pattern instanceof RegExp) return [withoutState(pattern)];
    if (isTopicName(pattern)) return [pattern];
    if (!site.isForKafka) {
      log.warn(
        `${site.where} is left out: '${pattern}' cannot be the name of a topic. If it is for another transport, name that in its decorator.`,
      );
      return [];
    }
    throw new ConfigError(
      `${site.where}: '${pattern}' cannot be the name of a topic: up to 249 of a-z, A-Z, 0-9, . _ -. Patterns that are objects are not for Kafka.`,
      'pattern',
      pattern,
      'TYPE',
    );
  });
}
