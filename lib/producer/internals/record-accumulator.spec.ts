import type { CompressionCodec } from '../../wire/compression/compression-codec.js';
import { GzipCodec } from '../../wire/compression/gzip-codec.js';
import { NoneCodec } from '../../wire/compression/none-codec.js';
import type { BatchRecord } from '../../wire/record-batch-builder.js';
import { decodeRecordBatches } from '../../wire/record-batch-decoder.js';
import type { ProducerConfig } from '../producer-config.js';
import { BufferMemory } from './buffer-memory.js';
import { ClusterTopic } from './cluster-topic.js';
import { CompressionRatioEstimator } from './compression-ratio-estimator.js';
import type { ProducerBatch } from './producer-batch.js';
import {
  APPENDED,
  APPENDED_TO_NEW_BATCH,
  NO_MEMORY,
  RecordAccumulator,
  UNASSIGNED_PARTITION,
  type AppendResult,
} from './record-accumulator.js';
import { SerializedRecord } from './record-serializer.js';
import { testConfig } from './spec-support/producer-test-config.js';
import { topicMetadata } from './spec-support/topic-metadata.js';

const NOW = 1_700_000_000_000;

function topicOf(partitions: number): ClusterTopic {
  const topic = new ClusterTopic('t', NOW);
  topic.update(topicMetadata('t', partitions));
  return topic;
}

class Bench {
  public readonly memory: BufferMemory;
  public readonly accumulator: RecordAccumulator;
  /** What `onWork` was told. */
  public readonly work: boolean[] = [];

  public constructor(
    config: Partial<ProducerConfig> = {},
    private readonly topic = topicOf(4),
    codec: CompressionCodec = new NoneCodec(),
    ratios = new CompressionRatioEstimator(),
  ) {
    const resolved = testConfig(config);
    this.memory = new BufferMemory(resolved.bufferMemory, () => undefined);
    this.accumulator = new RecordAccumulator({
      config: resolved,
      memory: this.memory,
      codec,
      ratios,
      onWork: (isFull) => this.work.push(isFull),
    });
  }

  public append(bytes: number, partition = 0): AppendResult {
    const record: BatchRecord = new SerializedRecord('t', NOW, null, Buffer.alloc(bytes), null);
    return this.accumulator.append(
      this.accumulator.topicQueues(this.topic),
      partition,
      record,
      NOW,
      () => undefined,
      () => undefined,
    );
  }

  public batches(partition = 0): readonly ProducerBatch[] {
    return this.accumulator.topicQueues(this.topic).queue(partition).waiting;
  }
}

describe('appending', () => {
  it('fills the last batch of the partition, then opens another; only the last one is open', () => {
    const bench = new Bench();
    expect(bench.append(100)).toBe(APPENDED_TO_NEW_BATCH);
    // producer-semantics 2.3: 148 records of 100 bytes fit.
    for (let index = 1; index < 148; index++) expect(bench.append(100)).toBe(APPENDED);
    expect(bench.append(100)).toBe(APPENDED_TO_NEW_BATCH);
    expect(bench.batches().map(({ recordCount, isFull }) => [recordCount, isFull])).toEqual([
      [148, true],
      [1, false],
    ]);
  });

  it('keeps partitions apart', () => {
    const bench = new Bench();
    for (const partition of [0, 2, 0]) bench.append(10, partition);
    expect([0, 1, 2].map((partition) => bench.batches(partition).map(({ recordCount }) => recordCount))).toEqual([
      [2],
      [],
      [1],
    ]);
    expect(bench.accumulator.active.size).toBe(2);
    expect(bench.accumulator.incomplete.size).toBe(2);
  });

  it('gives a record larger than batch.size a batch of its own', () => {
    const bench = new Bench({ batchSize: 500 });
    bench.append(100);
    expect(bench.append(10_000)).toBe(APPENDED_TO_NEW_BATCH);
    expect(bench.append(100)).toBe(APPENDED_TO_NEW_BATCH);
    expect(bench.batches().map(({ recordCount }) => recordCount)).toEqual([1, 1, 1]);
  });

  it('puts each record into its own batch when batch.size is 1', () => {
    const bench = new Bench({ batchSize: 1 });
    for (let index = 0; index < 3; index++) bench.append(50);
    expect(bench.batches().map(({ recordCount }) => recordCount)).toEqual([1, 1, 1]);
  });

  it('tells of work when a batch was opened or is full, not for each record', () => {
    const bench = new Bench({ batchSize: 61 + 109 * 3 });
    for (let index = 0; index < 4; index++) bench.append(100);
    // Opened, full, and one behind a full one.
    expect(bench.work).toEqual([false, true, true]);
  });
});

