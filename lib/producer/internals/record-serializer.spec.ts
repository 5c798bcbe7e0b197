import { KafkaError } from '../../wire/kafka-error.js';
import { InvalidRecordError, RecordTooLargeError, SerializationError } from '../errors.js';
import type { ProducerConfig } from '../producer-config.js';
import type { ProducerRecord } from '../record.js';
import { JsonSerializer } from '../serializers/json.serializer.js';
import { RawBytes } from '../serializers/raw-bytes.js';
import type { Serializer } from '../serializers/serializer.js';
import { RecordSerializer } from './record-serializer.js';
import { testConfig } from './spec-support/producer-test-config.js';

const NOW = 1_700_000_000_000;
const PLAIN: Serializer = { serialize: (_, data) => data as string };

function serializer(config: Partial<ProducerConfig> = {}, value = PLAIN, key = PLAIN): RecordSerializer {
  return new RecordSerializer({ config: testConfig(config), keySerializer: key, valueSerializer: value });
}

function serialize(record: unknown, config?: Partial<ProducerConfig>): ReturnType<RecordSerializer['serialize']> {
  return serializer(config).serialize(record as ProducerRecord, NOW);
}

describe('a record', () => {
  it('becomes bytes with their sizes', () => {
    expect(serialize({ topic: 't', key: 'ä', value: 'wörld', headers: { h: 'x' } })).toMatchObject({
      topic: 't',
      timestamp: NOW,
      key: Buffer.from('ä'),
      keySize: 2,
      value: 'wörld',
      valueSize: 6,
      headers: { count: 1 },
    });
  });

  it('may have no key, an empty key, no value, an empty value', () => {
    expect(serialize({ topic: 't', value: null })).toMatchObject({
      key: null,
      keySize: -1,
      value: null,
      valueSize: -1,
    });
    expect(serialize({ topic: 't', key: null, value: '' })).toMatchObject({ key: null, valueSize: 0 });
    expect(serialize({ topic: 't', key: '', value: Buffer.alloc(0) })).toMatchObject({
      key: Buffer.alloc(0),
      keySize: 0,
      valueSize: 0,
    });
  });

  it('may bring bytes as any view', () => {
    const whole = new Uint8Array([9, 1, 2, 9]);
    const view = whole.subarray(1, 3);
    expect(serialize({ topic: 't', key: view, value: view })).toMatchObject({ key: Buffer.from([1, 2]), valueSize: 2 });
  });

  it('may bring bytes that no serializer touches', () => {
    const bytes = Buffer.from([0, 1, 255]);
    const json = new JsonSerializer();
    const record = { topic: 't', key: new RawBytes(bytes), value: new RawBytes(bytes) };
    expect(serializer({}, json, json).serialize(record, NOW)).toMatchObject({ key: bytes, value: bytes, valueSize: 3 });
  });

  it.each<[unknown, number]>([
    [undefined, NOW],
    [0, 0],
    [1_234, 1_234],
    [new Date(5_678), 5_678],
    [8_640_000_000_000_000, 8_640_000_000_000_000],
  ])('has the timestamp %p as %i', (timestamp, milliseconds) => {
    expect(serialize({ topic: 't', value: 'v', timestamp }).timestamp).toBe(milliseconds);
  });

  it('calls each serializer once, with topic and data, and none for null', () => {
    const calls: unknown[] = [];
    const recording = (what: string): Serializer => ({
      serialize: (topic, data) => {
        calls.push([what, topic, data]);
        return 's';
      },
    });
    const value = { id: 1 };
    serializer({}, recording('value'), recording('key')).serialize({ topic: 't', key: 7, value }, NOW);
    serializer({}, recording('value'), recording('key')).serialize({ topic: 't', key: null, value: null }, NOW);
    expect(calls).toEqual([
      ['key', 't', 7],
      ['value', 't', value],
    ]);
  });

  it('may get no key and no value from its serializers', () => {
    const none: Serializer = { serialize: () => null };
    expect(serializer({}, none, none).serialize({ topic: 't', key: 'k', value: 'v' }, NOW)).toMatchObject({
      key: null,
      value: null,
    });
  });
});

