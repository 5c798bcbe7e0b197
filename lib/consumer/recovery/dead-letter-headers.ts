import type { ConsumedHeader } from '../consumed-record.js';
import { FIRST_FAILED_AT, LATEST, LATEST_NAMES, ORIGINAL } from './dead-letter-header-names.js';
import { describeError } from './describe-error.js';
import type { FailedRecord } from './recovery-policy.js';

const MOST_CLASS_BYTES = 256;
const MOST_MESSAGE_BYTES = 1_024;
const MOST_STACK_BYTES = 8_192;

export interface DeadLetterHeaderOptions {
  readonly stack: boolean;
  /** Only what tells where the record comes from, and the class of the error. */
  readonly onlyEssential: boolean;
}

type Header = readonly [name: string, value: string | number | bigint | Buffer];

/** The headers of a dead letter: the record's own as they are, and behind them those about its failure. */
export function deadLetterHeaders(failed: FailedRecord, options: DeadLetterHeaderOptions): ConsumedHeader[] {
  const { headers } = failed.record;
  const wasDeadLetter = hasOrigin(headers);
  const kept = wasDeadLetter ? headers.filter(({ key }) => !LATEST_NAMES.has(key)) : headers;
  const added = [
    ...(wasDeadLetter ? sourceOf(failed) : originOf(failed)),
    ...(options.onlyEssential ? [errorClassOf(failed)] : failureOf(failed, wasDeadLetter, options.stack)),
  ];
  return [
    ...kept,
    ...added.map(([key, value]) => ({ key, value: Buffer.isBuffer(value) ? value : Buffer.from(String(value)) })),
  ];
}

/** Whether a record brings along where it stood at first. With less than all three nobody could find it there, and the new place is the first one known. */
function hasOrigin(headers: readonly ConsumedHeader[]): boolean {
  return [ORIGINAL.topic, ORIGINAL.partition, ORIGINAL.offset].every((name) =>
    headers.some(({ key, value }) => key === name && value !== null),
  );
}

function originOf({ record: { offset, partition, timestamp, topic } }: FailedRecord): Header[] {
  return [
    [ORIGINAL.topic, topic],
    [ORIGINAL.partition, partition],
    [ORIGINAL.offset, offset],
    [ORIGINAL.timestamp, timestamp],
  ];
}

function sourceOf({ record: { offset, partition, topic } }: FailedRecord): Header[] {
  return [
    [LATEST.sourceTopic, topic],
    [LATEST.sourcePartition, partition],
    [LATEST.sourceOffset, offset],
  ];
}

function errorClassOf({ error }: FailedRecord): Header {
  return [LATEST.errorClass, cut(describeError(error).errorClass, MOST_CLASS_BYTES)];
}

function failureOf(failed: FailedRecord, wasDeadLetter: boolean, withStack: boolean): Header[] {
  const { attempts, error, firstFailedAt, groupId, listenerId, record } = failed;
  const { message, stack } = describeError(error);
  const headers: Header[] = [
    [LATEST.group, groupId],
    [LATEST.listener, listenerId],
    errorClassOf(failed),
    [LATEST.errorMessage, cut(message, MOST_MESSAGE_BYTES)],
    [LATEST.attempts, attempts],
  ];
  if (withStack && stack !== null) headers.push([LATEST.errorStack, cut(stack, MOST_STACK_BYTES)]);
  const isKnown = wasDeadLetter && record.headers.some(({ key }) => key === FIRST_FAILED_AT);
  if (!isKnown) headers.push([FIRST_FAILED_AT, firstFailedAt]);
  return headers;
}

/** The beginning of a text, in so many bytes of UTF-8 at most, with no character cut in two. */
function cut(text: string, mostBytes: number): Buffer {
  // A character has a byte at least: what lies beyond need not be encoded.
  const bytes = Buffer.from(text.slice(0, mostBytes));
  if (bytes.length <= mostBytes) return bytes;
  let end = mostBytes;
  while (isContinuation(bytes[end])) end--;
  return bytes.subarray(0, end);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