describe('memory', () => {
  it('is taken by batch, for as much as its buffer holds, and given back once', () => {
    const bench = new Bench({ bufferMemory: 100_000 });
    bench.append(100);
    const after = bench.memory.availableBytes;
    expect(after).toBeLessThanOrEqual(100_000 - 16_384);
    const [batch] = bench.batches();
    if (batch === undefined) throw new Error('Unreachable');
    bench.accumulator.deallocate(batch);
    bench.accumulator.deallocate(batch);
    expect(bench.memory.availableBytes).toBe(100_000);
  });

  it('that is not there leaves everything as it was, and the open batch open', () => {
    const bench = new Bench({ bufferMemory: 20_000, batchSize: 16_384 });
    bench.append(100, 0);
    const before = bench.memory.availableBytes;
    expect(bench.append(16_350, 0)).toBe(NO_MEMORY);
    expect(bench.append(100, 1)).toBe(NO_MEMORY);
    expect(bench.memory.availableBytes).toBe(before);
    expect(bench.batches(0).map(({ recordCount, isFull }) => [recordCount, isFull])).toEqual([[1, false]]);
    expect(bench.batches(1)).toEqual([]);
    expect(bench.accumulator.incomplete.size).toBe(1);
    expect(bench.append(100, 0)).toBe(APPENDED);
  });

  it('smaller than batch.size is used all the same', () => {
    const bench = new Bench({ bufferMemory: 10_000, batchSize: 16_384 });
    expect(bench.append(100)).toBe(APPENDED_TO_NEW_BATCH);
    expect(bench.memory.availableBytes).toBeGreaterThanOrEqual(0);
  });

  it('grows with a batch that compresses well, and ends the batch when it cannot', () => {
    const ratios = new CompressionRatioEstimator();
    for (let batch = 0; batch < 1_000; batch++) ratios.observe('t', 0.05);
    const bench = new Bench({ bufferMemory: 150_000 }, topicOf(1), new GzipCodec(null), ratios);
    let results = 0;
    while (bench.append(1_000) !== NO_MEMORY) results++;
    const [first] = bench.batches();
    expect(first?.recordCount).toBeGreaterThan(16);
    const held = [...bench.accumulator.incomplete].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    expect(bench.memory.availableBytes).toBe(150_000 - held);
    // What is counted is at least what the records take.
    expect(held).toBeGreaterThanOrEqual(results * 1_009);
  });

  it('of a batch that was sent once may be used again; what is in other batches does not change', () => {
    const bench = new Bench({ batchSize: 1_000 });
    const sent: { batch: ProducerBatch; bytes: Buffer; copy: Buffer }[] = [];
    for (let round = 0; round < 60; round++) {
      bench.append(50 + round, round % 4);
      const queue = bench.accumulator.topicQueues(topicOf(4)).queue(round % 4);
      const batch = bench.accumulator.take(queue);
      if (batch === undefined) continue;
      const bytes = batch.encode(false);
      sent.push({ batch, bytes, copy: Buffer.from(bytes) });
      if (round % 2 === 1) {
        // Answered: the oldest of those that are on their way.
        const done = sent.shift();
        if (done === undefined) continue;
        done.batch.complete(0n, -1, null);
        bench.accumulator.incomplete.delete(done.batch);
        bench.accumulator.recycle(done.batch);
        bench.accumulator.deallocate(done.batch);
      }
      for (const { bytes: held, copy } of sent) expect(held.equals(copy)).toBe(true);
    }
    expect(sent.length).toBeGreaterThan(10);
    for (const { copy } of sent) expect(decodeRecordBatches(copy)).toHaveLength(1);
  });
});

describe('records without a partition', () => {
  it('stick to one until a batch is full, then go elsewhere, and waste no memory on half-full batches', () => {
    const bench = new Bench({ batchSize: 1_000 }, topicOf(3));
    for (let index = 0; index < 90; index++) bench.append(100, UNASSIGNED_PARTITION);
    const batches = [0, 1, 2].flatMap((partition) => bench.batches(partition));
    expect(batches.reduce((sum, { recordCount }) => sum + recordCount, 0)).toBe(90);
    // 8 records of 109 bytes fill a batch; all but the newest are full or were left for being so.
    expect(batches.filter(({ recordCount }) => recordCount < 8).length).toBeLessThanOrEqual(3);
  });

  it('keep the choice when there was no memory for it', () => {
    const bench = new Bench({ bufferMemory: 40_000 });
    while (bench.append(1_000, UNASSIGNED_PARTITION) !== NO_MEMORY);
    const before = [0, 1, 2, 3].map((partition) => bench.batches(partition).length);
    for (let index = 0; index < 20; index++) expect(bench.append(1_000, UNASSIGNED_PARTITION)).toBe(NO_MEMORY);
    expect([0, 1, 2, 3].map((partition) => bench.batches(partition).length)).toEqual(before);
  });

  it('keep their queues when the topic was forgotten and found again', () => {
    const bench = new Bench();
    bench.append(10);
    const queue = bench.accumulator.topicQueues(topicOf(4)).queue(0);
    expect(queue.waiting).toHaveLength(1);
    expect(queue).toBe(bench.accumulator.topicQueues(topicOf(6)).queue(0));
  });
});

describe('taking batches', () => {
  it('goes from the oldest on, and a partition without any is not active', () => {
    const bench = new Bench({ batchSize: 1 });
    bench.append(50);
    bench.append(50);
    const queue = bench.accumulator.topicQueues(topicOf(4)).queue(0);
    const [first, second] = bench.batches();
    expect(bench.accumulator.take(queue)).toBe(first);
    expect(bench.accumulator.active.has(queue)).toBe(true);
    expect(bench.accumulator.take(queue)).toBe(second);
    expect(bench.accumulator.active.has(queue)).toBe(false);
    expect(bench.accumulator.take(queue)).toBeUndefined();
    if (first !== undefined) bench.accumulator.reenqueue(first);
    expect(bench.accumulator.active.has(queue)).toBe(true);
    if (first !== undefined) bench.accumulator.remove(first);
    expect(bench.accumulator.active.has(queue)).toBe(false);
  });
});
