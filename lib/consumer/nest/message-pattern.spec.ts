import { Controller } from '@nestjs/common';
import { KafkaRetriableException, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { jest } from '@jest/globals';
import { EMPTY, of, Subject, throwError } from 'rxjs';
import { type ConsumerBenchOptions, startConsumerBench } from './spec-support/consumer-bench.js';
import type { RecordingKafkaProducer } from '../../testing/recording/recording-kafka-producer.js';
import { useConsumerBench } from './spec-support/use-consumer-bench.js';

const REQUEST = { kafka_correlationId: 'id-1', kafka_replyTopic: 'orders.reply', kafka_replyPartition: '0' };

const { start } = useConsumerBench();

/** What was replied, as text, with the names of the headers and the text of the error. */
function replies(producer: RecordingKafkaProducer): object[] {
  return producer.records.map(({ headers, partition, serializedValue, topic }) => {
    const list = headers as { key: string; value: string | Buffer }[];
    const header = (name: string): string | undefined => list.find(({ key }) => key === name)?.value.toString();
    return {
      topic,
      partition,
      value: serializedValue?.toString() ?? null,
      id: header('kafka_correlationId'),
      isDisposed: header('kafka_nest-is-disposed') !== undefined,
      ...(header('kafka_nest-err') === undefined ? {} : { error: header('kafka_nest-err') }),
    };
  });
}

const reply = (value: string | null, isDisposed = true): object => ({
  topic: 'orders.reply',
  partition: 0,
  value,
  id: 'id-1',
  isDisposed,
});

describe('handlers of @MessagePattern()', () => {
  const answering = (work: (payload: unknown) => unknown): ConsumerBenchOptions['controllers'][number] => {
    @Controller()
    class Orders {
      @MessagePattern('orders')
      public answer(@Payload() payload: unknown): unknown {
        return work(payload);
      }
    }
    return Orders;
  };

  it.each([
    ['an object', { a: 1, at: new Date(0) }, '{"a":1,"at":"1970-01-01T00:00:00.000Z"}'],
    ['text', 'yes', 'yes'],
    ['bytes', Buffer.from('raw'), 'raw'],
    ['a number', 5, '5'],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an object with key and value', { key: 'k', value: 'v', more: 1 }, '{"key":"k","value":"v","more":1}'],
    ['nothing', undefined, null],
    ['null', null, null],
  ])('reply with %s, in one message that is the last', async (_name, value, text) => {
    const { factory, producer } = await start(answering(() => value));
    await factory.only.deliver('orders', { value: 1, headers: REQUEST });
    expect(replies(producer)).toEqual([reply(text)]);
  });

  it('do not change what they return', async () => {
    const answer = Object.freeze({ value: Object.freeze({ a: 1 }), headers: Object.freeze({}) });
    const { factory, producer } = await start(answering(() => answer));
    await factory.only.deliver('orders', { headers: REQUEST });
    expect(replies(producer)).toEqual([reply('{"value":{"a":1},"headers":{}}')]);
  });

  it('reply with every value of an Observable, and mark the last one', async () => {
    const { factory, producer } = await start(answering(() => of('a', 'b')));
    await factory.only.deliver('orders', { headers: REQUEST });
    expect(replies(producer)).toEqual([reply('a', false), reply('b', true)]);
  });

  it('reply with values as they come', async () => {
    const values = new Subject<string>();
    const { factory, producer } = await start(answering(() => values));
    const delivered = factory.only.deliver('orders', { headers: REQUEST });
    await new Promise(setImmediate);
    values.next('a');
    await new Promise(setImmediate);
    expect(producer.records).toHaveLength(1);
    values.complete();
    await delivered;
    expect(replies(producer)).toEqual([reply('a', false), reply(null, true)]);
  });

  it('reply with the end alone when there is no value', async () => {
    const { factory, producer } = await start(answering(() => EMPTY));
    await factory.only.deliver('orders', { headers: REQUEST });
    expect(replies(producer)).toEqual([reply(null, true)]);
  });

  it.each([
    ['a promise', () => Promise.reject(new RpcException({ code: 7 })), '{"code":7}'],
    ['an Observable', () => throwError(() => new RpcException('no')), '{"status":"error","message":"no"}'],
    [
      'an unknown error',
      () => Promise.reject(new RangeError('secret')),
      '{"status":"error","message":"Internal server error"}',
    ],
  ])('reply with the error of %s, and are done', async (_name, work, error) => {
    const { factory, producer } = await start(answering(work));
    await factory.only.deliver('orders', { headers: REQUEST });
    expect(replies(producer)).toEqual([{ ...reply(null), error }]);
  });

  it.each([
    ['a promise', () => Promise.reject(new KafkaRetriableException('again'))],
    ['an Observable', () => throwError(() => new KafkaRetriableException('again'))],
  ])('fail, and reply nothing, with KafkaRetriableException of %s', async (_name, work) => {
    const { factory, producer } = await start(answering(work));
    await expect(factory.only.deliver('orders', { headers: REQUEST })).rejects.toBeInstanceOf(KafkaRetriableException);
    expect(producer.sent).toEqual([]);
  });

  it('are not done before the reply is stored', async () => {
    const { factory, producer } = await start(answering(() => 'yes'));
    let store: (value: unknown) => void = () => undefined;
    const stored = new Promise((resolve) => (store = resolve));
    jest.spyOn(producer, 'send').mockImplementation((() => stored) as never);
    let isDone = false;
    const delivered = factory.only.deliver('orders', { headers: REQUEST }).then(() => (isDone = true));
    await new Promise(setImmediate);
    expect(producer.send).toHaveBeenCalledTimes(1);
    expect(isDone).toBe(false);
    store(undefined);
    await delivered;
  });

  it('fail when the reply could not be stored', async () => {
    const { factory, producer } = await start(answering(() => 'yes'));
    jest.spyOn(producer, 'send').mockImplementation((() => Promise.reject(new Error('broker'))) as never);
    await expect(factory.only.deliver('orders', { headers: REQUEST })).rejects.toThrow('broker');
  });

  it('are event handlers for a record that names no reply topic', async () => {
    const { factory, producer } = await start(
      answering((payload) => {
        if (payload === 'bad') throw new RangeError('mine');
        return 'yes';
      }),
    );
    await factory.only.deliver('orders', { value: 'good', headers: { kafka_correlationId: 'id-1' } });
    await expect(factory.only.deliver('orders', { value: 'bad' })).rejects.toBeInstanceOf(RangeError);
    expect(producer.sent).toEqual([]);
  });

  it('may not be two of one topic, as both would reply', async () => {
    @Controller()
    class Twice {
      @MessagePattern('orders')
      public first(): void {}

      @MessagePattern('orders')
      public second(): void {}
    }
    await expect(startConsumerBench({ controllers: [Twice] })).rejects.toThrow(
      'The handler Twice.second: Twice.first answers requests to orders already.',
    );
  });
});
