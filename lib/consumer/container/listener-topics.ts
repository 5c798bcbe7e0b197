import type { ListenerDefinition } from '../listener-definition.js';

/** Whether the listener reads a topic of that name. */
export function reads({ topics }: ListenerDefinition, topic: string): boolean {
  return topics.some((wanted) => (typeof wanted === 'string' ? wanted === topic : matches(wanted, topic)));
}

/** The names that listeners give, each once. What expressions match is known only when partitions are assigned. */
export function namedTopics(listeners: readonly ListenerDefinition[]): string[] {
  return [...new Set(listeners.flatMap(({ topics }) => topics.filter((topic) => typeof topic === 'string')))];
}

/** Also for expressions with the flags g or y, which remember where they were. */
function matches(expression: RegExp, topic: string): boolean {
  expression.lastIndex = 0;
  return expression.test(topic);
}
