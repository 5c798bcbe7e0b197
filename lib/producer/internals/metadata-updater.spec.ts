import { jest } from '@jest/globals';
import { RecordingLog } from '../../../test/support/recording-log.js';
import type { BrokerConnection } from '../../wire/broker-connection.js';
import type { ClusterLink } from '../../wire/cluster-link.js';
import type { MetadataResponse } from '../../wire/cluster-metadata.js';
import { BrokerConnectionError, KafkaAuthenticationError } from '../../wire/connection-errors.js';
import type { MetadataRequest } from '../../wire/protocol/metadata.js';
import type { ProducerConfig } from '../producer-config.js';
import { MetadataUpdater } from './metadata-updater.js';
import { ProducerMetadata } from './producer-metadata.js';
import { testConfig } from './spec-support/producer-test-config.js';

const EMPTY: MetadataResponse = { throttleTimeMs: 0, brokers: [], clusterId: null, controllerId: -1, topics: [] };
const BROKERS = [{ nodeId: 1, host: 'kafka', port: 9092, rack: null }];

interface Asked {
  readonly broker: string;
  readonly request: MetadataRequest;
  readonly answer: (response: MetadataResponse) => void;
  readonly fail: (error: Error) => void;
}

class Bench {
  /** Names of brokers, in the order in which they are offered. */
  public brokers = ['first', 'second'];
  public readonly asked: Asked[] = [];
  public readonly metadata = new ProducerMetadata(300_000);
  public readonly updates: boolean[] = [];
  public readonly refusedLogins: Error[] = [];
  public readonly known: unknown[] = [];
  public connectError: Error | null = null;
  public readonly updater: MetadataUpdater;

  public constructor(config: Partial<ProducerConfig> = {}) {
    const connections = new Map<string, BrokerConnection>();
    const connectionTo = (broker: string): BrokerConnection => {
      const send = (_api: unknown, request: MetadataRequest): Promise<MetadataResponse> =>
        new Promise((answer, fail) => this.asked.push({ broker, request, answer, fail }));
      const connection = connections.get(broker) ?? ({ send } as unknown as BrokerConnection);
      connections.set(broker, connection);
      return connection;
    };
    const connectAny = (avoid: BrokerConnection | null = null): Promise<BrokerConnection> => {
      if (this.connectError !== null) return Promise.reject(this.connectError);
      const broker = this.brokers.find((name) => connections.get(name) !== avoid || avoid === null);
      return broker === undefined
        ? Promise.reject(new Error('no other broker'))
        : Promise.resolve(connectionTo(broker));
    };
    this.updater = new MetadataUpdater({
      link: { connectAny, updateBrokers: (brokers: unknown) => this.known.push(brokers) } as unknown as ClusterLink,
      metadata: this.metadata,
      config: testConfig(config),
      log: new RecordingLog(),
      onUpdate: (hasChanged) => this.updates.push(hasChanged),
      onAuthenticationFailed: (error) => this.refusedLogins.push(error),
    });
  }

  public get last(): Asked {
    const asked = this.asked.at(-1);
    if (asked === undefined) throw new Error('Nothing was asked');
    return asked;
  }
}

