import { jest } from '@jest/globals';
import {
  ConfigError,
  DeliveryError,
  InvalidPartitionError,
  InvalidRecordError,
  type PartitionContext,
  ProducerClosedError,
  ProducerFatalError,
  type ProducerInterceptor,
  type ProducerRecord,
  RecordTooLargeError,
  type RecordMetadata,
  RoundRobinPartitioner,
  SendAllError,
  SerializationError,
  murmur2,
  toPositive,
} from '../../index.js';
import { RecordingLog } from '../../../test/support/recording-log.js';
import { RecordingKafkaProducer } from './recording-kafka-producer.js';

describe('RecordingKafkaProducer', () => {
  let log: RecordingLog;
  let producer: RecordingKafkaProducer;

  beforeEach(() => {
    log = new RecordingLog();
    producer = new RecordingKafkaProducer({ log });
  });

  /** Whether a promise has settled, once all that can go on without the test has. */
  async function isSettled(promise: Promise<unknown>): Promise<boolean> {
    let settled = false;
    const settle = (): void => void (settled = true);
    promise.then(settle, settle);
    await new Promise((resolve) => setImmediate(resolve));
    return settled;
  }

  describe('records', () => {
    it('keeps what was given, and the bytes that would have been sent', async () => {
      const value = { total: 10 };
      await producer.send({ topic: 'orders', key: '42', value, headers: { trace: 'abc' }, timestamp: 1_000 });
      expect(producer.records).toMatchObject([
        {
          topic: 'orders',
          partition: 0,
          key: '42',
          value,
          headers: { trace: 'abc' },
          timestamp: 1_000,
          serializedKey: Buffer.from('42'),
          serializedValue: Buffer.from('{"total":10}'),
          state: 'stored',
          offset: '0',
          error: null,
          transaction: null,
        },
      ]);
      expect(producer.records[0]?.value).toBe(value);
    });

    it('keeps null for no key and for a tombstone', async () => {
      const metadata = await producer.send({ topic: 'orders', value: null });
      expect(producer.records).toMatchObject([{ key: null, value: null, serializedKey: null, serializedValue: null }]);
      expect(metadata).toMatchObject({ serializedKeySize: -1, serializedValueSize: -1 });
    });

    it('does not let later changes of the value reach the serialized one', async () => {
      const bytes = Buffer.from('before');
      await producer.send({ topic: 'orders', value: bytes });
      bytes.write('after!');
      expect(String(producer.records[0]?.serializedValue)).toBe('before');
    });

    it('has a record as soon as it was sent, awaited or not, in the order of the calls', () => {
      producer.emit({ topic: 'orders', value: 'a' });
      producer.send({ topic: 'orders', value: 'b' }, () => undefined);
      void producer.send({ topic: 'orders', value: 'c' });
      void producer.sendAll(['d', 'e'].map((value) => ({ topic: 'orders', value })));
      expect(producer.records.map(({ value }) => value)).toEqual(['a', 'b', 'c', 'd', 'e']);
    });

    it('tells the sender where it is stored, with offsets that count up in each partition', async () => {
      producer = new RecordingKafkaProducer({ partitions: { orders: 2 } });
      const stored: RecordMetadata[] = [];
      for (const [topic, partition] of [
        ['orders', 0],
        ['orders', 1],
        ['orders', 0],
        ['other', 0],
      ] as const) {
        stored.push(await producer.send({ topic, partition, value: 'x' }));
      }
      expect(stored.map(({ offset, partition, topic }) => `${topic}-${partition}:${offset}`)).toEqual([
        'orders-0:0',
        'orders-1:0',
        'orders-0:1',
        'other-0:0',
      ]);
    });

    it('gives lists that do not change under the reader', async () => {
      const { records, sent, transactions } = producer;
      await producer.transaction(() => producer.send({ topic: 'orders', value: 'a' }));
      expect([records, sent, transactions]).toEqual([[], [], []]);
    });

    it('shows a record without the machinery behind it', async () => {
      await producer.transaction(() => producer.send({ topic: 'orders', value: 'a' }));
      expect(Object.keys(producer.records[0] ?? {}).sort()).toEqual(
        [
          'error',
          'headers',
          'key',
          'offset',
          'partition',
          'serializedKey',
          'serializedValue',
          'state',
          'timestamp',
          'topic',
          'value',
        ].sort(),
      );
    });
  });

  describe('what the real producer refuses', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;

    it.each<[string, ProducerRecord, new (message: string) => Error]>([
      ['a value that cannot be serialized', { topic: 'orders', value: circular }, SerializationError],
      ['an undefined value', { topic: 'orders', value: undefined }, SerializationError],
      ['a key that is no text, bytes, number or boolean', { topic: 'orders', key: {}, value: 1 }, SerializationError],
      ['no topic', { topic: '', value: 1 }, InvalidRecordError],
      ['a wrong timestamp', { topic: 'orders', value: 1, timestamp: -1 }, InvalidRecordError],
      ['a record that is too large', { topic: 'orders', value: 'x'.repeat(2_000_000) }, RecordTooLargeError],
      ['a partition that the topic does not have', { topic: 'orders', value: 1, partition: 1 }, InvalidPartitionError],
    ])('is refused: %s', async (_what, record, error) => {
      await expect(producer.send(record)).rejects.toThrow(error);
      expect(producer.sent).toEqual([]);
    });

    it('is refused: a record that throws when it is read', async () => {
      const record = {
        topic: 'orders',
        get value(): string {
          throw new TypeError('no value yet');
        },
      };
      await expect(producer.send(record)).rejects.toMatchObject({
        name: 'InvalidRecordError',
        cause: new TypeError('no value yet'),
      });
    });

    it.each([
      [{ producer: { acks: 1 as const } }, /acks/],
      [{ transactions: { poolSize: 0 } }, /poolSize/],
      [{ partitions: 0 }, /partitions/],
      [{ partitions: { orders: 1.5 } }, /partitions/],
    ])('options as %j, with ConfigError', (options, message) => {
      expect(() => new RecordingKafkaProducer(options)).toThrow(ConfigError);
      expect(() => new RecordingKafkaProducer(options)).toThrow(message);
    });
  });

  describe('parts', () => {
    it('spreads keys over the partitions as Kafka does, and puts records without a key into partition 0', async () => {
      producer = new RecordingKafkaProducer({ partitions: 7 });
      const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
      await producer.sendAll(keys.map((key) => ({ topic: 'orders', key, value: 1 })));
      await producer.send({ topic: 'orders', value: 1 });
      expect(producer.records.map(({ partition }) => partition)).toEqual([
        ...keys.map((key) => toPositive(murmur2(Buffer.from(key))) % 7),
        0,
      ]);
    });

    it('uses serializers by name, and as instances', async () => {
      producer = new RecordingKafkaProducer({
        producer: {
          keySerializer: 'int32',
          valueSerializer: { serialize: (topic, data) => `${topic}:${String(data)}` },
        },
      });
      await producer.send({ topic: 'orders', key: 1, value: 2 });
      expect(producer.records).toMatchObject([
        { serializedKey: Buffer.from([0, 0, 0, 1]), serializedValue: Buffer.from('orders:2') },
      ]);
    });

    it('asks a partitioner of the user once per record, and tells it of each batch', async () => {
      const seen: PartitionContext[] = [];
      const batches: number[] = [];
      const partitioner = {
        partition: (context: PartitionContext) => seen.push(context),
        onNewBatch: (_topic: string, _cluster: unknown, partition: number) => void batches.push(partition),
      };
      producer = new RecordingKafkaProducer({ partitions: 9, producer: { partitioner } });
      await producer.sendAll(['a', 'b'].map((key) => ({ topic: 'orders', key, value: 1 })));
      expect(seen).toMatchObject([{ key: 'a', keyBytes: Buffer.from('a') }, { key: 'b' }]);
      expect(seen[0]?.cluster.partitionCount('orders')).toBe(9);
      expect(producer.records.map(({ partition }) => partition)).toEqual([1, 2]);
      expect(batches).toEqual([1, 2]);
    });

    it('makes a part that is given as a class, unless that needs something', () => {
      class NeedsALogger {
        public constructor(public readonly logger: object) {}
        public partition(): number {
          return 0;
        }
      }
      expect(() => new RecordingKafkaProducer({ producer: { partitioner: RoundRobinPartitioner } })).not.toThrow();
      expect(() => new RecordingKafkaProducer({ producer: { partitioner: NeedsALogger } })).toThrow(
        /NeedsALogger.*instance/,
      );
    });

    it.each([
      ['gives a wrong partition', () => 5, /names partition 5/],
      [
        'throws',
        () => {
          throw new Error('no ring');
        },
        /no ring/,
      ],
    ])('fails a record whose partitioner %s', async (_what, partition, message) => {
      producer = new RecordingKafkaProducer({ producer: { partitioner: { partition } } });
      const sent = producer.send({ topic: 'orders', value: 1 });
      await expect(sent).rejects.toThrow(InvalidPartitionError);
      await expect(sent).rejects.toThrow(message);
    });

    it('runs interceptors before serialization and after the outcome, and closes all parts once', async () => {
      const outcomes: unknown[] = [];
      let closed = 0;
      const interceptor: ProducerInterceptor = {
        onSend: (record) => ({ ...record, headers: { by: 'interceptor' } }),
        onAcknowledgement: ({ offset }, error) => void outcomes.push([offset, error?.name ?? null]),
        close: () => void (closed += 1),
      };
      producer = new RecordingKafkaProducer({ producer: { interceptors: [interceptor] } });
      await producer.send({ topic: 'orders', value: 1 });
      producer.failNext('send');
      await producer.transaction(() => producer.send({ topic: 'orders', value: 2 })).catch(() => undefined);
      await producer.send({ topic: 'orders', value: undefined }).catch(() => undefined);
      expect(producer.records).toMatchObject([{ headers: { by: 'interceptor' } }]);
      expect(outcomes).toEqual([
        ['0', null],
        ['-1', 'DeliveryError'],
        ['-1', 'SerializationError'],
      ]);
      await producer.close();
      await producer.close();
      expect(closed).toBe(1);
    });

    it('lets what an interceptor sends after an outcome belong to no transaction', async () => {
      const interceptor: ProducerInterceptor = {
        onAcknowledgement: ({ topic }) => {
          if (topic === 'orders') producer.emit({ topic: 'audit', value: 1 });
        },
      };
      producer = new RecordingKafkaProducer({ producer: { interceptors: [interceptor] } });
      await producer.transaction(() => producer.send({ topic: 'orders', value: 1 }));
      expect(producer.sent).toMatchObject([
        { topic: 'orders', transaction: { id: 1 } },
        { topic: 'audit', transaction: null },
      ]);
    });

    it('shows the partitions of a topic', async () => {
      producer = new RecordingKafkaProducer({ partitions: { orders: 3 } });
      expect(await producer.partitionsFor('orders')).toMatchObject([
        { partition: 0 },
        { partition: 1 },
        { partition: 2 },
      ]);
      expect(await producer.partitionsFor('other')).toHaveLength(1);
    });
  });

  describe('scripted failures of send', () => {
    it('fails the next record, with an error of the real class', async () => {
      const failure = producer.failNext('send');
      const failed = producer.send({ topic: 'orders', value: 'a' });
      await expect(failed).rejects.toMatchObject({ name: 'DeliveryError', topic: 'orders', partition: 0 });
      await producer.send({ topic: 'orders', value: 'b' });
      expect(failure.count).toBe(1);
      expect(producer.records).toMatchObject([{ value: 'b', offset: '0' }]);
      expect(producer.sent).toMatchObject([
        { value: 'a', state: 'failed', offset: '-1', error: expect.any(DeliveryError) },
        { value: 'b', state: 'stored' },
      ]);
    });

    it('fails with the error given, in the order of the wishes', async () => {
      const [first, second] = [new RecordTooLargeError('first'), new Error('second')];
      producer.failNext('send', first);
      producer.failNext('send', second);
      const results = await Promise.allSettled(
        ['a', 'b', 'c'].map((value) => producer.send({ topic: 'orders', value })),
      );
      expect(results).toMatchObject([{ reason: first }, { reason: second }, { status: 'fulfilled' }]);
    });

    it('fails records that meet a condition: the n-th, so many times', async () => {
      const failure = producer.failWhen('send', ({ topic }) => topic === 'audit', { nth: 2, times: 2 });
      const topics = ['audit', 'orders', 'audit', 'audit', 'orders', 'audit'];
      const results = await Promise.allSettled(topics.map((topic) => producer.send({ topic, value: 1 })));
      expect(results.map(({ status }) => status === 'rejected')).toEqual([false, false, true, true, false, false]);
      expect(failure.count).toBe(2);
    });

    it('goes on failing without a limit, until the failure is removed or all is cleared', async () => {
      const failure = producer.failWhen('send', () => true);
      await expect(producer.send({ topic: 'orders', value: 1 })).rejects.toThrow(DeliveryError);
      await expect(producer.send({ topic: 'orders', value: 2 })).rejects.toThrow(DeliveryError);
      failure.remove();
      await producer.send({ topic: 'orders', value: 3 });
      producer.failWhen('send', () => true);
      producer.clear();
      await producer.send({ topic: 'orders', value: 4 });
      expect(producer.records.map(({ value }) => value)).toEqual([4]);
    });

    it('lets the test know of a condition that throws', async () => {
      producer.failWhen('send', () => {
        throw new TypeError('wrong condition');
      });
      await expect(producer.send({ topic: 'orders', value: 1 })).rejects.toThrow('wrong condition');
    });

    it.each([{ nth: 0 }, { times: 0 }])('refuses %j', (options) => {
      expect(() => producer.failWhen('send', () => true, options)).toThrow(RangeError);
    });

    it('reaches a callback, emit and sendAll as it would in reality', async () => {
      producer.failWhen('send', ({ value }) => value === 'bad');
      const called = new Promise((resolve) => {
        producer.send({ topic: 'orders', value: 'bad' }, (error, { offset, topic }) =>
          resolve([error?.name, topic, offset]),
        );
      });
      expect(await called).toEqual(['DeliveryError', 'orders', '-1']);
      producer.emit({ topic: 'orders', value: 'bad' });
      await producer.flush();
      expect(producer.metrics()).toMatchObject({
        'emit-error-total': 1,
        'record-error-total': 2,
        'record-send-total': 0,
      });
      await expect(producer.sendAll(['good', 'bad'].map((value) => ({ topic: 'orders', value })))).rejects.toThrow(
        SendAllError,
      );
    });

    it('fails all that comes after a fatal one', async () => {
      producer.failNext('send', new ProducerFatalError('no rights'));
      await expect(producer.send({ topic: 'orders', value: 1 })).rejects.toThrow('no rights');
      await expect(producer.send({ topic: 'orders', value: 2 })).rejects.toThrow('no rights');
      expect(producer.status().state).toBe('failed');
    });
  });

  describe('callbacks', () => {
    it('are called later, in order, and what they throw is logged', async () => {
      const called: string[] = [];
      for (const value of ['a', 'b']) {
        producer.send({ topic: 'orders', value }, (_error, { offset }) => {
          called.push(offset);
          throw new Error('in the callback');
        });
      }
      expect(called).toEqual([]);
      await producer.flush();
      expect(called).toEqual(['0', '1']);
      expect(log.lines.filter((line) => line.includes('in the callback'))).toHaveLength(2);
    });

    it('are called with Jest fake timers too', async () => {
      jest.useFakeTimers();
      try {
        const called = new Promise((resolve) => {
          producer.send({ topic: 'orders', value: 1 }, resolve);
        });
        expect(await called).toBeNull();
        await producer.transaction(() => producer.emit({ topic: 'orders', value: 2 }));
        expect(jest.getTimerCount()).toBe(0);
      } finally {
        jest.useRealTimers();
      }
    });
  });

  describe('with autoComplete: false', () => {
    beforeEach(() => {
      producer = new RecordingKafkaProducer({ autoComplete: false, log });
    });

    it('stores a record when the test says so, the oldest first', async () => {
      const [a, b] = ['a', 'b'].map((value) => producer.send({ topic: 'orders', value }));
      expect(producer.pendingSends).toBe(2);
      expect(producer.sent).toMatchObject([{ state: 'pending', offset: '-1' }, { state: 'pending' }]);
      expect(producer.records).toEqual([]);
      expect(producer.completeNext()).toBe(true);
      await expect(a).resolves.toMatchObject({ offset: '0' });
      expect(producer.errorNext(new DeliveryError('refused'))).toBe(true);
      await expect(b).rejects.toThrow('refused');
      expect(producer.records).toMatchObject([{ value: 'a' }]);
      expect([producer.completeNext(), producer.errorNext(new Error('none'))]).toEqual([false, false]);
    });

    it('fails a record that is completed where the script says so', async () => {
      producer.failNext('send');
      const sent = producer.send({ topic: 'orders', value: 'a' });
      producer.completeNext();
      await expect(sent).rejects.toThrow(DeliveryError);
    });

    it('lets flush wait for what was sent before, and its callbacks', async () => {
      const called: unknown[] = [];
      producer.send({ topic: 'orders', value: 'a' }, (error) => called.push(error));
      const flushed = producer.flush();
      producer.emit({ topic: 'orders', value: 'b' });
      expect(await isSettled(flushed)).toBe(false);
      producer.completeNext();
      await flushed;
      expect(called).toEqual([null]);
      expect(producer.pendingSends).toBe(1);
    });

    it('lets a transaction wait for its records before the commit', async () => {
      const committed = producer.transaction(() => producer.emit({ topic: 'orders', value: 'a' }));
      expect(await isSettled(committed)).toBe(false);
      expect(producer.transactions).toMatchObject([{ state: 'begun' }]);
      producer.completeNext();
      await committed;
      expect(producer.transactions).toMatchObject([{ state: 'committed' }]);
    });

    it('aborts a transaction whose record fails', async () => {
      const aborted = producer.transaction(() => producer.emit({ topic: 'orders', value: 'a' }));
      await isSettled(aborted);
      producer.errorNext(new DeliveryError('refused'));
      await expect(aborted).rejects.toMatchObject({
        name: 'TransactionAbortedError',
        cause: new DeliveryError('refused'),
      });
    });

    it('drops what waits when its transaction aborts', async () => {
      const sends: Promise<unknown>[] = [];
      const failed = producer.transaction(() => {
        sends.push(producer.send({ topic: 'orders', value: 'a' }));
        throw new Error('changed my mind');
      });
      await expect(failed).rejects.toThrow('changed my mind');
      await expect(sends[0]).rejects.toMatchObject({ name: 'TransactionAbortedError' });
      expect(producer.pendingSends).toBe(0);
    });

    it('fails what waits when the producer closes', async () => {
      const sent = producer.send({ topic: 'orders', value: 'a' });
      const closing = producer.close();
      await expect(sent).rejects.toThrow(ProducerClosedError);
      await closing;
    });
  });

  describe('close', () => {
    it('refuses all that comes later', async () => {
      expect(producer.status().state).toBe('running');
      await producer.close();
      expect(producer.status().state).toBe('closed');
      await expect(producer.send({ topic: 'orders', value: 1 })).rejects.toThrow(ProducerClosedError);
      await expect(producer.transaction(() => undefined)).rejects.toThrow(ProducerClosedError);
      await expect(producer.partitionsFor('orders')).rejects.toThrow(ProducerClosedError);
      expect(producer.sent).toEqual([]);
    });

    it('aborts a transaction that runs, and its later sends', async () => {
      let signal: AbortSignal | undefined;
      let goOn: () => void = () => undefined;
      const stopped = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const late: Promise<unknown>[] = [];
      const running = producer.transaction(async (transaction) => {
        ({ signal } = transaction);
        await producer.send({ topic: 'orders', value: 1 });
        await stopped;
        late.push(producer.send({ topic: 'orders', value: 2 }));
      });
      await isSettled(running);
      const closing = producer.close();
      await expect(running).rejects.toMatchObject({
        name: 'TransactionAbortedError',
        cause: expect.any(ProducerClosedError),
      });
      await closing;
      expect(signal?.aborted).toBe(true);
      expect(producer.aborted).toMatchObject([{ value: 1 }]);
      goOn();
      await isSettled(stopped);
      await expect(late[0]).rejects.toMatchObject({ name: 'TransactionEndedError' });
    });
  });

  describe('clear', () => {
    it('forgets what was recorded, and goes on with the offsets', async () => {
      await producer.transaction(() => producer.send({ topic: 'orders', value: 1 }));
      producer.clear();
      expect([producer.records, producer.sent, producer.committed, producer.transactions]).toEqual([[], [], [], []]);
      expect(await producer.send({ topic: 'orders', value: 2 })).toMatchObject({ offset: '1' });
    });
  });

  it('is transparent to loggers, like the real one', () => {
    expect(JSON.stringify(producer)).toBe('{"state":"running"}');
  });
});
