import { ConfigError } from '../../producer/errors.js';
import { KafkaError } from '../../wire/kafka-error.js';
import type { ConsumedHeader } from '../consumed-record.js';
import { consumedRecord } from '../recovery/spec-support/failed-record.js';
import { BufferDeserializer } from './buffer.deserializer.js';
import { decodeRecord } from './decode-record.js';
import type { Deserializer } from './deserializer.js';
import { Int32Deserializer } from './int32.deserializer.js';
import { JsonDeserializer } from './json.deserializer.js';
import { StringDeserializer } from './string.deserializer.js';
import { UndecodableRecordError } from './undecodable-record-error.js';

const TEXT_AND_JSON = { key: new StringDeserializer(), value: new JsonDeserializer() };

function header(key: string, value: string | Buffer | null): ConsumedHeader {
  return { key, value: typeof value === 'string' ? Buffer.from(value) : value };
}

function headersOf(...headers: ConsumedHeader[]): ReturnType<typeof decodeRecord>['headers'] {
  return decodeRecord(consumedRecord({ headers, value: null }), TEXT_AND_JSON).headers;
}

function failure(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('the record was decoded');
}

describe('decodeRecord', () => {
  it("has the shape of Nest's KafkaMessage, and says where the record stood", () => {
    const record = consumedRecord({ offset: 9_007_199_254_740_993n, value: Buffer.from('{"id":1}') });

    expect(decodeRecord(record, TEXT_AND_JSON)).toEqual({
      topic: 'orders',
      partition: 2,
      offset: '9007199254740993',
      timestamp: '1700000000000',
      key: 'key',
      value: { id: 1 },
      headers: Object.create(null),
      attributes: 0,
      magicByte: 2,
    });
  });

  it('leaves a missing key and a tombstone null, whatever the deserializers', () => {
    const never: Deserializer = {
      deserialize: () => {
        throw new Error('asked');
      },
    };
    const decoded = decodeRecord(consumedRecord({ key: null, value: null }), { key: never, value: never });

    expect(decoded).toMatchObject({ key: null, value: null });
  });

  it('tells a deserializer topic, bytes and headers', () => {
    const calls: unknown[] = [];
    const value: Deserializer = { deserialize: (...given) => calls.push(given) };
    const record = consumedRecord({ headers: [header('schema', '7')] });
    decodeRecord(record, { key: new StringDeserializer(), value });

    expect(calls).toEqual([['orders', record.value, record.headers]]);
  });

  it('makes new objects each time, so that a handler cannot change what the next attempt gets', () => {
    const record = consumedRecord({
      value: Buffer.from([1, 2]),
      headers: [header('bytes', Buffer.from([0, 1])), header('text', 'a')],
    });
    const deserializers = { key: new StringDeserializer(), value: new BufferDeserializer() };
    const first = decodeRecord(record, deserializers);
    first.value?.fill(9);
    (first.headers['bytes'] as Buffer).fill(9);
    first.headers['text'] = 'changed';

    expect(decodeRecord(record, deserializers)).toMatchObject({
      value: Buffer.from([1, 2]),
      headers: { bytes: Buffer.from([0, 1]), text: 'a' },
    });
  });

  it.each(['key', 'value'] as const)('names the record whose %s does not decode, and quotes none of it', (part) => {
    const secret = Buffer.from('secret');
    const deserializers = { ...TEXT_AND_JSON, [part]: new Int32Deserializer() };
    const error = failure(() =>
      decodeRecord(consumedRecord({ value: Buffer.from('1'), [part]: secret }), deserializers),
    );

    expect(error).toBeInstanceOf(UndecodableRecordError);
    expect(error).toBeInstanceOf(KafkaError);
    expect(error).toMatchObject({
      name: 'UndecodableRecordError',
      topic: 'orders',
      partition: 2,
      offset: '42',
      part,
      retriable: false,
      message: `The ${part} of the record at offset 42 of orders-2 does not decode: An int32 has 4 bytes, but it has 6. Use the deserializer that fits its producer.`,
    });
  });

  it("keeps what a user's deserializer has thrown as the cause, out of the message", () => {
    const cause = new Error('no schema for secret');
    class AvroDeserializer implements Deserializer {
      public deserialize(): never {
        throw cause;
      }
    }
    const error = failure(() => decodeRecord(consumedRecord(), { ...TEXT_AND_JSON, value: new AvroDeserializer() }));

    expect(error).toBeInstanceOf(UndecodableRecordError);
    expect((error as Error).cause).toBe(cause);
    expect((error as Error).message).toContain('AvroDeserializer has thrown');
    expect((error as Error).message).not.toContain('secret');
  });

  it('blames the settings, not the record, for a deserializer that gives a promise', async () => {
    class RegistryDeserializer implements Deserializer {
      public deserialize(): Promise<unknown> {
        return Promise.reject(new Error('offline'));
      }
    }
    const value = new RegistryDeserializer();
    const error = failure(() => decodeRecord(consumedRecord(), { ...TEXT_AND_JSON, value }));

    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ setting: 'valueDeserializer', value: 'RegistryDeserializer' });
    // An unhandled rejection would fail the run.
    await new Promise((resolve) => setImmediate(resolve));
  });
});

describe('the headers of a decoded record', () => {
  it('are text, also where it looks like JSON', () => {
    expect({
      ...headersOf(header('a', 'é'), header('b', '{"c":1}'), header('empty', ''), header('', 'no name')),
    }).toEqual({ a: 'é', b: '{"c":1}', empty: '', '': 'no name' });
  });

  it('stay bytes where they are not text, or begin with a zero', () => {
    const notText = Buffer.from([0xff, 0xfe]);
    const schema = Buffer.from([0, 0, 0, 7]);

    expect({ ...headersOf(header('a', notText), header('b', schema)) }).toEqual({ a: notText, b: schema });
  });

  it('are a list where a name comes several times, in their order', () => {
    const headers = headersOf(header('a', '1'), header('b', 'x'), header('a', Buffer.from([0])), header('a', '3'));

    expect({ ...headers }).toEqual({ a: ['1', Buffer.from([0]), '3'], b: 'x' });
  });

  it('are undefined without a value, which does not hide another one of the name', () => {
    const headers = headersOf(
      header('a', null),
      header('b', null),
      header('b', '1'),
      header('c', '1'),
      header('c', null),
    );

    expect({ ...headers }).toEqual({ a: undefined, b: '1', c: '1' });
    expect('a' in headers).toBe(true);
  });

  it('may have any name', () => {
    const headers = headersOf(header('__proto__', 'x'), header('constructor', 'y'), header('toString', 'z'));

    expect(Object.entries(headers)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
      ['toString', 'z'],
    ]);
    expect(Object.getPrototypeOf(headers)).toBeNull();
  });
});
