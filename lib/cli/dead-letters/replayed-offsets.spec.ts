import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../test/support/random.js';
import { type ReplayBookmark, ReplayedOffsets } from './replayed-offsets.js';

/** One run over the records at these offsets. @returns the bookmark, and what was sent */
function run(
  before: ReplayBookmark | null,
  records: readonly number[],
  isMeant: (offset: number) => boolean,
  most = Number.POSITIVE_INFINITY,
): { readonly bookmark: ReplayBookmark; readonly sent: number[] } {
  const offsets = ReplayedOffsets.from(before, BigInt(records[0] ?? 0));
  const sent: number[] = [];
  for (const record of records.filter((offset) => BigInt(offset) >= offsets.position)) {
    if (offsets.isReplayed(BigInt(record))) offsets.replayed(BigInt(record));
    else if (!isMeant(record)) offsets.leave(BigInt(record));
    else if (sent.length >= most) break;
    else {
      sent.push(record);
      offsets.replayed(BigInt(record));
    }
  }
  const bookmark = offsets.bookmark();
  if (bookmark === null) throw new Error('too scattered');
  return { bookmark, sent };
}

const ALL = (): boolean => true;

describe('ReplayedOffsets', () => {
  it('is an offset as long as everything is sent', () => {
    const first = run(null, [3, 4, 5], ALL);
    expect(first).toEqual({ sent: [3, 4, 5], bookmark: { offset: 6n, metadata: '' } });
    expect(run(first.bookmark, [3, 4, 5, 6, 8], ALL)).toEqual({ sent: [6, 8], bookmark: { offset: 9n, metadata: '' } });
  });

  it('stays before the first record that is left, and remembers what was sent behind it', () => {
    const first = run(null, [0, 1, 2, 3], (offset) => offset !== 1);
    expect(first.sent).toEqual([0, 2, 3]);
    expect(first.bookmark.offset).toBe(1n);
    expect(run(first.bookmark, [0, 1, 2, 3, 4], ALL)).toEqual({ sent: [1, 4], bookmark: { offset: 5n, metadata: '' } });
  });

  it('is short when records that are left stand between markers of transactions', () => {
    const records = Array.from({ length: 10_000 }, (_, index) => 2 * index);
    const { bookmark } = run(null, records, (offset) => offset % 10_000 === 0);
    expect(bookmark.metadata.length).toBeLessThan(40);
    expect(run(bookmark, records, ALL).sent.length).toBe(9_998);
  });

  it('begins with the log when what is older is deleted', () => {
    const { bookmark } = run(null, [0, 1, 2, 3], (offset) => offset > 1);
    expect(run(bookmark, [1, 2, 3, 4], ALL).sent).toEqual([1, 4]);
  });

  it('follows an offset that somebody else has committed', () => {
    expect(run({ offset: 2n, metadata: '' }, [0, 1, 2, 3], ALL).sent).toEqual([2, 3]);
    expect(run({ offset: 0n, metadata: 'by hand' }, [0, 1], ALL).sent).toEqual([0, 1]);
  });

  it('remembers thousands of records that are left here and there', () => {
    const random = createRandom();
    const records = Array.from({ length: 20_000 }, (_, offset) => offset);
    const left = new Set(records.filter(() => random.integer(0, 1) === 0));
    const { bookmark, sent } = run(null, records, (offset) => !left.has(offset));
    expect(bookmark.metadata.length).toBeLessThanOrEqual(4_000);
    expect(sent.length).toBe(records.length - left.size);
    expect(run(bookmark, records, ALL)).toEqual({ sent: [...left], bookmark: { offset: 20_000n, metadata: '' } });
  });

  it('says when what is left is too scattered to be remembered', () => {
    const random = createRandom();
    const offsets = ReplayedOffsets.from(null, 0n);
    for (let offset = 0n; offset < 50_000n; offset++) {
      if (random.integer(0, 1) === 0) offsets.leave(offset);
      else offsets.replayed(offset);
    }
    expect(offsets.bookmark()).toBeNull();
  });

  it('sends every record once, whatever runs come one after the other', () => {
    const random = createRandom();
    for (let round = 0; round < 200; round++) {
      const records = Array.from({ length: 60 }, (_, offset) => offset).filter(() => random.integer(0, 3) > 0);
      const sent: number[] = [];
      let bookmark: ReplayBookmark | null = null;
      for (let attempt = 0; attempt < 5; attempt++) {
        const there = records.slice(0, random.integer(0, records.length));
        const chosen = random.integer(1, 4);
        const outcome = run(bookmark, there, (offset) => offset % chosen === 0, random.integer(0, 20));
        sent.push(...outcome.sent);
        bookmark = outcome.bookmark;
      }
      sent.push(...run(bookmark, records, ALL).sent);
      expect(sent.sort((a, b) => a - b)).toEqual(records);
    }
  });
});
