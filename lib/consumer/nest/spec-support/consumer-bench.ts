import type { INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { KafkaProducer } from '../../../producer/kafka-producer.js';
import { KafkaProducerModule } from '../../../producer/kafka-producer.module.js';
import type { KafkaProducerModuleOptions } from '../../../producer/kafka-producer-module-options.js';
import { RecordingKafkaProducer } from '../../../testing/recording/recording-kafka-producer.js';
import { ListenerContainerFactory, type ListenerContainerRequest } from '../../container/listener-container-factory.js';
import { KafkaTransportStrategy } from '../kafka-transport-strategy.js';
import { FakeContainer } from './fake-container.js';

/** Makes containers of which the test says what they receive. */
export class FakeContainerFactory extends ListenerContainerFactory {
  public readonly containers: FakeContainer[] = [];
  public startError: Error | null = null;

  public create(request: ListenerContainerRequest): FakeContainer {
    const container = new FakeContainer(request);
    container.startError = this.startError;
    this.containers.push(container);
    return container;
  }

  public get only(): FakeContainer {
    const [container] = this.containers;
    if (container === undefined) throw new Error('no container was made');
    return container;
  }
}

/** An application whose consumers and producer are in the hands of the test. */
export interface ConsumerBench {
  readonly app: INestApplication;
  readonly factory: FakeContainerFactory;
  readonly producer: RecordingKafkaProducer;
  readonly testing: TestingModule;
}

export interface ConsumerBenchOptions {
  readonly controllers: Type[];
  readonly module?: Partial<KafkaProducerModuleOptions>;
  readonly metadata?: ModuleMetadata;
}

/** Not started: the test says in which order transport and application come up. */
export async function createConsumerBench({
  controllers,
  metadata = {},
  module = {},
}: ConsumerBenchOptions): Promise<ConsumerBench> {
  const factory = new FakeContainerFactory();
  const producer = new RecordingKafkaProducer({ transactions: module.transactions });
  const testing = await Test.createTestingModule({
    ...metadata,
    imports: [
      KafkaProducerModule.forRoot({
        client: { brokers: ['127.0.0.1:9092'] },
        consumer: { groupId: 'group' },
        ...module,
      }),
      ...(metadata.imports ?? []),
    ],
    controllers,
  })
    .overrideProvider(KafkaProducer)
    .useValue(producer)
    .overrideProvider(ListenerContainerFactory)
    .useValue(factory)
    .compile();
  const app = testing.createNestApplication();
  app.useLogger(false);
  return { app, factory, producer, testing };
}

/** With its transport connected and everything started. */
export async function startConsumerBench(options: ConsumerBenchOptions): Promise<ConsumerBench> {
  const bench = await createConsumerBench(options);
  try {
    bench.app.connectMicroservice({ strategy: bench.app.get(KafkaTransportStrategy) });
    await bench.app.init();
    await bench.app.startAllMicroservices();
  } catch (error) {
    await bench.app.close();
    throw error;
  }
  return bench;
}
