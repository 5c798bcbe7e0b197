import { afterEach, describe, expect, it } from '@jest/globals';
import type { ClusterLink } from '../../../wire/cluster-link.js';
import type { MetadataResponse, TopicMetadata } from '../../../wire/cluster-metadata.js';
import { BrokerConnectionError, KafkaAuthenticationError } from '../../../wire/connection-errors.js';
import { KafkaTimeoutError } from '../../../wire/kafka-timeout-error.js';
import { silentLog } from '../../../wire/log-sink.js';
import type { MetadataRequest } from '../../../wire/protocol/metadata.js';
import { until } from '../../../wire/spec-support/until.js';
import { ConsumerMetadata, type MetadataChange } from './consumer-metadata.js';
import { ConsumerMetadataUpdater } from './consumer-metadata-updater.js';

const BACKOFF_MS = 20;
const BROKERS = [{ nodeId: 1, host: 'h', port: 1, rack: null }];

class Bench {
  public readonly requests: MetadataRequest[] = [];
  public readonly changes: MetadataChange[] = [];
  public readonly refused: Error[] = [];
  public readonly metadata = new ConsumerMetadata();
  /** What the brokers know, by name: number of partitions or error. */
  public readonly topics = new Map<string, number>();
  public failure: Error | null = null;
  public attempts = 0;
  public readonly troubles: (string | null)[] = [];
  public readonly updater: ConsumerMetadataUpdater;

  public constructor(metadataMaxAgeMs = 300_000) {
    const send = (_: unknown, request: MetadataRequest): Promise<MetadataResponse> => {
      this.requests.push(request);
      if (this.failure !== null) return Promise.reject(this.failure);
      const topics = (request.topics ?? [...this.topics.keys()]).map((name) => this.topic(name));
      return Promise.resolve({ throttleTimeMs: 0, brokers: BROKERS, clusterId: null, controllerId: 1, topics });
    };
    const link = {
      connectAny: () => {
        this.attempts++;
        return this.failure === null ? Promise.resolve({ send }) : Promise.reject(this.failure);
      },
      updateBrokers: () => undefined,
    };
    this.metadata.subscribe(['a']);
    this.updater = new ConsumerMetadataUpdater({
      link: link as unknown as ClusterLink,
      metadata: this.metadata,
      config: {
        allowAutoCreateTopics: false,
        metadataMaxAgeMs,
        requestTimeoutMs: 1_000,
        retryBackoffMs: BACKOFF_MS,
        retryBackoffMaxMs: 2 * BACKOFF_MS,
      },
      log: silentLog,
      onBrokers: () => undefined,
      onUpdate: (change) => this.changes.push(change),
      onTrouble: (error) => this.troubles.push(error?.message ?? null),
      onRefused: (error) => this.refused.push(error),
    });
  }

  private topic(name: string): TopicMetadata {
    const known = this.topics.get(name) ?? -3;
    const partitions = Array.from({ length: Math.max(0, known) }, (_, partition) => ({
      partition,
      leaderId: 1,
      leaderEpoch: 0,
      replicas: [],
      isr: [],
      offlineReplicas: [],
      errorCode: 0,
    }));
    return { name, topicId: null, isInternal: false, errorCode: known < 0 ? -known : 0, partitions };
  }
}

