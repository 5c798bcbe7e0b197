import { Controller, Logger } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { jest } from '@jest/globals';
import { getKafkaProducerToken } from '../../producer/get-kafka-producer-token.js';
import { KafkaProducer } from '../../producer/kafka-producer.js';
import { KafkaProducerModule } from '../../producer/kafka-producer.module.js';
import { RecordingKafkaProducer } from '../../testing/recording/recording-kafka-producer.js';
import { ListenerContainerFactory } from '../container/listener-container-factory.js';
import { getKafkaListenerRegistryToken } from './get-kafka-listener-registry-token.js';
import { getKafkaTransportStrategyToken } from './get-kafka-transport-strategy-token.js';
import { KafkaListener } from './kafka-listener.decorator.js';
import { KafkaListenerRegistry } from './kafka-listener-registry.js';
import { KafkaTransportStrategy } from './kafka-transport-strategy.js';
import { FakeContainerFactory } from './spec-support/consumer-bench.js';
import type { FakeContainer } from './spec-support/fake-container.js';

@Controller()
class Orders {
  @EventPattern(['plain'])
  public plain(): void {}

  @KafkaListener('mine')
  public mine(): void {}

  @KafkaListener('theirs', { producer: 'audit' })
  public theirs(): void {}
}

let factory: FakeContainerFactory;

/** Transports start side by side. */
const byGroup = (): FakeContainer[] =>
  factory.containers.toSorted((left, right) => left.groupId.localeCompare(right.groupId));

function build(): TestingModuleBuilder {
  factory = new FakeContainerFactory();
  return Test.createTestingModule({
    imports: [
      KafkaProducerModule.forRoot({ client: { brokers: ['127.0.0.1:9092'] }, consumer: { groupId: 'main' } }),
      KafkaProducerModule.forRoot({
        name: 'audit',
        client: { brokers: ['127.0.0.1:9093'], clientId: 'auditor' },
        consumer: { groupId: 'auditors' },
      }),
    ],
    controllers: [Orders],
  })
    .overrideProvider(KafkaProducer)
    .useValue(new RecordingKafkaProducer())
    .overrideProvider(getKafkaProducerToken('audit'))
    .useValue(new RecordingKafkaProducer())
    .overrideProvider(ListenerContainerFactory)
    .useValue(factory);
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('an application with a named module', () => {
  it('gives each transport its own listeners, cluster and registry', async () => {
    const app = (await build().compile()).createNestApplication();
    app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) });
    app.connectMicroservice({ strategy: app.get(getKafkaTransportStrategyToken('audit')) });
    app.useLogger(false);
    await app.init();
    await app.startAllMicroservices();
    expect(
      byGroup().map(({ groupId, request: { client, config, listeners } }) => ({
        groupId,
        brokers: client.brokers,
        clientId: config.clientId,
        ids: listeners.map(({ id }) => id),
      })),
    ).toEqual([
      { groupId: 'auditors', brokers: ['127.0.0.1:9093'], clientId: 'auditor', ids: ['Orders.theirs'] },
      { groupId: 'main', brokers: ['127.0.0.1:9092'], clientId: 'consumer-main', ids: ['Orders.plain', 'Orders.mine'] },
    ]);
    const ids = (registry: KafkaListenerRegistry): string[] => registry.listeners().map(({ id }) => id);
    expect(ids(app.get(KafkaListenerRegistry))).toEqual(['Orders.plain', 'Orders.mine']);
    expect(ids(app.get(getKafkaListenerRegistryToken('audit')))).toEqual(['Orders.theirs']);
    await app.close();
    expect(factory.containers.map(({ log }) => log)).toEqual([
      ['start', 'close 30000'],
      ['start', 'close 30000'],
    ]);
  });

  it('says which listener nobody runs, when a transport was not connected', async () => {
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const app = (await build().compile()).createNestApplication();
    app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) });
    await app.init();
    await app.startAllMicroservices();
    expect(warned.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringMatching(/^@KafkaListener\(\) of Orders\.theirs is not going to consume/),
    ]);
    await app.close();
  });

  it('says that handlers without a name are nobody’s, when there is no unnamed module', async () => {
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    factory = new FakeContainerFactory();
    const testing = await Test.createTestingModule({
      imports: [
        KafkaProducerModule.forRoot({
          name: 'audit',
          client: { brokers: ['127.0.0.1:9093'] },
          consumer: { groupId: 'auditors' },
        }),
      ],
      controllers: [Orders],
    })
      .overrideProvider(getKafkaProducerToken('audit'))
      .useValue(new RecordingKafkaProducer())
      .overrideProvider(ListenerContainerFactory)
      .useValue(factory)
      .compile();
    const app = testing.createNestApplication();
    app.connectMicroservice({ strategy: app.get(getKafkaTransportStrategyToken('audit')) });
    await app.init();
    await app.startAllMicroservices();
    expect(warned.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringMatching(/^Handlers of @EventPattern\(\) and @MessagePattern\(\) belong to the unnamed/),
    ]);
    await app.close();
  });
});
