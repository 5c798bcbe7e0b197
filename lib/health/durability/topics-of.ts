import type { KafkaModuleParts } from '../kafka-modules.js';

/** What Kafka allows as a topic's name; a regular expression as text begins with a slash. */
const TOPIC_NAME = /^[\w.-]+$/;

/** The topics that a module uses: that its producer has sent to, and that its listeners read. */
export function topicsOf({ producer, registry }: KafkaModuleParts): readonly string[] {
  const read = registry
    .status()
    .listeners.flatMap(({ partitions, topics }) => [
      ...topics.filter((topic) => TOPIC_NAME.test(topic)),
      ...partitions.map(({ topic }) => topic),
    ]);
  return [...new Set([...producer.topicsInUse(), ...read])];
}