async function run(ms = 0): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('MetadataUpdater', () => {
  it('asks for the topics in use and hands the answer on', async () => {
    const bench = new Bench();
    bench.metadata.want('t', Date.now());
    bench.updater.request();
    await run();
    expect(bench.last.request).toEqual({ topics: ['t'], allowAutoTopicCreation: true });
    bench.last.answer({ ...EMPTY, brokers: BROKERS });
    await run();
    expect(bench.known).toEqual([BROKERS]);
    expect([bench.updates, bench.metadata.version, bench.updater.lastFailure]).toEqual([[false], 1, null]);
    bench.updater.close();
  });

  it('has one request at a time, and one more for all that was asked for meanwhile', async () => {
    const bench = new Bench();
    for (let index = 0; index < 5; index++) bench.updater.requestNow();
    await run();
    expect(bench.asked).toHaveLength(1);
    bench.metadata.want('new', Date.now());
    for (let index = 0; index < 5; index++) bench.updater.requestNow();
    bench.last.answer(EMPTY);
    await run(120);
    expect(bench.asked).toHaveLength(2);
    expect(bench.last.request.topics).toEqual(['new']);
    bench.last.answer(EMPTY);
    await run(10_000);
    expect(bench.asked).toHaveLength(2);
    bench.updater.close();
  });

  it('does not storm: what is asked for again right after an answer waits for retry.backoff.ms', async () => {
    const bench = new Bench();
    bench.updater.request();
    await run();
    bench.last.answer(EMPTY);
    await run();
    bench.updater.request();
    await run(79);
    expect(bench.asked).toHaveLength(1);
    await run(41);
    expect(bench.asked).toHaveLength(2);
    bench.last.answer(EMPTY);
    await run();
    bench.updater.close();
  });

  it('asks again by itself when the metadata has become old', async () => {
    const bench = new Bench({ metadataMaxAgeMs: 10_000 });
    bench.updater.request();
    await run();
    bench.last.answer(EMPTY);
    await run(9_999);
    expect(bench.asked).toHaveLength(1);
    await run(1);
    expect(bench.asked).toHaveLength(2);
    bench.last.answer(EMPTY);
    await run();
    bench.updater.close();
  });

  it('tries again after failures, more and more slowly, until it has an answer', async () => {
    const bench = new Bench();
    bench.brokers = ['only'];
    bench.updater.request();
    const waits: number[] = [];
    for (let failure = 0; failure < 5; failure++) {
      await run();
      const from = Date.now();
      const count = bench.asked.length;
      bench.last.fail(new BrokerConnectionError('reset'));
      while (bench.asked.length === count) await run(1);
      waits.push(Date.now() - from);
      expect(bench.updater.lastFailure?.message).toBe('reset');
    }
    [100, 200, 400, 800, 1_000].forEach((expected, index) => {
      expect(waits[index]).toBeGreaterThanOrEqual(expected * 0.8 - 1);
      expect(waits[index]).toBeLessThanOrEqual(expected * 1.2 + 2);
    });
    bench.last.answer(EMPTY);
    await run();
    expect(bench.updater.lastFailure).toBeNull();
    bench.updater.close();
  });

  it('asks another broker too when one is slow; the first answer counts, whoever gives it', async () => {
    for (const winner of [0, 1]) {
      const bench = new Bench();
      bench.updater.request();
      await run(999);
      expect(bench.asked.map(({ broker }) => broker)).toEqual(['first']);
      await run(1);
      expect(bench.asked.map(({ broker }) => broker)).toEqual(['first', 'second']);
      bench.asked[winner]?.answer(EMPTY);
      await run();
      expect(bench.updates).toHaveLength(1);
      bench.asked[1 - winner]?.fail(new BrokerConnectionError('late'));
      await run();
      expect([bench.updates.length, bench.updater.lastFailure]).toEqual([1, null]);
      bench.updater.close();
    }
  });

  it('asks another broker at once when the first one fails', async () => {
    const bench = new Bench();
    bench.updater.request();
    await run();
    bench.last.fail(new BrokerConnectionError('reset'));
    await run(1);
    expect(bench.asked.map(({ broker }) => broker)).toEqual(['first', 'second']);
    bench.last.answer(EMPTY);
    await run();
    expect(bench.updates).toHaveLength(1);
    bench.updater.close();
  });

  it('waits for a slow broker when there is no other', async () => {
    const bench = new Bench();
    bench.brokers = ['only'];
    bench.updater.request();
    await run(20_000);
    expect(bench.asked).toHaveLength(1);
    bench.last.answer(EMPTY);
    await run();
    expect(bench.updates).toHaveLength(1);
    bench.updater.close();
  });

  it('tells of a refused login, and of no other failure', async () => {
    const bench = new Bench();
    bench.connectError = new BrokerConnectionError('refused');
    bench.updater.request();
    await run();
    expect(bench.refusedLogins).toEqual([]);
    bench.connectError = new KafkaAuthenticationError('wrong password');
    await run(2_000);
    expect(bench.refusedLogins[0]).toBe(bench.connectError);
    bench.updater.close();
  });

  it('tries once for the start, and gives the failure to who asked', async () => {
    const bench = new Bench();
    bench.brokers = ['only'];
    const refreshed = bench.updater.refreshOnce();
    const outcome = refreshed.catch((error: unknown) => error);
    await run();
    bench.last.fail(new BrokerConnectionError('reset'));
    await run();
    expect(await outcome).toMatchObject({ message: 'reset' });
    await run(60_000);
    expect(bench.asked).toHaveLength(1);
    bench.updater.close();
  });

  it('leaves no timer after it was closed, and asks no more', async () => {
    const bench = new Bench();
    bench.updater.request();
    await run();
    bench.last.fail(new BrokerConnectionError('reset'));
    bench.updater.close();
    await run();
    bench.updater.request();
    bench.updater.requestNow();
    await run(600_000);
    expect(bench.asked.length).toBeLessThanOrEqual(2);
    expect(jest.getTimerCount()).toBe(0);
  });
});