describe('ConsumerMetadataUpdater', () => {
  const benches: Bench[] = [];
  const newBench = (metadataMaxAgeMs?: number): Bench => {
    const bench = new Bench(metadataMaxAgeMs);
    bench.topics.set('a', 1);
    benches.push(bench);
    return bench;
  };
  afterEach(() => {
    for (const { updater } of benches.splice(0)) updater.close();
  });

  it('asks once for those who ask at the same time, and rests when all is there', async () => {
    const bench = newBench();
    await Promise.all([bench.updater.refreshOnce(), bench.updater.refreshOnce()]);
    expect(bench.requests).toEqual([{ topics: ['a'], allowAutoTopicCreation: false }]);
    expect(bench.changes).toEqual([{ leaders: true, topics: true, isIncomplete: false }]);
  });

  it('asks again when the metadata has its age', async () => {
    const bench = newBench(30);
    await bench.updater.refreshOnce();
    await until(() => bench.requests.length >= 3);
    expect(bench.changes.slice(1)).toEqual(
      bench.changes.slice(1).map(() => ({ leaders: false, topics: false, isIncomplete: false })),
    );
  });

  it('asks with a pause in between while a topic is missing', async () => {
    const bench = newBench();
    bench.topics.delete('a');
    const start = Date.now();
    await bench.updater.refreshOnce();
    await until(() => bench.requests.length >= 4);
    expect(Date.now() - start).toBeGreaterThanOrEqual(2 * BACKOFF_MS);
    bench.topics.set('a', 2);
    await until(() => bench.metadata.partitionCount('a') === 2);
    expect(bench.changes.at(-1)).toMatchObject({ topics: true, isIncomplete: false });
  });

  it('asks at once, without a pause, for a subscription that came while an answer was on its way', async () => {
    const bench = newBench();
    bench.topics.set('b', 1);
    const running = bench.updater.refreshOnce();
    bench.metadata.subscribe(['a', 'b']);
    bench.updater.requestNow();
    await running;
    await until(() => bench.metadata.partitionCount('b') === 1);
    expect(bench.requests.at(-1)?.topics).toEqual(['a', 'b']);
  });

  it('tries again after failures, and keeps what it knows', async () => {
    const bench = newBench();
    await bench.updater.refreshOnce();
    bench.failure = new BrokerConnectionError('gone');
    await expect(bench.updater.refreshOnce()).rejects.toThrow('gone');
    expect(bench.updater.lastFailure).toBe(bench.failure);
    expect(bench.metadata.partitionCount('a')).toBe(1);
    bench.failure = null;
    await until(() => bench.updater.lastFailure === null);
  });

  it('tells of an outage once, not of a single failure, and when it has passed', async () => {
    const bench = newBench();
    await bench.updater.refreshOnce();
    bench.failure = new BrokerConnectionError('gone');
    await expect(bench.updater.refreshOnce()).rejects.toThrow('gone');
    expect(bench.troubles).toEqual([]);
    await until(() => bench.attempts >= 5);
    expect(bench.troubles).toEqual(['gone']);
    bench.failure = null;
    await until(() => bench.updater.lastFailure === null);
    expect(bench.troubles).toEqual(['gone', null]);
  });

  it('tells when a topic may not be read, and when the login is refused', async () => {
    const bench = newBench();
    bench.topics.set('a', -29);
    await bench.updater.refreshOnce();
    expect(bench.refused).toEqual([expect.objectContaining({ code: 29, topic: 'a' })]);
    bench.failure = new KafkaAuthenticationError('no');
    await expect(bench.updater.refreshOnce()).rejects.toThrow('no');
    expect(bench.refused[1]).toBe(bench.failure);
  });

  it('knows the partitions of what other members read, and follows their changes', async () => {
    const bench = newBench();
    await bench.updater.refreshOnce();
    bench.topics.set('b', 3);
    const counts = await bench.updater.partitionCounts(['a', 'b', 'none'], Date.now() + 1_000);
    expect(counts).toEqual(
      new Map([
        ['a', 1],
        ['b', 3],
        ['none', 0],
      ]),
    );
    expect(bench.metadata.subscription).toEqual(['a']);
    bench.topics.set('b', 4);
    await bench.updater.refreshOnce();
    expect(bench.changes.at(-1)?.topics).toBe(true);
  });

  it('gives up the partitions of other topics at the deadline', async () => {
    const bench = newBench();
    bench.failure = new BrokerConnectionError('gone');
    await expect(bench.updater.partitionCounts(['b'], Date.now() + 30)).rejects.toThrow(KafkaTimeoutError);
  });
});
