import { describe, expect, it } from '@jest/globals';
import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { KafkaListenerRegistry } from '../consumer/nest/kafka-listener-registry.js';
import { ConfigError } from '../producer/errors.js';
import { getKafkaProducerToken } from '../producer/get-kafka-producer-token.js';
import { KafkaProducerModule } from '../producer/kafka-producer.module.js';
import type { ProducerStatus, TopicDescription } from '../producer/producer-engine-api.js';
import { runningStatus } from '../producer/spec-support/running-status.js';
import { until } from '../wire/spec-support/until.js';
import {
  KafkaConsumerHealthIndicator,
  KafkaDurabilityHealthIndicator,
  KafkaHealthModule,
  type KafkaHealthOptions,
  KafkaProducerHealthIndicator,
} from './index.js';

/** As far as health looks at a producer. */
class FakeProducer {
  public readonly asked: (readonly string[])[] = [];
  public replicas: readonly number[] = [1, 2, 3];
  public failure: Error | null = null;
  public topics: readonly string[] = [];

  public constructor(public state: Partial<ProducerStatus> = {}) {}

  public status(): ProducerStatus {
    return runningStatus(this.state);
  }

  public topicsInUse(): readonly string[] {
    return this.topics;
  }

  public describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]> {
    this.asked.push(topics);
    if (this.failure !== null) return Promise.reject(this.failure);
    const { replicas } = this;
    const partition = { partition: 0, leader: 1, replicas, inSyncReplicas: replicas, offlineReplicas: [] };
    const configs = new Map([
      ['min.insync.replicas', '2'],
      ['unclean.leader.election.enable', 'false'],
    ]);
    return Promise.resolve(
      topics.map((topic) => ({ topic, partitions: [{ topic, ...partition }], configs, error: null })),
    );
  }
}

interface SetUp {
  readonly producers?: Readonly<Record<string, FakeProducer>>;
  readonly options?: KafkaHealthOptions;
  readonly terminus?: boolean;
}

async function start({ options, producers = { '': new FakeProducer() }, terminus = false }: SetUp = {}): Promise<
  INestApplicationContext & AsyncDisposable
> {
  const names = Object.keys(producers);
  const modules = names.map((name) =>
    KafkaProducerModule.forRoot({ client: { brokers: ['127.0.0.1:9092'] }, ...(name === '' ? {} : { name }) }),
  );
  const health: DynamicModule | Type = options === undefined ? KafkaHealthModule : KafkaHealthModule.forRoot(options);
  const builder = Test.createTestingModule({
    imports: [...modules, health, ...(terminus ? [TerminusModule.forRoot({ logger: false })] : [])],
  });
  for (const name of names) builder.overrideProvider(getKafkaProducerToken(name)).useValue(producers[name]);
  const app = await builder.compile();
  await app.init();
  return Object.assign(app, { [Symbol.asyncDispose]: () => app.close() });
}

const OUTAGE = { connectedBrokers: 0, lastError: 'no broker' };

describe('KafkaHealthModule', () => {
  it('looks at all producers of the application, or at one of them', async () => {
    await using app = await start({ producers: { '': new FakeProducer(), audit: new FakeProducer(OUTAGE) } });
    const indicator = app.get(KafkaProducerHealthIndicator);
    expect(indicator.readiness('kafka').kafka).toMatchObject({
      status: 'down',
      problems: ['KafkaProducer:audit: It is not connected to any broker: no broker'],
      producers: { KafkaProducer: { status: 'up' }, 'KafkaProducer:audit': { status: 'down', lastError: 'no broker' } },
    });
    expect(indicator.readiness('kafka', { producer: null }).kafka.status).toBe('up');
    expect(indicator.readiness('kafka', { producer: 'audit' }).kafka.status).toBe('down');
    expect(indicator.liveness('kafka').kafka.status).toBe('up');
    expect(indicator.startup('kafka').kafka.status).toBe('up');
  });

  it('answers instead of throwing, whatever is wrong', async () => {
    await using app = await start();
    const { kafka } = app.get(KafkaConsumerHealthIndicator).readiness('kafka', { producer: 'missing' });
    expect(kafka).toMatchObject({
      status: 'down',
      problems: [expect.stringContaining("forRoot({ name: 'missing' })")],
    });
    const broken = { status: () => ({}).constructor.prototype.missing.property };
    await using other = await start({ producers: { '': broken as unknown as FakeProducer } });
    expect(other.get(KafkaProducerHealthIndicator).readiness('kafka').kafka).toMatchObject({
      status: 'down',
      problems: [expect.stringContaining('The state could not be read')],
    });
    await using nothing = await start({ producers: {} });
    expect(nothing.get(KafkaProducerHealthIndicator).readiness('kafka').kafka.status).toBe('down');
  });

  it('is alive whatever keeps it from an answer: a restart would change nothing', async () => {
    const broken = { status: () => ({}).constructor.prototype.missing.property };
    for (const producers of [{}, { '': broken as unknown as FakeProducer }]) {
      await using app = await start({ producers });
      expect(app.get(KafkaProducerHealthIndicator).liveness('kafka').kafka).toMatchObject({
        status: 'up',
        warnings: [expect.any(String)],
      });
    }
  });

  it('may be asked while Nest still makes what it looks at', async () => {
    const early: unknown[] = [];
    const made = { provide: 'slow', inject: [KafkaProducerHealthIndicator], useFactory: probe };
    function probe(indicator: KafkaProducerHealthIndicator): true {
      early.push(indicator.liveness('kafka').kafka.status, indicator.readiness('kafka').kafka.status);
      return true;
    }
    const kafka = KafkaProducerModule.forRoot({ client: { brokers: ['127.0.0.1:9092'] } });
    const app = await Test.createTestingModule({ imports: [KafkaHealthModule, kafka], providers: [made] })
      .overrideProvider(getKafkaProducerToken())
      .useFactory({ factory: () => new Promise((resolve) => setTimeout(() => resolve(new FakeProducer()), 50)) })
      .compile();
    await app.init();
    expect(early).toEqual(['up', 'down']);
    expect(app.get(KafkaProducerHealthIndicator).readiness('kafka').kafka.status).toBe('up');
    await app.close();
  });

  it('refuses a limit that is no number', () => {
    const consumer = { listeners: { a: { maxUnackedAgeMs: '60000' as unknown as number } } };
    expect(() => KafkaHealthModule.forRoot({ consumer })).toThrow(ConfigError);
    expect(() => KafkaHealthModule.forRoot({ consumer })).toThrow("consumer.listeners['a'].maxUnackedAgeMs");
    const producer = { maxMetadataAgeMs: Number.NaN };
    expect(() => KafkaHealthModule.forRoot({ producer })).toThrow(ConfigError);
    const late = Test.createTestingModule({
      imports: [KafkaHealthModule.forRootAsync({ useFactory: () => ({ producer }) })],
    });
    return expect(late.compile()).rejects.toThrow(ConfigError);
  });

  it('has no listeners to complain of before the transport has started', async () => {
    await using app = await start();
    expect(app.get(KafkaListenerRegistry).listeners()).toEqual([]);
    expect(app.get(KafkaConsumerHealthIndicator).readiness('kafka')).toEqual({
      kafka: { status: 'up', listeners: {} },
    });
  });

  it('is not started before the topics of its options have been found', async () => {
    const producer = new FakeProducer();
    producer.failure = new Error('no broker');
    await using app = await start({ producers: { '': producer }, options: { producer: { topics: ['orders'] } } });
    const indicator = app.get(KafkaProducerHealthIndicator);
    await until(() => producer.asked.length === 1, 'the first look');
    await until(() => String(indicator.startup('kafka').kafka.problems).includes('no broker'), 'its failure');
    producer.failure = null;
    await until(() => indicator.startup('kafka').kafka.status === 'up', 'the topic');
    expect(producer.asked).toEqual([['orders'], ['orders']]);
  });
});

