import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Offsets from `start`, inclusive, to `end`, exclusive. */
export interface Run {
  readonly start: bigint;
  end: bigint;
}

/** What a replay has left, from `offset` on; everything else below `end` is sent. */
export interface LeftRuns {
  readonly offset: bigint;
  readonly end: bigint;
  readonly left: readonly Run[];
}

/** Of what is committed with an offset (the broker's `offset.metadata.max.bytes` is 4096). */
const MOST_METADATA_BYTES = 4_000;
/** Each run as its distance from the end of the one before, and its length, to the base of 36. */
const AS_RUNS = 'replay-1';
/** A bit for each offset, deflated, as base64: shorter where what is left and what is sent take turns. */
const AS_BITS = 'replay-2';
const MOST_BITS = 1_048_576;

/** @returns null when what is left is too scattered to be remembered */
export function encodeLeft(runs: LeftRuns): string | null {
  const listed = asRuns(runs);
  if (listed.length <= MOST_METADATA_BYTES) return listed;
  const bits = asBits(runs);
  return bits === null || bits.length > MOST_METADATA_BYTES ? null : bits;
}

/** Of an offset that somebody else has committed (a reset) nothing is known but itself. */
export function decodeLeft(offset: bigint, metadata: string): LeftRuns {
  const [format, length = '', ...parts] = metadata.split(' ');
  if (format !== AS_RUNS && format !== AS_BITS) return { offset, end: offset, left: [] };
  const end = offset + fromBase36(length);
  return { offset, end, left: format === AS_RUNS ? fromRuns(offset, parts) : fromBits(offset, parts[0] ?? '') };
}

function asRuns({ end, left, offset }: LeftRuns): string {
  let before = offset;
  const parts = left.map((run) => {
    const part = `${(run.start - before).toString(36)}+${(run.end - run.start).toString(36)}`;
    before = run.end;
    return part;
  });
  return `${AS_RUNS} ${(end - offset).toString(36)} ${parts.join(' ')}`;
}

function fromRuns(offset: bigint, parts: readonly string[]): Run[] {
  let before = offset;
  return parts.map((part) => {
    const [distance = '', size = ''] = part.split('+');
    const start = before + fromBase36(distance);
    before = start + fromBase36(size);
    return { start, end: before };
  });
}

function asBits({ end, left, offset }: LeftRuns): string | null {
  const length = (left.at(-1)?.end ?? offset) - offset;
  if (length > MOST_BITS) return null;
  const bits = Buffer.alloc(Math.ceil(Number(length) / 8));
  for (const run of left) {
    for (let bit = Number(run.start - offset); bit < Number(run.end - offset); bit++) {
      bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }
  return `${AS_BITS} ${(end - offset).toString(36)} ${deflateRawSync(bits, { level: 9 }).toString('base64')}`;
}

function fromBits(offset: bigint, text: string): Run[] {
  const bits = inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: MOST_BITS / 8 });
  const left: Run[] = [];
  for (let bit = 0; bit < bits.length * 8; bit++) {
    if (((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) continue;
    const start = offset + BigInt(bit);
    const last = left.at(-1);
    if (last?.end === start) last.end = start + 1n;
    else left.push({ start, end: start + 1n });
  }
  return left;
}

function fromBase36(text: string): bigint {
  let value = 0n;
  for (const digit of text) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return value;
}
