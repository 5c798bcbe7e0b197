import { ConfigError } from '../../producer/errors.js';
import type { ConsumedRecord } from '../consumed-record.js';
import type { HandlerCall, ListenerDefinition } from '../listener-definition.js';

/**
 * Several listeners of one group on one topic are one to the partition: each record goes to all of them at the same time, and is done when all have succeeded.
 * After a failure only those are called again that have failed.
 * @throws ConfigError when they do not agree on how to commit, to recover or to run
 */
export function mergeDefinitions(definitions: readonly ListenerDefinition[], topic: string): ListenerDefinition {
  const [first, ...others] = definitions;
  if (first === undefined) throw new TypeError('no listeners');
  if (others.length === 0) return first;
  const ids = definitions.map(({ id }) => id).join(', ');
  for (const other of others) {
    const conflict = conflictOf(first, other);
    if (conflict === null) continue;
    throw new ConfigError(
      `${ids} read '${topic}' in the same group '${first.groupId}', and differ in ${conflict}. Set it to the same, or give one of them a groupId of its own.`,
      conflict,
      undefined,
      'LISTENERS',
    );
  }
  return { ...first, id: ids, handler: callAll(definitions) };
}

function conflictOf(first: ListenerDefinition, other: ListenerDefinition): keyof ListenerDefinition | null {
  if (first.isBatch || other.isBatch) return 'isBatch';
  if (first.transaction !== null || other.transaction !== null) return 'transaction';
  if (!isSameStrategy(first, other)) return 'commitStrategy';
  if (first.recovery !== other.recovery) return 'recovery';
  const { concurrency } = first;
  if (concurrency.unit !== other.concurrency.unit || concurrency.limit !== other.concurrency.limit)
    return 'concurrency';
  return null;
}

function isSameStrategy(
  { commitStrategy: first }: ListenerDefinition,
  { commitStrategy: other }: ListenerDefinition,
): boolean {
  return first === other;
}

function callAll(definitions: readonly ListenerDefinition[]): (call: HandlerCall) => Promise<void> {
  const succeeded = new WeakMap<ConsumedRecord, Set<ListenerDefinition>>();
  const acknowledged = new WeakMap<ConsumedRecord, Set<ListenerDefinition>>();
  return async (call) => {
    const [record] = call.records;
    if (record === undefined) return;
    const done = setOf(succeeded, record);
    const acks = setOf(acknowledged, record);
    const results = await Promise.allSettled(
      definitions
        .filter((definition) => !done.has(definition))
        .map(async (definition) => {
          const ack = (): void => {
            acks.add(definition);
            if (acks.size === definitions.length) call.ack();
          };
          await definition.handler(withAck(call, ack));
          done.add(definition);
        }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  };
}

function withAck(call: HandlerCall, ack: () => void): HandlerCall {
  const { attempt, partition, records, signal } = call;
  return { attempt, partition, records, signal, ack, nack: (delayMs) => call.nack(delayMs) };
}

function setOf(
  sets: WeakMap<ConsumedRecord, Set<ListenerDefinition>>,
  record: ConsumedRecord,
): Set<ListenerDefinition> {
  let set = sets.get(record);
  if (set === undefined) {
    set = new Set();
    sets.set(record, set);
  }
  return set;
}