describe('a record is refused with InvalidRecordError', () => {
  it.each<[string, unknown]>([
    ['when it is undefined', undefined],
    ['when it is null', null],
    ['when it is a text', 'orders'],
    ['when it is a number', 7],
    ['without a topic', { value: 'v' }],
    ['with an empty topic', { topic: '', value: 'v' }],
    ['with a topic that is no text', { topic: 7, value: 'v' }],
    ['with a topic longer than Kafka allows', { topic: 't'.repeat(250), value: 'v' }],
    ['with a negative partition', { topic: 't', partition: -1, value: 'v' }],
    ['with half a partition', { topic: 't', partition: 0.5, value: 'v' }],
    ['with a partition that is no number', { topic: 't', partition: '0', value: 'v' }],
    ['with the partition NaN', { topic: 't', partition: Number.NaN, value: 'v' }],
    ['with the partition null', { topic: 't', partition: null, value: 'v' }],
    ['with a partition that does not fit 32 bits', { topic: 't', partition: 2 ** 31, value: 'v' }],
    ['with a negative timestamp', { topic: 't', timestamp: -1, value: 'v' }],
    ['with half a timestamp', { topic: 't', timestamp: 0.5, value: 'v' }],
    ['with the timestamp NaN', { topic: 't', timestamp: Number.NaN, value: 'v' }],
    ['with the timestamp Infinity', { topic: 't', timestamp: Number.POSITIVE_INFINITY, value: 'v' }],
    ['with a timestamp in microseconds', { topic: 't', timestamp: 8_640_000_000_000_001, value: 'v' }],
    ['with an invalid Date', { topic: 't', timestamp: new Date('never'), value: 'v' }],
    ['with a timestamp in words', { topic: 't', timestamp: '2024-01-01', value: 'v' }],
    ['with the timestamp null', { topic: 't', timestamp: null, value: 'v' }],
    ['with headers that are none', { topic: 't', headers: 'h', value: 'v' }],
    ['with the headers null', { topic: 't', headers: null, value: 'v' }],
  ])('%s', (_, record) => {
    expect(() => serialize(record)).toThrow(InvalidRecordError);
  });

  it('but not with a topic of exactly 249 characters', () => {
    expect(serialize({ topic: 't'.repeat(249), value: 'v' }).topic).toHaveLength(249);
  });
});

describe('a record is refused with SerializationError', () => {
  it('without a value', () => {
    expect(() => serialize({ topic: 't' })).toThrow(SerializationError);
    expect(() => serialize({ topic: 't', value: undefined })).toThrow(/null for a tombstone/);
  });

  it('when a serializer throws, with its error as the cause', () => {
    const cause = new TypeError('Converting circular structure');
    const broken: Serializer = {
      serialize: () => {
        throw cause;
      },
    };
    for (const [part, made] of [
      ['value', serializer({}, broken)],
      ['key', serializer({}, PLAIN, broken)],
    ] as const) {
      const attempt = (): unknown => made.serialize({ topic: 't', key: 'k', value: 'v' }, NOW);
      expect(attempt).toThrow(SerializationError);
      expect(attempt).toThrow(new RegExp(`${part}.*circular`));
    }
  });

  it('but an error of this library’s own comes as it is', () => {
    const own = new KafkaError('schema registry says no');
    const broken: Serializer = {
      serialize: () => {
        throw own;
      },
    };
    expect(() => serializer({}, broken).serialize({ topic: 't', value: 'v' }, NOW)).toThrow(own);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a number', 7],
    ['an object', { a: 1 }],
    ['a promise', Promise.resolve('late')],
    ['an ArrayBuffer', new ArrayBuffer(2)],
  ])('when a serializer gives %s', (_, result) => {
    const odd: Serializer = { serialize: () => result as string };
    expect(() => serializer({}, odd).serialize({ topic: 't', value: 'v' }, NOW)).toThrow(SerializationError);
    expect(() => serializer({}, PLAIN, odd).serialize({ topic: 't', key: 'k', value: 'v' }, NOW)).toThrow(
      SerializationError,
    );
  });
});

describe('a record is refused with RecordTooLargeError', () => {
  it('above max.request.size, to the byte (producer-semantics 2.3)', () => {
    const fits = { topic: 't', value: Buffer.alloc(1_048_489) };
    const tooLarge = { topic: 't', value: Buffer.alloc(1_048_490) };
    expect(serialize(fits).sizeUpperBound).toBe(1_048_576);
    expect(() => serialize(tooLarge)).toThrow(RecordTooLargeError);
    expect(() => serialize(tooLarge)).toThrow(/1048577 bytes.*maxRequestSize \(1048576\)/);
  });

  it('above buffer.memory, which then is the one that is named', () => {
    expect(() => serialize({ topic: 't', value: Buffer.alloc(1_000) }, { bufferMemory: 1_000 })).toThrow(
      /bufferMemory \(1000\)/,
    );
  });

  it('counting key and headers', () => {
    const headers = { h: 'x'.repeat(600) };
    expect(() =>
      serialize({ topic: 't', key: 'k'.repeat(600), value: 'v', headers }, { maxRequestSize: 1_200 }),
    ).toThrow(RecordTooLargeError);
  });
});
