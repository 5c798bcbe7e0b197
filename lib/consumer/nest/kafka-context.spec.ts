import { Controller } from '@nestjs/common';
import { Ctx, EventPattern } from '@nestjs/microservices';
import { KafkaContext } from './kafka-context.js';
import { type ConsumerBenchOptions } from './spec-support/consumer-bench.js';
import { useConsumerBench } from './spec-support/use-consumer-bench.js';

const { start } = useConsumerBench();

describe('KafkaContext', () => {
  const withContext = (use: (context: KafkaContext) => unknown): ConsumerBenchOptions['controllers'][number] => {
    @Controller()
    class Orders {
      @EventPattern(['orders'])
      public onOrder(@Ctx() context: KafkaContext): unknown {
        return use(context);
      }
    }
    return Orders;
  };

  it('acknowledges, and asks for the record again', async () => {
    const { factory } = await start(
      withContext((context) => {
        context.ack();
        context.nack(50);
        context.nack();
      }),
    );
    await expect(factory.only.deliver('orders')).resolves.toEqual({ acks: 1, nacks: [50, 0] });
  });

  it('acknowledges by commitOffsets of the next offset, and by nothing below it', async () => {
    const { factory } = await start(
      withContext(async (context) => {
        const { offset } = context.getMessage();
        const commit = async (next: bigint): Promise<void> =>
          context.getConsumer().commitOffsets([{ topic: 'orders', partition: 0, offset: String(next) }]);
        await commit(BigInt(offset));
        if (offset === '9') await commit(BigInt(offset) + 1n);
      }),
    );
    await expect(factory.only.deliver('orders', { offset: 8n })).resolves.toMatchObject({ acks: 0 });
    await expect(factory.only.deliver('orders', { offset: 9n })).resolves.toMatchObject({ acks: 1 });
  });

  it('refuses to commit for partitions of others', async () => {
    const { factory } = await start(
      withContext((context) => context.getConsumer().commitOffsets([{ topic: 'other', partition: 0, offset: '1' }])),
    );
    await expect(factory.only.deliver('orders')).rejects.toThrow(
      /^commitOffsets for other-0, in a handler of orders-0/,
    );
  });

  it('pauses, resumes and seeks assigned partitions', async () => {
    const { factory } = await start(
      withContext((context) => {
        const consumer = context.getConsumer();
        consumer.pause([{ topic: 'orders', partitions: [1] }, { topic: 'other' }]);
        consumer.resume([{ topic: 'other' }]);
        consumer.seek({ topic: 'orders', partition: 1, offset: '5' });
      }),
    );
    await factory.only.deliver('orders');
    expect(factory.only.pauses).toEqual(['pause orders 1', 'pause other all', 'resume other all']);
    expect(factory.only.seeks).toEqual(['5 orders-1']);
  });

  it('names what to use for everything else of kafkajs', async () => {
    const { factory } = await start(
      withContext((context) => {
        expect(() => context.getConsumer().stop()).toThrow(/KafkaListenerRegistry/);
        expect(() => context.getProducer().transaction()).toThrow(/@Transactional\(\)/);
        expect(() => context.getArgByIndex(3)).not.toThrow();
        return context.getHeartbeat()();
      }),
    );
    await factory.only.deliver('orders');
  });

  it('sends by the producer of the module, text and bytes as they are', async () => {
    const { factory, producer } = await start(
      withContext((context) =>
        context.getProducer().send({
          topic: 'out',
          messages: [{ key: 'k', value: '{"a":1}', headers: { h: ['x', 'y'] } }, { value: null }],
        }),
      ),
    );
    await factory.only.deliver('orders');
    expect(producer.records).toMatchObject([
      { topic: 'out', serializedKey: Buffer.from('k'), serializedValue: Buffer.from('{"a":1}') },
      { topic: 'out', serializedKey: null, serializedValue: null },
    ]);
  });
});
