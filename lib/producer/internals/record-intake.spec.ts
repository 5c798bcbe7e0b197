import { jest } from '@jest/globals';
import { RecordingLog } from '../../../test/support/recording-log.js';
import { ErrorCode } from '../../wire/error-codes.js';
import { NoneCodec } from '../../wire/compression/none-codec.js';
import { decodeRecordBatches } from '../../wire/record-batch-decoder.js';
import {
  BufferExhaustedError,
  InvalidPartitionError,
  InvalidRecordError,
  ProducerClosedError,
  RecordTooLargeError,
  UnknownTopicError,
} from '../errors.js';
import type { PartitionContext, Partitioner } from '../partitioners/partitioner.js';
import type { ProducerConfig } from '../producer-config.js';
import type { ProducerInterceptor } from '../producer-interceptor.js';
import type { ProducerRecord, RecordMetadata } from '../record.js';
import type { Serializer } from '../serializers/serializer.js';
import { BufferMemory } from './buffer-memory.js';
import { CompressionRatioEstimator } from './compression-ratio-estimator.js';
import { InterceptorChain } from './interceptor-chain.js';
import { ProducerMetadata } from './producer-metadata.js';
import { ProducerMetricsRecorder } from './producer-metrics.js';
import { RecordAccumulator } from './record-accumulator.js';
import { RecordIntake } from './record-intake.js';
import { testConfig } from './spec-support/producer-test-config.js';
import { topicMetadata } from './spec-support/topic-metadata.js';

interface BenchOptions {
  readonly config?: Partial<ProducerConfig>;
  readonly partitioner?: Partitioner;
  readonly interceptors?: readonly ProducerInterceptor[];
  readonly serializer?: Serializer;
}

/** What became of a record. */
interface Outcome {
  error: Error | null;
  metadata: RecordMetadata | null;
  count: number;
}

const plain: Serializer = { serialize: (_, data) => data as string };

class Bench {
  public readonly config: ProducerConfig;
  public readonly metadata = new ProducerMetadata(300_000);
  public readonly memory: BufferMemory;
  public readonly accumulator: RecordAccumulator;
  public readonly metrics = new ProducerMetricsRecorder();
  public readonly log = new RecordingLog();
  public readonly intake: RecordIntake;
  public readonly needed: string[] = [];
  public refusal: Error | null = null;
  public isConnected = true;

  public constructor({ config = {}, partitioner, interceptors = [], serializer = plain }: BenchOptions = {}) {
    this.config = testConfig(config);
    this.memory = new BufferMemory(this.config.bufferMemory, () => this.intake.pending.memoryReleased());
    this.accumulator = new RecordAccumulator({
      config: this.config,
      memory: this.memory,
      codec: new NoneCodec(),
      ratios: new CompressionRatioEstimator(),
      onWork: () => undefined,
    });
    this.intake = new RecordIntake({
      config: this.config,
      keySerializer: serializer,
      valueSerializer: serializer,
      partitioner: partitioner ?? null,
      metadata: this.metadata,
      interceptors: new InterceptorChain(interceptors, this.log),
      metrics: this.metrics,
      refusal: () => this.refusal,
      onTopicNeeded: (isNew) => this.needed.push(isNew ? 'new topic' : 'topic'),
      isConnected: () => this.isConnected,
      onMemoryNeeded: () => this.needed.push('memory'),
      lastMetadataFailure: () => null,
      log: this.log,
    });
    this.intake.useAccumulator(this.accumulator);
  }

  /** Metadata for a topic arrives. */
  public know(topic: string, partitions: number, errorCode = 0): void {
    this.metadata.update(
      {
        throttleTimeMs: 0,
        brokers: [],
        clusterId: null,
        controllerId: -1,
        topics: [topicMetadata(topic, partitions, errorCode)],
      },
      Date.now(),
    );
    this.intake.pending.metadataChanged();
  }

  public send(record: unknown): Outcome {
    const outcome: Outcome = { error: null, metadata: null, count: 0 };
    this.intake.accept(
      record as ProducerRecord,
      () => {
        outcome.count++;
      },
      (error, metadata) => {
        outcome.count++;
        outcome.error = error;
        outcome.metadata = metadata;
      },
    );
    return outcome;
  }

