import { jest } from '@jest/globals';
import { BrokerConnectionError } from '../../wire/connection-errors.js';
import { ErrorCode } from '../../wire/error-codes.js';
import { ProducerClosedError, UnknownTopicError } from '../errors.js';
import type { MetadataUpdater } from './metadata-updater.js';
import { ProducerMetadata } from './producer-metadata.js';
import { testConfig } from './spec-support/producer-test-config.js';
import { TopicLookup } from './topic-lookup.js';

class Bench {
  public readonly metadata = new ProducerMetadata(300_000);
  public refusal: Error | null = null;
  public requests = 0;
  public lastFailure: Error | null = null;
  public readonly lookup: TopicLookup;

  public constructor() {
    const updater = {
      requestNow: () => {
        this.requests++;
      },
      request: () => {
        this.requests++;
      },
    };
    Object.defineProperty(updater, 'lastFailure', { get: () => this.lastFailure });
    this.lookup = new TopicLookup({
      config: testConfig({ maxBlockMs: 2_000 }),
      metadata: this.metadata,
      updater: updater as unknown as MetadataUpdater,
      refusal: () => this.refusal,
    });
  }

  public answer(errorCode = 0): void {
    const partition = {
      partition: 0,
      leaderId: 1,
      leaderEpoch: 0,
      replicas: [1],
      isr: [1],
      offlineReplicas: [],
      errorCode: 0,
    };
    const partitions = errorCode === 0 ? [partition] : [];
    const topic = { name: 't', errorCode, isInternal: false, topicId: null, partitions };
    const response = { throttleTimeMs: 0, brokers: [], clusterId: null, controllerId: -1, topics: [topic] };
    this.metadata.update(response, Date.now());
    this.lookup.metadataChanged();
  }

  /** What becomes of the question. */
  public ask(): Promise<unknown> {
    return this.lookup.partitionsFor('t').catch((error: unknown) => error);
  }
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

describe('TopicLookup', () => {
  it('answers at once when the topic is known', async () => {
    const bench = new Bench();
    bench.answer();
    await expect(bench.ask()).resolves.toMatchObject([{ topic: 't', partition: 0, leader: 1 }]);
    expect(bench.requests).toBe(0);
  });

  it('asks for the topic and waits for it, for several at once', async () => {
    const bench = new Bench();
    const asked = Promise.all([bench.ask(), bench.ask()]);
    await jest.advanceTimersByTimeAsync(500);
    expect(bench.requests).toBeGreaterThan(0);
    expect(bench.metadata.topicsToRefresh(Date.now())).toEqual(['t']);
    bench.answer();
    expect(await asked).toHaveLength(2);
    await jest.advanceTimersByTimeAsync(200);
  });

  it('gives up after max.block.ms with the reason', async () => {
    const bench = new Bench();
    bench.lastFailure = new BrokerConnectionError('reset');
    const asked = bench.ask();
    await jest.advanceTimersByTimeAsync(2_100);
    const error = await asked;
    expect(error).toBeInstanceOf(UnknownTopicError);
    expect(error).toMatchObject({ topic: 't', cause: bench.lastFailure });
    expect(String(error)).toContain('maxBlockMs (2000 ms)');
  });

  it('fails at once when the topic can never be used', async () => {
    const bench = new Bench();
    const asked = bench.ask();
    bench.answer(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
    await jest.advanceTimersByTimeAsync(0);
    expect(await asked).toMatchObject({ code: ErrorCode.TOPIC_AUTHORIZATION_FAILED });
  });

  it('fails when the producer is closed meanwhile', async () => {
    const bench = new Bench();
    const asked = bench.ask();
    bench.refusal = new ProducerClosedError('closed');
    await jest.advanceTimersByTimeAsync(200);
    expect(await asked).toBe(bench.refusal);
  });
});
