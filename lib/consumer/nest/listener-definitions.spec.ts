import { Controller, Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { getKafkaProducerToken } from '../../producer/get-kafka-producer-token.js';
import type { Propagation } from '../../producer/transaction.js';
import { RecordingKafkaProducer } from '../../testing/recording/recording-kafka-producer.js';
import { Transactional } from '../../transactions/transactional.decorator.js';
import { AutoCommitStrategy } from '../commit/auto-commit.strategy.js';
import type { CommitSession, CommitStrategy } from '../commit/commit-strategy.js';
import { SyncCommitStrategy } from '../commit/sync-commit.strategy.js';
import { TransactionalCommitStrategy } from '../commit/transactional-commit.strategy.js';
import type { Deserializer } from '../deserializers/deserializer.js';
import type { ListenerDefinition } from '../listener-definition.js';
import type { RecoveryPolicy } from '../recovery/recovery-policy.js';
import { KafkaListener } from './kafka-listener.decorator.js';
import { type ConsumerBench, type ConsumerBenchOptions, startConsumerBench } from './spec-support/consumer-bench.js';

const TRANSACTIONS = { transactions: { transactionalIdPrefix: 'listeners-', poolSize: 4 } };

let bench: ConsumerBench | undefined;

afterEach(async () => {
  await bench?.app.close();
  bench = undefined;
});

async function definitions(
  controllers: ConsumerBenchOptions['controllers'],
  rest: Omit<ConsumerBenchOptions, 'controllers'> = {},
): Promise<readonly ListenerDefinition[]> {
  bench = await startConsumerBench({ controllers, ...rest });
  return bench.factory.only.request.listeners;
}

const refusal = async (
  controller: ConsumerBenchOptions['controllers'][number],
  module: object = {},
  metadata: ModuleMetadata = {},
): Promise<string> => {
  try {
    await startConsumerBench({ controllers: [controller], module, metadata });
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  throw new Error('it was not refused');
};

describe('a listener with @Transactional()', () => {
  it('has the transaction of its producer and no commits of its own, wherever the decorators stand', async () => {
    @Controller()
    class Orders {
      @KafkaListener('a')
      @Transactional({ timeoutMs: 1000 })
      public above(): void {}

      @Transactional({ propagation: 'MANDATORY' })
      @KafkaListener('b')
      public below(): void {}

      @Transactional()
      @EventPattern(['c'])
      public ofNest(): void {}

      @KafkaListener('d')
      public plain(): void {}
    }
    const [above, below, ofNest, plain] = await definitions([Orders], { module: TRANSACTIONS });
    expect(above).toMatchObject({ transaction: { options: { timeoutMs: 1000 } }, concurrency: { limit: 4 } });
    expect(above?.transaction?.producer).toBe(bench?.producer);
    expect(above?.commitStrategy).toBeInstanceOf(TransactionalCommitStrategy);
    expect(below?.transaction).toMatchObject({ options: {} });
    expect(ofNest?.transaction).not.toBeNull();
    expect(plain).toMatchObject({ transaction: null, concurrency: { unit: 'partition', limit: 10 } });
    expect(plain?.commitStrategy).toBeInstanceOf(AutoCommitStrategy);
  });

  it('answers requests in a transaction that does not hold its offsets', async () => {
    @Controller()
    class Orders {
      @Transactional()
      @MessagePattern('a')
      public answer(): string {
        return 'yes';
      }
    }
    const [answer] = await definitions([Orders], { module: TRANSACTIONS });
    expect(answer?.transaction).toBeNull();
    expect(answer?.commitStrategy).toBeInstanceOf(AutoCommitStrategy);
  });

  it('is refused with a commit strategy, keys side by side, another producer, and without transactions', async () => {
    @Controller()
    class WithStrategy {
      @Transactional()
      @KafkaListener('a', { commitStrategy: SyncCommitStrategy })
      public handle(): void {}
    }
    @Controller()
    class WithKeys {
      @Transactional()
      @KafkaListener('a', { concurrency: { unit: 'key', limit: 2 } })
      public handle(): void {}
    }
    @Controller()
    class OfAnother {
      @Transactional({ producer: 'other' })
      @KafkaListener('a')
      public handle(): void {}
    }
    @Controller()
    class Plain {
      @Transactional()
      @KafkaListener('a')
      public handle(): void {}
    }
    await expect(refusal(WithStrategy, TRANSACTIONS)).resolves.toMatch(
      /^ConfigError.*WithStrategy\.handle: commitStrategy/,
    );
    await expect(refusal(WithKeys, TRANSACTIONS)).resolves.toMatch(/^ConfigError.*WithKeys\.handle: concurrency/);
    const others = { providers: [{ provide: getKafkaProducerToken('other'), useValue: new RecordingKafkaProducer() }] };
    await expect(refusal(OfAnother, TRANSACTIONS, others)).resolves.toMatch(
      /^ConfigError.*OfAnother\.handle: @Transactional\(\) is about the producer 'other'/,
    );
    await expect(refusal(Plain)).resolves.toMatch(/^ConfigError.*Plain\.handle: the producer has no transactions/);
  });

  it.each(['REQUIRES_NEW', 'SUPPORTS', 'NOT_SUPPORTED', 'NEVER'] as const)(
    'is refused with the propagation %s',
    async (propagation: Propagation) => {
      @Controller()
      class Orders {
        @Transactional({ propagation })
        @KafkaListener('a')
        public handle(): void {}
      }
      await expect(refusal(Orders, TRANSACTIONS)).resolves.toMatch(
        new RegExp(`^ConfigError.*Orders\\.handle: .*propagation ${propagation}`),
      );
    },
  );

  it('is refused with errors that commit, since their records would come again', async () => {
    @Controller()
    class Orders {
      @Transactional({ commitOn: [TypeError] })
      @KafkaListener('a')
      public handle(): void {}
    }
    await expect(refusal(Orders, TRANSACTIONS)).resolves.toMatch(/^ConfigError.*Orders\.handle: .*commitOn/);
  });
});

describe('a listener without @Transactional()', () => {
  it('is refused with a strategy that commits in transactions only, its own or that of the module', async () => {
    @Controller()
    class Own {
      @KafkaListener('a', { commitStrategy: TransactionalCommitStrategy })
      public handle(): void {}
    }
    @Controller()
    class OfModule {
      @EventPattern(['a'])
      public handle(): void {}
    }
    await expect(refusal(Own, TRANSACTIONS)).resolves.toMatch(/Own\.handle: commitStrategy commits offsets in trans/);
    await expect(
      refusal(OfModule, { consumer: { groupId: 'g', commitStrategy: TransactionalCommitStrategy } }),
    ).resolves.toMatch(/OfModule\.handle: commitStrategy of the module commits/);
  });
});

describe('parts of a listener', () => {
  @Injectable()
  class Clock {
    public readonly name = 'clock';
  }

  @Injectable()
  class OwnStrategy implements CommitStrategy {
    public constructor(public readonly clock: Clock) {}

    public start(): CommitSession {
      return {};
    }
  }

  @Injectable()
  class Upper implements Deserializer<string> {
    public constructor(private readonly clock: Clock) {}

    public deserialize(_topic: string, bytes: Buffer): string {
      return `${bytes.toString().toUpperCase()} ${this.clock.name}`;
    }
  }

  it('are made by the injector of the module that the controller is in', async () => {
    const seen: unknown[] = [];
    @Controller()
    class Orders {
      @KafkaListener('a', { commitStrategy: OwnStrategy, valueDeserializer: Upper })
      public handle(value: string): void {
        seen.push(value);
      }
    }
    @Module({ providers: [Clock], controllers: [Orders] })
    class Feature {}
    const [handle] = await definitions([], { metadata: { imports: [Feature] } });
    expect(handle?.commitStrategy).toMatchObject({ clock: expect.any(Clock) });
    await bench?.factory.only.deliver('a', { value: Buffer.from('x') });
    expect(seen).toEqual(['X clock']);
  });

  it('are the providers of the application, where there are any', async () => {
    @Controller()
    class Orders {
      @KafkaListener('a', { commitStrategy: OwnStrategy })
      public handle(): void {}
    }
    const [handle] = await definitions([Orders], { metadata: { providers: [Clock, OwnStrategy] } });
    expect(handle?.commitStrategy).toBe(bench?.app.get(OwnStrategy));
  });

  it('are refused when they cannot be made, or are something else', async () => {
    @Controller()
    class Orders {
      @KafkaListener('a', { commitStrategy: OwnStrategy })
      public handle(): void {}
    }
    @Controller()
    class Wrong {
      @KafkaListener('a', { valueDeserializer: 'yaml' as 'json' })
      public handle(): void {}
    }
    await expect(refusal(Orders)).resolves.toMatch(/Orders\.handle: commitStrategy OwnStrategy could not be made/);
    await expect(refusal(Wrong)).resolves.toMatch(/Wrong\.handle: valueDeserializer must be one of string, json/);
  });

  it('are taken as they are when they are objects: a recovery policy, too', async () => {
    const recovery: RecoveryPolicy = { decide: () => ({ action: 'stop' }), deadLetter: () => Promise.resolve() };
    const commitStrategy = new SyncCommitStrategy({ per: 'record' });
    @Controller()
    class Orders {
      @KafkaListener('a', { recovery, commitStrategy })
      public handle(): void {}
    }
    await expect(definitions([Orders])).resolves.toMatchObject([{ recovery, commitStrategy }]);
  });

  it('are refused with wrong options of the recovery, naming the listener', async () => {
    @Controller()
    class Orders {
      @KafkaListener('a', { recovery: { attempts: 0 } })
      public handle(): void {}
    }
    @Controller()
    class Elsewhere {
      @KafkaListener('a', { recovery: { deadLetter: { producer: 'nowhere' } } })
      public handle(): void {}
    }
    await expect(refusal(Orders)).resolves.toMatch(/^ConfigError: recovery\.attempts of the listener Orders\.handle/);
    await expect(refusal(Elsewhere)).resolves.toMatch(
      /^ConfigError.*no KafkaProducerModule\.forRoot\(\{ name: 'nowhere'/,
    );
  });
});