  /** Values that wait to be sent, by partition. */
  public queued(topic = 't'): Record<number, string[]> {
    const queued: Record<number, string[]> = {};
    for (const batch of this.accumulator.incomplete) {
      if (batch.queue.topic !== topic) continue;
      const [decoded] = decodeRecordBatches(Buffer.from(batch.encode(false)));
      const values = decoded?.records.map(({ value }) => String(value)) ?? [];
      queued[batch.queue.partition] = [...(queued[batch.queue.partition] ?? []), ...values];
    }
    return queued;
  }

  /** Gives back the memory of everything that is queued. */
  public deliver(): void {
    // What joins meanwhile, because there is memory again, stays.
    for (const batch of Array.from(this.accumulator.incomplete)) {
      this.accumulator.remove(batch);
      this.accumulator.incomplete.delete(batch);
      batch.complete(0n, -1, null);
      this.accumulator.deallocate(batch);
    }
  }
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('the partition of a record', () => {
  // producer-semantics 2.10, six partitions.
  it.each([
    ['order-1', 4],
    ['order-2', 3],
    ['VIP', 0],
    ['', 3],
    ['한국어', 4],
    ['a-little-bit-longer-string', 5],
  ])('follows from the key as in Kafka: %j goes to %i of 6', (key, partition) => {
    const bench = new Bench();
    bench.know('t', 6);
    bench.send({ topic: 't', key, value: 'v' });
    expect(Object.keys(bench.queued())).toEqual([String(partition)]);
  });

  it('that is named goes before key and partitioner', () => {
    const partitioner = { partition: jest.fn(() => 0) };
    const bench = new Bench({ partitioner });
    bench.know('t', 6);
    bench.send({ topic: 't', key: 'VIP', value: 'v', partition: 5 });
    expect(Object.keys(bench.queued())).toEqual(['5']);
    expect(partitioner.partition).not.toHaveBeenCalled();
  });

  it('follows from nothing when keys are to be ignored: all keys stick together', () => {
    const bench = new Bench({ config: { partitionerIgnoreKeys: true } });
    bench.know('t', 6);
    for (let key = 0; key < 30; key++) bench.send({ topic: 't', key: `k${key}`, value: 'v' });
    expect(Object.keys(bench.queued())).toHaveLength(1);
  });

  it('is asked for once per record, with what was given and what became of it', () => {
    const contexts: PartitionContext[] = [];
    const opened: unknown[] = [];
    const partitioner: Partitioner = {
      partition: (context) => {
        contexts.push(context);
        return 2;
      },
      onNewBatch: (topic, cluster, previous) => opened.push([topic, cluster.partitionCount(topic), previous]),
    };
    const bench = new Bench({ partitioner });
    bench.know('t', 3);
    bench.send({ topic: 't', key: 'k', value: 'v1' });
    bench.send({ topic: 't', value: 'v2' });
    expect(contexts.map(({ topic, key, keyBytes, value }) => [topic, key, keyBytes, value])).toEqual([
      ['t', 'k', Buffer.from('k'), 'v1'],
      ['t', undefined, null, 'v2'],
    ]);
    expect(contexts[0]?.cluster.availablePartitions('t')).toHaveLength(3);
    expect(opened).toEqual([['t', 3, 2]]);
  });

  it('is asked for once also when the record has to wait for metadata, then for memory', () => {
    const partitioner = { partition: jest.fn(() => 1) };
    const bench = new Bench({ partitioner, config: { bufferMemory: 20_000, batchSize: 16_384 } });
    const first = bench.send({ topic: 't', value: 'first' });
    expect(partitioner.partition).toHaveBeenCalledTimes(0);
    bench.know('t', 3);
    expect(partitioner.partition).toHaveBeenCalledTimes(1);
    // No memory for a second batch.
    const second = bench.send({ topic: 't', value: 'x'.repeat(16_350) });
    expect(partitioner.partition).toHaveBeenCalledTimes(2);
    bench.deliver();
    expect(bench.queued()).toEqual({ 1: ['x'.repeat(16_350)] });
    expect(partitioner.partition).toHaveBeenCalledTimes(2);
    expect([first.count, second.count]).toEqual([1, 0]);
  });

  it.each<[string, unknown]>([
    ['-1', -1],
    ['the number of partitions', 3],
    ['a fraction', 1.5],
    ['NaN', Number.NaN],
    ['text', '1'],
    ['nothing', undefined],
    ['a promise', Promise.resolve(1)],
  ])('that a partitioner gives as %s fails the record', (_, chosen) => {
    const bench = new Bench({ partitioner: { partition: () => chosen as number } });
    bench.know('t', 3);
    const outcome = bench.send({ topic: 't', value: 'v' });
    expect(outcome.error).toBeInstanceOf(InvalidPartitionError);
    expect(outcome.count).toBe(1);
    expect(bench.queued()).toEqual({});
  });

  it('of a partitioner that throws: the record fails with that, waiting or not', () => {
    const cause = new Error('no ring');
    const bench = new Bench({
      partitioner: {
        partition: () => {
          throw cause;
        },
      },
    });
    const waiting = bench.send({ topic: 't', value: 'v' });
    bench.know('t', 3);
    const atOnce = bench.send({ topic: 't', value: 'v' });
    for (const { error, count } of [waiting, atOnce]) {
      expect(error).toBeInstanceOf(InvalidPartitionError);
      expect(error).toMatchObject({ topic: 't', cause });
      expect(error?.message).toContain('no ring');
      expect(count).toBe(1);
    }
  });
});

describe('a record without metadata', () => {
  it('waits, is asked for once, and keeps its place', () => {
    const bench = new Bench();
    for (const value of ['a', 'b', 'c']) bench.send({ topic: 't', value, partition: 0 });
    expect(bench.needed).toEqual(['new topic', 'topic', 'topic']);
    expect(bench.metadata.topicsToRefresh(Date.now())).toEqual(['t']);
    bench.know('t', 1);
    bench.send({ topic: 't', value: 'd', partition: 0 });
    expect(bench.queued()).toEqual({ 0: ['a', 'b', 'c', 'd'] });
  });

  it('fails after max.block.ms with an error that says what to do', () => {
    const bench = new Bench();
    const outcome = bench.send({ topic: 'missing', value: 'v' });
    bench.know('missing', 0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    jest.advanceTimersByTime(60_000);
    expect(outcome.error).toBeInstanceOf(UnknownTopicError);
    expect(outcome.error).toMatchObject({ retriable: true, topic: 'missing', cause: { code: 3 } });
    expect(outcome.error?.message).toContain('kafka-topics --create --topic missing');
    expect(outcome.metadata).toMatchObject({ topic: 'missing', partition: -1, offset: '-1', timestamp: -1 });
  });

  it.each([ErrorCode.TOPIC_AUTHORIZATION_FAILED, ErrorCode.INVALID_TOPIC_EXCEPTION])(
    'fails at once when the cluster says that waiting does not help (%i)',
    (code) => {
      const bench = new Bench();
      const waiting = bench.send({ topic: 't', value: 'v' });
      bench.know('t', 0, code);
      expect(waiting.error).toMatchObject({ code });
      const next = bench.send({ topic: 't', value: 'v' });
      expect(next.error).toMatchObject({ code });
      expect([waiting.count, next.count]).toEqual([1, 1]);
    },
  );

  it('for its partition fails after max.block.ms, naming those there are; others of the topic go on', () => {
    const bench = new Bench();
    bench.know('t', 2);
    const odd = bench.send({ topic: 't', value: 'odd', partition: 7 });
    bench.send({ topic: 't', value: 'even', partition: 1 });
    expect(bench.queued()).toEqual({ 1: ['even'] });
    jest.advanceTimersByTime(60_000);
    expect(odd.error).toBeInstanceOf(InvalidPartitionError);
    expect(odd.error?.message).toMatch(/partition 7.*has 2 \(0 to 1\)/);
  });

  it('for its partition goes on when the topic has grown', () => {
    const bench = new Bench();
    bench.know('t', 2);
    bench.send({ topic: 't', value: 'v', partition: 3 });
    bench.know('t', 4);
    expect(bench.queued()).toEqual({ 3: ['v'] });
  });
});

describe('a record without memory', () => {
  function full(config: Partial<ProducerConfig> = {}): Bench {
    const bench = new Bench({ config: { bufferMemory: 20_000, batchSize: 16_384, ...config } });
    bench.know('t', 3);
    bench.send({ topic: 't', value: 'first', partition: 0 });
    return bench;
  }

  it('waits, asks for memory, and keeps its place in front of smaller ones', () => {
    const bench = full();
    bench.send({ topic: 't', value: 'x'.repeat(16_350), partition: 0 });
    bench.send({ topic: 't', value: 'small', partition: 0 });
    expect(bench.needed).toContain('memory');
    expect(bench.queued()).toEqual({ 0: ['first'] });
    bench.deliver();
    expect(bench.queued()).toEqual({ 0: ['x'.repeat(16_350), 'small'] });
  });

  it('fails after max.block.ms with an error that names the setting, and is counted', () => {
    const bench = full();
    const outcome = bench.send({ topic: 't', value: 'v', partition: 1 });
    jest.advanceTimersByTime(60_000);
    expect(outcome.error).toBeInstanceOf(BufferExhaustedError);
    expect(outcome.error?.message).toContain('bufferMemory (20000 bytes)');
    expect(bench.metrics.read(Date.now(), {} as never)['buffer-exhausted-total']).toBe(1);
  });

  it('fails at once with max.block.ms 0', () => {
    const bench = full({ maxBlockMs: 0 });
    expect(bench.send({ topic: 't', value: 'v', partition: 1 }).error).toBeInstanceOf(BufferExhaustedError);
    bench.deliver();
    jest.advanceTimersByTime(25);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('when more records wait than may', () => {
  it('refuses the rest at once with one error, and takes more again when they have gone', () => {
    const bench = new Bench({ config: { bufferMemory: 200_000 } });
    bench.know('t', 1);
    bench.isConnected = false;
    const value = 'v'.repeat(100_000);
    const outcomes = Array.from({ length: 400 }, () => bench.send({ topic: 't', value, partition: 0 }));
    const refused = outcomes.filter(({ error }) => error !== null);
    expect(refused.length).toBeGreaterThan(100);
    expect(new Set(refused.map(({ error }) => error)).size).toBe(1);
    expect(refused[0]?.error).toBeInstanceOf(BufferExhaustedError);
    expect(refused[0]?.error?.message).toMatch(/2\d\d records wait/);
    jest.advanceTimersByTime(60_000);
    const failed = outcomes.filter(({ error }) => error !== null);
    expect(failed.length).toBe(399);
    expect(failed.at(0)?.error?.message).toContain('for maxBlockMs (60000 ms)');
    expect(new Set(failed.map(({ error }) => error)).size).toBe(2);
    expect(bench.metrics.read(Date.now(), {} as never)['buffer-exhausted-total']).toBe(399);
    expect(bench.send({ topic: 't', value, partition: 0 }).error).toBeNull();
  });

  it('does not refuse where brokers are connected and a loop holds the thread, but once nothing has moved', () => {
    const bench = new Bench({ config: { bufferMemory: 200_000 } });
    bench.know('t', 1);
    const value = 'v'.repeat(100_000);
    const send = (): boolean => bench.send({ topic: 't', value, partition: 0 }).error === null;
    expect(Array.from({ length: 400 }, send)).not.toContain(false);
    jest.advanceTimersByTime(50);
    expect(send()).toBe(false);
    bench.deliver();
    expect(send()).toBe(true);
  });
});

describe('while a record waits', () => {
  it('the caller may use its buffers again', () => {
    const bench = new Bench();
    const value = Buffer.from('before');
    bench.send({ topic: 't', value, partition: 0 });
    value.write('after!');
    bench.send({ topic: 't', value, partition: 0 });
    value.fill('x');
    bench.know('t', 1);
    expect(bench.queued()).toEqual({ 0: ['before', 'after!'] });
  });

  it('a partitioner is shown what was given to send, and may keep the bytes of the key', () => {
    const contexts: PartitionContext[] = [];
    const partitioner: Partitioner = {
      partition: (context) => {
        contexts.push(context);
        return 0;
      },
    };
    const bench = new Bench({ partitioner, serializer: { serialize: (_, data) => String(data) } });
    const values = Array.from({ length: 3 }, (_, index) => ({ toString: () => `v${index}` }));
    values.forEach((value, index) => bench.send({ topic: 't', key: `k${index}`, value }));
    bench.know('t', 1);
    for (let index = 0; index < 2_000; index++) bench.send({ topic: 't', key: 'other', value: 'other' });
    expect(contexts.slice(0, 3).map(({ key, keyBytes, value }) => [key, String(keyBytes), value])).toEqual(
      values.map((value, index) => [`k${index}`, `k${index}`, value]),
    );
  });

  it('interceptors and serializers are not called again', () => {
    const calls: string[] = [];
    const serializer: Serializer = {
      serialize: (_, data) => {
        calls.push(`serialize ${String(data)}`);
        return String(data);
      },
    };
    const interceptor: ProducerInterceptor = {
      onSend: (record) => {
        calls.push('onSend');
        return { ...record, value: `${String(record.value)}!` };
      },
    };
    const bench = new Bench({ serializer, interceptors: [interceptor] });
    bench.send({ topic: 't', value: 'v', partition: 0 });
    bench.know('t', 1);
    expect(calls).toEqual(['onSend', 'serialize v!']);
    expect(bench.queued()).toEqual({ 0: ['v!'] });
  });
});

describe('a record that is refused', () => {
  it.each<[string, unknown, new (...values: never[]) => Error]>([
    ['that is null', null, InvalidRecordError],
    ['that is undefined', undefined, InvalidRecordError],
    ['without a topic', { value: 'v' }, InvalidRecordError],
    ['with a wrong partition', { topic: 't', value: 'v', partition: -3 }, InvalidRecordError],
    ['that is too large', { topic: 't', value: 'v'.repeat(1_100_000) }, RecordTooLargeError],
  ])('%s has one outcome, and nothing is thrown', (_, record, type) => {
    const bench = new Bench();
    bench.know('t', 1);
    const outcome = bench.send(record);
    expect(outcome.error).toBeInstanceOf(type);
    expect(outcome.count).toBe(1);
    expect(bench.metrics.read(Date.now(), {} as never)['record-error-total']).toBe(1);
  });

  it('tells interceptors, with the topic and no partition', () => {
    const seen: unknown[] = [];
    const bench = new Bench({
      interceptors: [{ onAcknowledgement: (metadata, error) => seen.push([metadata, error]) }],
    });
    const outcome = bench.send({ topic: 't', value: 'v', timestamp: -1 });
    expect(seen).toEqual([
      [
        { topic: 't', partition: -1, offset: '-1', timestamp: -1, serializedKeySize: -1, serializedValueSize: -1 },
        outcome.error,
      ],
    ]);
  });

  it('because the producer is closed is not even seen by interceptors', () => {
    const onSend = jest.fn((record: ProducerRecord) => record);
    const bench = new Bench({ interceptors: [{ onSend }] });
    bench.refusal = new ProducerClosedError('closed');
    expect(bench.send({ topic: 't', value: 'v' }).error).toBe(bench.refusal);
    expect(onSend).not.toHaveBeenCalled();
  });
});

describe('before the accumulator exists', () => {
  it('records wait, and go on in order when it does', () => {
    const bench = new Bench();
    Reflect.set(bench.intake, 'accumulator', null);
    bench.know('t', 1);
    bench.send({ topic: 't', value: 'a', partition: 0 });
    bench.send({ topic: 't', value: 'b', partition: 0 });
    expect(bench.queued()).toEqual({});
    bench.intake.useAccumulator(bench.accumulator);
    bench.send({ topic: 't', value: 'c', partition: 0 });
    expect(bench.queued()).toEqual({ 0: ['a', 'b', 'c'] });
  });
});
