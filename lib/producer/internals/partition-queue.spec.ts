import { NoneCodec } from '../../wire/compression/none-codec.js';
import { RecordBatchBuilder } from '../../wire/record-batch-builder.js';
import { PartitionQueue } from './partition-queue.js';
import { addToSequence } from './partition-sequence.js';
import { ProducerBatch } from './producer-batch.js';

function batchIn(queue: PartitionQueue, createdAt = 0, records = 1): ProducerBatch {
  const batch = new ProducerBatch(queue, new RecordBatchBuilder(1_000, new NoneCodec(), 1), createdAt, 0);
  for (let index = 0; index < records; index++) {
    const record = { timestamp: 0, key: null, keySize: -1, value: null, valueSize: -1, headers: null };
    batch.append(
      record,
      () => undefined,
      () => undefined,
    );
  }
  return batch;
}

describe('PartitionQueue', () => {
  it('has a head and a tail, and gives a batch up wherever it stands', () => {
    const queue = new PartitionQueue('t', 3);
    expect([queue.head, queue.tail]).toEqual([undefined, undefined]);
    const [a, b, c] = [batchIn(queue), batchIn(queue), batchIn(queue)];
    queue.waiting.push(a, b, c);
    expect([queue.head === a, queue.tail === c]).toEqual([true, true]);
    queue.remove(b);
    queue.remove(b);
    expect(queue.waiting).toEqual([a, c]);
  });

  it('puts retried batches in front of new ones, by their sequences, in whatever order they come back', () => {
    const queue = new PartitionQueue('t', 0);
    const [a, b, c, fresh] = [batchIn(queue), batchIn(queue), batchIn(queue), batchIn(queue)];
    for (const batch of [a, b, c]) queue.sequence.assign(batch);
    for (const order of [
      [a, b, c],
      [c, b, a],
      [b, c, a],
      [c, a, b],
    ]) {
      queue.waiting.splice(0, queue.waiting.length, fresh);
      for (const batch of order) queue.reenqueue(batch);
      expect(queue.waiting).toEqual([a, b, c, fresh]);
    }
  });

  it('goes by the order of sending where sequences wrap', () => {
    const queue = new PartitionQueue('t', 0);
    Reflect.set(queue.sequence, 'next', 2_147_483_646);
    const [a, b, c] = [batchIn(queue, 0, 2), batchIn(queue), batchIn(queue)];
    for (const batch of [a, b, c]) queue.sequence.assign(batch);
    expect([a, b, c].map(({ baseSequence }) => baseSequence)).toEqual([2_147_483_646, 0, 1]);
    for (const batch of [c, a, b]) queue.reenqueue(batch);
    expect(queue.waiting).toEqual([a, b, c]);
  });

  it('puts batches without sequences in front too, older retries first', () => {
    const queue = new PartitionQueue('t', 0);
    const fresh = batchIn(queue, 9);
    const retried = [batchIn(queue, 1), batchIn(queue, 2), batchIn(queue, 3)];
    for (const batch of retried) batch.attempts = 1;
    queue.waiting.push(fresh);
    for (const batch of retried) queue.reenqueue(batch);
    expect(queue.waiting).toEqual([...retried, fresh]);
  });
});

describe('addToSequence', () => {
  // producer-semantics 2.13
  it.each([
    [0, 1, 1],
    [2_147_483_646, 1, 2_147_483_647],
    [2_147_483_647, 1, 0],
    [2_147_483_647, 100, 99],
    [2_147_483_647, 2_147_483_647, 2_147_483_646],
  ])('%i + %i = %i', (sequence, records, sum) => {
    expect(addToSequence(sequence, records)).toBe(sum);
  });
});
