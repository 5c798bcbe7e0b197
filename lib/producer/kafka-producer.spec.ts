import { AsyncLocalStorage } from 'node:async_hooks';
import { silentLog } from '../wire/log-sink.js';
import { EmitFailureLog } from './emit-failure-log.js';
import { DeliveryTimeoutError, InvalidRecordError, SerializationError } from './errors.js';
import { KafkaProducer } from './kafka-producer.js';
import type { ProducerEngineApi } from './producer-engine-api.js';
import type { DeliveryCallback, ProducerRecord, RecordMetadata } from './record.js';
import { SendAllError } from './send-all-error.js';
import { runningStatus } from './spec-support/running-status.js';

interface Pending {
  readonly record: ProducerRecord;
  resolve(offset: string): void;
  reject(error: Error): void;
}

const metadataOf = (record: ProducerRecord, offset: string): RecordMetadata => ({
  topic: record.topic,
  partition: 0,
  offset,
  timestamp: 0,
  serializedKeySize: -1,
  serializedValueSize: 1,
});

/** An engine whose records settle when the test says so. */
class ManualEngine implements ProducerEngineApi {
  public readonly pending: Pending[] = [];
  public readonly start = (): Promise<void> => Promise.resolve();
  public readonly close = (): Promise<void> => Promise.resolve();
  public readonly flush = (): Promise<void> => Promise.resolve();
  public readonly partitionsFor = (): Promise<[]> => Promise.resolve([]);
  public readonly status = () => runningStatus();
  public readonly topicsInUse = (): [] => [];
  public readonly describeTopics = (): Promise<[]> => Promise.resolve([]);
  public readonly metrics = (): Record<string, number> => ({ 'record-send-total': this.pending.length });

  public send(record: ProducerRecord): Promise<RecordMetadata> {
    return new Promise((resolve, reject) => {
      this.pending.push({ record, resolve: (offset) => resolve(metadataOf(record, offset)), reject });
    });
  }

  public sendWithCallback(record: ProducerRecord, callback: DeliveryCallback): void {
    this.pending.push({
      record,
      resolve: (offset) => callback(null, metadataOf(record, offset)),
      reject: (error) => callback(error, metadataOf(record, '-1')),
    });
  }
}

function setUp() {
  const engine = new ManualEngine();
  const lines: string[] = [];
  const failures = new EmitFailureLog({ ...silentLog, error: (line) => void lines.push(line) });
  return { engine, lines, producer: new KafkaProducer({ engine }, failures) };
}

const record = (value: string): ProducerRecord => ({ topic: 'orders', value });

