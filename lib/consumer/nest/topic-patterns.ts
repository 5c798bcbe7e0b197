import { ConfigError } from '../../producer/errors.js';

/** Kafka's rule for the names of topics; two names are not legal although they consist of these. */
const TOPIC_NAME = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/;

/** Whether a topic may have that name. */
export function isTopicName(name: string): boolean {
  return TOPIC_NAME.test(name);
}

/**
 * The topics given to a listener as a list, each once.
 * @param where what they were given to, for the message
 * @throws ConfigError
 */
export function readTopics(given: unknown, where: string): readonly (string | RegExp)[] {
  const topics: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (topics.length === 0) {
    throw new ConfigError(`${where} names no topic. Give at least one name or RegExp.`, 'topics', undefined, 'TYPE');
  }
  const byText = new Map<string, string | RegExp>();
  for (const topic of topics) {
    if (topic instanceof RegExp) byText.set(String(topic), withoutState(topic));
    else if (typeof topic === 'string' && isTopicName(topic)) byText.set(topic, topic);
    else throw notATopic(topic, where);
  }
  return [...byText.values()];
}

/** With the flags g and y a RegExp goes on where its last match has ended, and so misses every other topic. */
export function withoutState(pattern: RegExp): RegExp {
  return pattern.global || pattern.sticky ? new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, '')) : pattern;
}

function notATopic(topic: unknown, where: string): ConfigError {
  const what = typeof topic === 'string' ? `'${topic}'` : `a value of type ${topic === null ? 'null' : typeof topic}`;
  return new ConfigError(
    `${where}: a topic must be a RegExp, or a name of up to 249 of a-z, A-Z, 0-9, . _ -, not ${what}.`,
    'topics',
    topic,
    'TYPE',
  );
}