describe('KafkaDurabilityHealthIndicator', () => {
  it('asks nothing before it is used, then in the background', async () => {
    const producer = new FakeProducer();
    producer.topics = ['orders'];
    await using app = await start({ producers: { '': producer } });
    app.get(KafkaProducerHealthIndicator).readiness('kafka');
    expect(producer.asked).toEqual([]);
    const indicator = app.get(KafkaDurabilityHealthIndicator);
    expect(indicator.startup('kafka').kafka.problems).toEqual(['orders: It has not been looked at yet.']);
    await until(() => indicator.startup('kafka').kafka.status === 'up', 'what the topic is like');
    for (let probe = 0; probe < 100; probe++) indicator.readiness('kafka');
    expect(producer.asked).toEqual([['orders']]);
    expect(indicator.readiness('kafka').kafka).toMatchObject({
      status: 'up',
      clusters: { KafkaProducer: { topics: { orders: { oneBrokerFails: 'no-loss', twoBrokersFail: 'unavailable' } } } },
    });
    producer.topics = ['orders', 'payments'];
    await until(() => producer.asked.length === 2, 'the look at the new topic');
    expect(producer.asked[1]).toEqual(['payments']);
  });

  it('is down only where the options say so', async () => {
    const producer = new FakeProducer();
    producer.topics = ['orders'];
    producer.replicas = [1];
    await using app = await start({ producers: { '': producer } });
    const indicator = app.get(KafkaDurabilityHealthIndicator);
    await until(() => indicator.readiness('kafka').kafka.warnings !== undefined, 'the warning');
    expect(indicator.readiness('kafka').kafka).toMatchObject({
      status: 'up',
      warnings: [expect.stringMatching(/^orders: if one broker fails, .* Give the topic 3 replicas/)],
    });
    const status = (downWhenOneFailureCosts: 'unavailable' | 'acknowledged-records-lost'): string =>
      indicator.readiness('kafka', { downWhenOneFailureCosts }).kafka.status;
    expect([status('acknowledged-records-lost'), status('unavailable')]).toEqual(['up', 'down']);
    expect(indicator.liveness('kafka').kafka.status).toBe('up');
  });
});

describe('with Terminus 12', () => {
  it('the results say degraded, and its service takes them', async () => {
    const producer = new FakeProducer({ waitingSends: 1, bufferAvailableBytes: 0 });
    await using app = await start({ producers: { '': producer }, terminus: true });
    const indicator = app.get(KafkaProducerHealthIndicator);
    const service = app.get(HealthCheckService);
    const check = await service.check([() => indicator.readiness('kafka'), () => indicator.liveness('alive')]);
    expect(check).toMatchObject({
      status: 'degraded',
      details: { kafka: { status: 'degraded', warnings: [expect.any(String)] }, alive: { status: 'up' } },
    });
    producer.state = OUTAGE;
    await expect(service.check([() => indicator.readiness('kafka')])).rejects.toMatchObject({
      response: { status: 'error', error: { kafka: { status: 'down', problems: [expect.any(String)] } } },
    });
  });
});