describe('KafkaProducer', () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);

  beforeAll(() => process.on('unhandledRejection', onUnhandled));
  afterAll(() => {
    process.off('unhandledRejection', onUnhandled);
  });
  afterEach(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled.splice(0)).toEqual([]);
  });

  describe('send', () => {
    it("returns the engine's own promise", async () => {
      const { engine, producer } = setUp();
      const sent = producer.send(record('a'));
      engine.pending[0]?.resolve('7');

      await expect(sent).resolves.toMatchObject({ topic: 'orders', offset: '7' });
    });

    it('calls back instead when given a callback', () => {
      const { engine, producer } = setUp();
      const calls: unknown[] = [];

      expect(producer.send(record('a'), (error, metadata) => calls.push([error, metadata.offset]))).toBeUndefined();
      engine.pending[0]?.resolve('7');
      expect(calls).toEqual([[null, '7']]);
    });

    it('calls back in the context of the call, whichever one ends them all', () => {
      const { engine, producer } = setUp();
      const caller = new AsyncLocalStorage<string>();
      const seen: (string | undefined)[] = [];
      for (const name of ['one', 'other']) {
        caller.run(name, () => producer.send(record(name), () => seen.push(caller.getStore())));
      }
      caller.run('neither', () => {
        for (const { resolve } of engine.pending) resolve('7');
      });
      expect(seen).toEqual(['one', 'other']);
    });

    it('takes no index of an array for a callback', () => {
      const { engine, producer } = setUp();
      const sends = [record('a'), record('b')].map((entry, index) =>
        producer.send(entry, index as unknown as DeliveryCallback),
      );

      expect(sends).toEqual([expect.any(Promise), expect.any(Promise)]);
      expect(engine.pending).toHaveLength(2);
    });

    it('asks its host for the engine at every call, as it changes with the start', () => {
      const { engine } = setUp();
      const host = { engine: new ManualEngine() };
      const producer = new KafkaProducer(host, new EmitFailureLog(silentLog));
      host.engine = engine;
      void producer.send(record('a'));

      expect(engine.pending).toHaveLength(1);
    });
  });

  describe('emit', () => {
    it('returns nothing and counts and logs the failures', () => {
      const { engine, lines, producer } = setUp();

      expect(producer.emit(record('secret'))).toBeUndefined();
      producer.emit(record('secret'));
      engine.pending[0]?.resolve('1');
      engine.pending[1]?.reject(new DeliveryTimeoutError('120000 ms have passed'));
      expect(producer.metrics()).toEqual({ 'record-send-total': 2, 'emit-error-total': 1 });
      expect(lines).toEqual([expect.stringContaining('DeliveryTimeoutError: 120000 ms have passed')]);
      expect(lines.join('')).not.toContain('secret');
    });

    it.each([record('a'), undefined, null, 5, {}])('does not throw for %p even if the engine does', (given) => {
      const { engine, producer } = setUp();
      engine.sendWithCallback = () => {
        throw new TypeError('broken');
      };

      expect(() => producer.emit(given as ProducerRecord)).not.toThrow();
      expect(producer.metrics()['emit-error-total']).toBe(1);
    });
  });

  describe('sendAll', () => {
    it('sends all in order before the first has settled, and returns their metadata in that order', async () => {
      const { engine, producer } = setUp();
      const sent = producer.sendAll(new Set([record('a'), record('b'), record('c')]));
      expect(engine.pending.map((pending) => pending.record.value)).toEqual(['a', 'b', 'c']);
      for (const index of [2, 0, 1]) engine.pending[index]?.resolve(String(index));

      expect((await sent).map((metadata) => metadata.offset)).toEqual(['0', '1', '2']);
    });

    it('rejects only after all have settled, with the result of each', async () => {
      const { engine, producer } = setUp();
      let settled = false;
      const sent = producer.sendAll([record('a'), record('b'), record('c')]).catch((error: unknown) => {
        settled = true;
        return error;
      });
      const first = new SerializationError('no JSON');
      engine.pending[0]?.reject(first);
      engine.pending[1]?.resolve('5');
      await new Promise((resolve) => setImmediate(resolve));
      expect(settled).toBe(false);

      const second = new DeliveryTimeoutError('late');
      engine.pending[2]?.reject(second);
      const error = await sent;
      expect(error).toBeInstanceOf(SendAllError);
      expect(error).toMatchObject({
        name: 'SendAllError',
        retriable: false,
        cause: first,
        errors: [first, second],
        results: [{ status: 'rejected' }, { status: 'fulfilled', value: { offset: '5' } }, { status: 'rejected' }],
        message: expect.stringContaining('2 of 3 records failed') as unknown,
      });
    });

    it('reports what was sent when the records break off', async () => {
      const { engine, producer } = setUp();
      const broken = new Error('cursor closed');
      function* records() {
        yield record('a');
        yield record('b');
        throw broken;
      }
      const sent = producer.sendAll(records());
      engine.pending[0]?.resolve('1');
      engine.pending[1]?.reject(new DeliveryTimeoutError('late'));

      await expect(sent).rejects.toMatchObject({
        name: 'SendAllError',
        cause: broken,
        results: [{ status: 'fulfilled' }, { status: 'rejected' }],
      });
    });

    it('takes no records for none, and refuses what is not iterable', async () => {
      const { producer } = setUp();

      await expect(producer.sendAll([])).resolves.toEqual([]);
      for (const wrong of [undefined, null, 5, record('a')]) {
        await expect(producer.sendAll(wrong as never)).rejects.toBeInstanceOf(InvalidRecordError);
      }
    });
  });
});
