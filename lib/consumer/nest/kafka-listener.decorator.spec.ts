import { Controller, Injectable } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { ConfigError } from '../../producer/errors.js';
import { KafkaContext } from './kafka-context.js';
import { KafkaListener } from './kafka-listener.decorator.js';
import { startConsumerBench } from './spec-support/consumer-bench.js';
import { useConsumerBench } from './spec-support/use-consumer-bench.js';

const { start } = useConsumerBench();

describe('@KafkaListener()', () => {
  it('has topics, a group and settings of its own; one container for each group', async () => {
    @Controller()
    class Orders {
      @KafkaListener(['a', /^b/], { groupId: 'audit', id: 'auditor', concurrency: { unit: 'key', limit: 4 } })
      public audit(): void {}

      @KafkaListener('a', { autoStart: false, valueDeserializer: 'buffer' })
      public second(): void {}

      @EventPattern(['a'])
      public third(): void {}
    }
    const { factory } = await start(Orders, { module: { consumer: { groupId: 'group', concurrency: 3 } } });
    expect(factory.containers.map(({ groupId, request }) => [groupId, request.config.groupId])).toEqual([
      ['audit', 'audit'],
      ['group', 'group'],
    ]);
    const [audit, group] = factory.containers;
    expect(audit?.request.listeners).toMatchObject([
      { id: 'auditor', topics: ['a', /^b/], concurrency: { unit: 'key', limit: 4 }, autoStart: true, isBatch: false },
    ]);
    expect(group?.request.listeners).toMatchObject([
      { id: 'Orders.second', topics: ['a'], concurrency: { unit: 'partition', limit: 3 }, autoStart: false },
      { id: 'Orders.third', topics: ['a'], autoStart: true },
    ]);
    const [second, third] = group?.request.listeners ?? [];
    expect(second?.commitStrategy).toBe(third?.commitStrategy);
    expect(second?.recovery).toBe(third?.recovery);
  });

  it('gives a batch as a list of values', async () => {
    const seen: unknown[] = [];
    @Controller()
    class Orders {
      @KafkaListener('orders', { batch: true, maxBatchRecords: 20 })
      public onOrders(@Payload() payload: unknown, @Ctx() context: KafkaContext): void {
        seen.push(
          payload,
          context.records.map(({ offset }) => offset),
        );
      }
    }
    const { factory } = await start(Orders);
    expect(factory.only.request.listeners).toMatchObject([{ isBatch: true, maxBatchRecords: 20 }]);
    await factory.only.deliverBatch('orders', [{ value: 1 }, { value: null }]);
    expect(seen).toEqual([
      [1, null],
      ['0', '1'],
    ]);
    await expect(
      factory.only.deliverBatch('orders', [{ value: 1 }, { value: Buffer.from('{') }]),
    ).rejects.toMatchObject({ name: 'UnhandledBatchError', index: 1, cause: { name: 'UndecodableRecordError' } });
  });

  it('is inherited by every controller that extends a class with it', async () => {
    const seen: string[] = [];
    abstract class Base {
      @KafkaListener(['a', 'b'])
      public onRecord(): void {
        seen.push(this.constructor.name);
      }
    }
    @Controller()
    class One extends Base {}
    @Controller()
    class Two extends Base {}
    const { factory } = await start([One, Two]);
    expect(factory.only.request.listeners.map(({ id, topics }) => [id, topics])).toEqual([
      ['One.onRecord', ['a', 'b']],
      ['Two.onRecord', ['a', 'b']],
    ]);
    await factory.only.deliver('b');
    expect(seen).toEqual(['One', 'Two']);
  });

  it.each([
    [
      'a static method',
      /for methods of objects/,
      () => {
        class Wrong {
          @KafkaListener('t') public static handle(): void {}
        }
        return Wrong;
      },
    ],
    [
      'an accessor',
      /not for accessors/,
      () => {
        class Wrong {
          @KafkaListener('t') public get handle(): string {
            return '';
          }
        }
        return Wrong;
      },
    ],
    [
      'no topic',
      /names no topic/,
      () => {
        class Wrong {
          @KafkaListener([]) public handle(): void {}
        }
        return Wrong;
      },
    ],
    [
      'an illegal topic',
      /not 'a b'/,
      () => {
        class Wrong {
          @KafkaListener('a b') public handle(): void {}
        }
        return Wrong;
      },
    ],
    [
      'a generator',
      /a generator does nothing/,
      () => {
        class Wrong {
          @KafkaListener('t') public *handle(): Generator {
            yield 1;
          }
        }
        return Wrong;
      },
    ],
    [
      'an unknown option',
      /has no option 'group'/,
      () => {
        class Wrong {
          @KafkaListener('t', { group: 'g' } as object) public handle(): void {}
        }
        return Wrong;
      },
    ],
    [
      'keys of a batch',
      /does not go with batch/,
      () => {
        class Wrong {
          @KafkaListener('t', { batch: true, concurrency: { unit: 'key', limit: 2 } }) public handle(): void {}
        }
        return Wrong;
      },
    ],
    [
      'a second pattern below',
      /another @KafkaListener/,
      () => {
        class Wrong {
          @KafkaListener('t') @EventPattern(['u']) public handle(): void {}
        }
        return Wrong;
      },
    ],
  ])('is refused for %s, naming the method', (_name, message, declare) => {
    const error = thrownBy(declare);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toMatch(/\.handle/);
  });

  it('is refused at the start on a provider, below another pattern, without a group, and with an id twice', async () => {
    @Injectable()
    class Provider {
      @KafkaListener('t')
      public handle(): void {}
    }
    @Controller()
    class Covered {
      @EventPattern(['u'])
      @KafkaListener('t')
      public handle(): void {}
    }
    @Controller()
    class Twice {
      @KafkaListener('t', { id: 'x' })
      public first(): void {}

      @KafkaListener('t', { id: 'x' })
      public second(): void {}
    }
    @Controller()
    class Plain {
      @KafkaListener('t')
      public handle(): void {}
    }
    await expect(startConsumerBench({ controllers: [], metadata: { providers: [Provider] } })).rejects.toThrow(
      /Provider\.handle: Provider is a provider/,
    );
    await expect(startConsumerBench({ controllers: [Covered] })).rejects.toThrow(/Covered\.handle has another pattern/);
    await expect(startConsumerBench({ controllers: [Twice] })).rejects.toThrow(
      /Twice\.second: there is a listener with the id 'x'/,
    );
    await expect(startConsumerBench({ controllers: [Plain], module: { consumer: {} } })).rejects.toThrow(
      /Plain\.handle has no group/,
    );
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return null;
}
