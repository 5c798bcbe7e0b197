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
      `${ids} read '${topic}' in the same group '${first.groupId}', and ${conflict.what}. Give one of them a groupId of its own${conflict.orElse}.`,
      conflict.setting,
      undefined,
      'LISTENERS',
    );
  }
  return { ...first, id: ids, handler: callAll(definitions) };
}

interface Conflict {
  readonly setting: string;
  readonly what: string;
  readonly orElse: string;
}

function conflictOf(first: ListenerDefinition, other: ListenerDefinition): Conflict | null {
  if (first.isBatch || other.isBatch) return alone('batch', 'one of them takes batches');
  if (first.transaction !== null || other.transaction !== null)
    return alone('transaction', 'one of them is @Transactional()');
  if (first.commitStrategy !== other.commitStrategy) return differing('commitStrategy');
  if (first.recovery !== other.recovery) return differing('recovery');
  const { limit, unit } = first.concurrency;
  if (unit !== other.concurrency.unit || limit !== other.concurrency.limit) return differing('concurrency');
  return null;
}

/** What shares its records with nobody. */
function alone(setting: string, what: string): Conflict {
  return { setting, what, orElse: '' };
}

function differing(setting: string): Conflict {
  return { setting, what: `have a ${setting} each`, orElse: ', or set it in the module, for both' };
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
          let wantsItAgain = false;
          const nack = (delayMs: number): void => {
            call.nack(delayMs);
            wantsItAgain = true;
          };
          await definition.handler(callOf(call, { ack, nack }));
          if (!wantsItAgain) done.add(definition);
        }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  };
}

function callOf(
  { attempt, partition, records, signal }: HandlerCall,
  own: Pick<HandlerCall, 'ack' | 'nack'>,
): HandlerCall {
  return { attempt, partition, records, signal, ...own };
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
