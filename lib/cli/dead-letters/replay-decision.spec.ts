import { describe, expect, it } from '@jest/globals';
import type { ConsumedRecord } from '../../consumer/consumed-record.js';
import { deadLetterHeaders } from '../../consumer/recovery/dead-letter-headers.js';
import { type DeadLetter, readDeadLetter, replayHeaders } from './dead-letter.js';
import { decideReplay } from './replay-decision.js';

const RULES = { deadLetterTopic: 'orders-dlt' };

function record(headers: ConsumedRecord['headers'], topic = 'orders'): ConsumedRecord {
  return {
    topic,
    partition: 3,
    offset: 5n,
    timestamp: 9,
    timestampType: 'CreateTime',
    leaderEpoch: 0,
    key: null,
    value: null,
    headers,
    sizeInBytes: 0,
  };
}

function givenUp(failed: ConsumedRecord, stack = false): DeadLetter {
  const about = { error: new TypeError('oops'), attempts: 2, firstFailedAt: 7, groupId: 'shop', listenerId: 'L' };
  return readDeadLetter(record(deadLetterHeaders({ ...about, record: failed }, { stack, onlyEssential: false })));
}

describe('a dead letter', () => {
  it('tells where it comes from and why', () => {
    expect(givenUp(record([]))).toMatchObject({
      origin: { topic: 'orders', partition: 3, offset: '5' },
      group: 'shop',
      errorClass: 'TypeError',
      errorMessage: 'oops',
      attempts: 2,
      firstFailedAt: 7,
      replays: 0,
    });
  });

  it('has none of it when it is something else', () => {
    const stray = readDeadLetter(record([{ key: 'dlt-original-topic', value: Buffer.from('orders') }]));
    expect(stray).toMatchObject({ origin: null, group: null, attempts: null });
  });

  it('goes back with its own headers, in their order, and the number of its replays', () => {
    const own = [
      { key: 'a', value: Buffer.from('1') },
      { key: 'a', value: null },
    ];
    const first = replayHeaders(givenUp(record(own), true));
    expect(first).toEqual([...own, { key: 'dlt-replay-count', value: Buffer.from('1') }]);
    const second = givenUp(record(first));
    expect(second.replays).toBe(1);
    expect(replayHeaders(second)).toEqual([...own, { key: 'dlt-replay-count', value: Buffer.from('2') }]);
  });
});

describe('what becomes of a dead letter', () => {
  const letter = givenUp(record([]));

  it('is where it came from, or where it is told to go', () => {
    expect(decideReplay(letter, RULES)).toEqual({ topic: 'orders' });
    expect(decideReplay(letter, { ...RULES, to: 'other' })).toEqual({ topic: 'other' });
    expect(decideReplay({ ...letter, origin: null }, { ...RULES, to: 'other' })).toEqual({ topic: 'other' });
  });

  it('is to stay, for one of these reasons', () => {
    expect(decideReplay({ ...letter, origin: null }, RULES)).toEqual({ left: 'no origin' });
    expect(decideReplay({ ...letter, replays: 1 }, RULES)).toEqual({ left: 'replayed before' });
    expect(decideReplay({ ...letter, replays: 1 }, { ...RULES, again: true })).toEqual({ topic: 'orders' });
    expect(decideReplay(givenUp(record([], 'orders-dlt')), RULES)).toEqual({ left: 'same topic' });
    expect(decideReplay(letter, { ...RULES, consumerGroup: 'bank' })).toEqual({ left: 'not meant' });
    expect(decideReplay(letter, { ...RULES, errorClass: 'RangeError' })).toEqual({ left: 'not meant' });
    expect(decideReplay(letter, { ...RULES, consumerGroup: 'shop', errorClass: 'TypeError' })).toEqual({
      topic: 'orders',
    });
  });
});
