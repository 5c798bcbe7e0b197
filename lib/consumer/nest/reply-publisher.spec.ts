import { UnknownTopicError } from '../../producer/errors.js';
import type { KafkaProducer } from '../../producer/kafka-producer.js';
import type { ConsumedRecord } from '../consumed-record.js';
import { encodeReply, encodeReplyError } from './encode-reply.js';
import { ReplyError } from './reply-error.js';
import { publishReply, replyAddress } from './reply-publisher.js';

const requestWith = (headers: Readonly<Record<string, string | Buffer | null>>): ConsumedRecord =>
  ({
    headers: Object.entries(headers).map(([key, value]) => ({
      key,
      value: typeof value === 'string' ? Buffer.from(value) : value,
    })),
  }) as unknown as ConsumedRecord;

const failingWith = (error: Error): KafkaProducer =>
  ({ send: () => Promise.reject(error) }) as unknown as KafkaProducer;

const ADDRESS = { topic: 'reply', partition: 3, correlationId: Buffer.from('id') };

describe('replyAddress', () => {
  it('keeps the correlation id byte for byte, and takes the partition when it is a number', () => {
    const id = Buffer.from([0, 255, 1]);
    const address = { kafka_correlationId: id, kafka_replyTopic: 'reply' };
    expect(replyAddress(requestWith(address))).toEqual({ topic: 'reply', partition: undefined, correlationId: id });
    expect(replyAddress(requestWith({ ...address, kafka_replyPartition: '12' }))).toMatchObject({ partition: 12 });
    expect(replyAddress(requestWith({ ...address, kafka_replyPartition: 'x' }))).toMatchObject({
      partition: undefined,
    });
  });

  it.each([
    ['no headers', {}],
    ['no topic', { kafka_correlationId: 'id' }],
    ['no id', { kafka_replyTopic: 'reply' }],
    ['an empty topic', { kafka_replyTopic: '', kafka_correlationId: 'id' }],
    ['a topic without a value', { kafka_replyTopic: null, kafka_correlationId: 'id' }],
  ])('is null with %s', (_name, headers) => {
    expect(replyAddress(requestWith(headers))).toBeNull();
  });
});

describe('publishReply', () => {
  it('fails with an error that another attempt does not mend when the request names a topic that is not there', async () => {
    const cause = new UnknownTopicError('no such topic', { topic: 'reply', retriable: true });
    const error: unknown = await publishReply(failingWith(cause), ADDRESS, { isDisposed: true }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ retriable: false, topic: 'reply', partition: 3, cause });
  });

  it('fails with what the producer says about everything else', async () => {
    const cause = new Error('down');
    await expect(publishReply(failingWith(cause), ADDRESS, { isDisposed: true })).rejects.toBe(cause);
  });

  it('rejects for a value that JSON cannot hold', async () => {
    await expect(
      publishReply(failingWith(new Error()), ADDRESS, { response: { a: 1n }, isDisposed: true }),
    ).rejects.toMatchObject({
      name: 'SerializationError',
    });
  });
});

describe('encodeReply', () => {
  it.each([
    [true, 'true'],
    [12n, '12'],
    [[1, 'a'], '[1,"a"]'],
    ['', ''],
    [
      new (class Order {
        public readonly id = 1;
        public toString(): string {
          return 'no';
        }
      })(),
      '{"id":1}',
    ],
  ])('gives %p as JSON or text', (value, text) => {
    expect(Buffer.from(encodeReply('reply', value) ?? []).toString()).toBe(text);
  });
});

describe('encodeReplyError', () => {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;

  it.each([
    ['text', 'text'],
    [{ code: 1 }, '{"code":1}'],
    [new Error('mine'), '{"status":"error","message":"mine"}'],
    [undefined, '{"status":"error","message":"Internal server error"}'],
    ['', '{"status":"error","message":"Internal server error"}'],
    [circular, '{"status":"error","message":"Internal server error"}'],
    [7, '7'],
  ])('gives %p as text that is never empty', (error, text) => {
    expect(encodeReplyError(error)).toBe(text);
  });
});
