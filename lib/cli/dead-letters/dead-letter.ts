import type { ConsumedRecord } from '../../consumer/consumed-record.js';
import {
  DEAD_LETTER_NAMES,
  FIRST_FAILED_AT,
  LATEST,
  ORIGINAL,
  REPLAY_COUNT,
} from '../../consumer/recovery/dead-letter-header-names.js';

/** A record of a dead-letter topic, and what its headers tell. */
export interface DeadLetter {
  readonly record: ConsumedRecord;
  /** Where it failed at first; null when the headers do not tell. */
  readonly origin: { readonly topic: string; readonly partition: number; readonly offset: string } | null;
  readonly group: string | null;
  readonly errorClass: string | null;
  readonly errorMessage: string | null;
  /** How often its handler was called. */
  readonly attempts: number | null;
  /** Milliseconds since the epoch. */
  readonly firstFailedAt: number | null;
  /** How often it has been sent back already. */
  readonly replays: number;
}

/** Reads the headers that a listener's recovery has written. */
export function readDeadLetter(record: ConsumedRecord): DeadLetter {
  // The record's own headers come first, and may have the same names: the last one is ours.
  const text = new Map(record.headers.map(({ key, value }) => [key, value?.toString('utf8') ?? null]));
  const find = (name: string): string | null => text.get(name) ?? null;
  return {
    record,
    origin: originOf(find),
    group: find(LATEST.group),
    errorClass: find(LATEST.errorClass),
    errorMessage: find(LATEST.errorMessage),
    attempts: wholeNumber(find(LATEST.attempts)),
    firstFailedAt: wholeNumber(find(FIRST_FAILED_AT)),
    replays: wholeNumber(find(REPLAY_COUNT)) ?? 0,
  };
}

/** The record's own headers, and that it is sent back once more. */
export function replayHeaders({ record, replays }: DeadLetter): ConsumedRecord['headers'] {
  return [
    ...record.headers.filter(({ key }) => !DEAD_LETTER_NAMES.has(key) && key !== REPLAY_COUNT),
    { key: REPLAY_COUNT, value: Buffer.from(String(replays + 1)) },
  ];
}

function originOf(find: (name: string) => string | null): DeadLetter['origin'] {
  const topic = find(ORIGINAL.topic);
  const partition = wholeNumber(find(ORIGINAL.partition));
  const offset = find(ORIGINAL.offset);
  if (topic === null || topic === '' || partition === null || offset === null) return null;
  return { topic, partition, offset };
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
