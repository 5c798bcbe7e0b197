import { jest } from '@jest/globals';
import { RecordingLog } from '../../../test/support/recording-log.js';
import type { ClusterLink } from '../../wire/cluster-link.js';
import { BrokerConnectionError, UnsupportedBrokerError } from '../../wire/connection-errors.js';
import { ErrorCode } from '../../wire/error-codes.js';
import type { InitProducerIdRequest, InitProducerIdResponse } from '../../wire/protocol/init-producer-id.js';
import { ProducerIdSource } from './producer-id-source.js';
import { testConfig } from './spec-support/producer-test-config.js';

class Bench {
  public readonly requests: InitProducerIdRequest[] = [];
  public readonly ids: [bigint, number][] = [];
  public readonly fatal: Error[] = [];
  /** What the next requests meet; the last one again and again. */
  public answers: (InitProducerIdResponse | Error)[] = [];
  public readonly source: ProducerIdSource;

  public constructor() {
    const send = (_api: unknown, request: InitProducerIdRequest): Promise<InitProducerIdResponse> => {
      this.requests.push(request);
      const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
      if (answer === undefined) return new Promise(() => undefined);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    };
    this.source = new ProducerIdSource({
      link: { connectAny: () => Promise.resolve({ send }) } as unknown as ClusterLink,
      config: testConfig(),
      log: new RecordingLog(),
      onProducerId: (id, epoch) => this.ids.push([id, epoch]),
      onFatal: (error) => this.fatal.push(error),
    });
  }
}

function granted(producerId: bigint, producerEpoch = 0): InitProducerIdResponse {
  return { throttleTimeMs: 0, errorCode: 0, producerId, producerEpoch };
}

function refused(errorCode: number): InitProducerIdResponse {
  return { throttleTimeMs: 0, errorCode, producerId: -1n, producerEpoch: -1 };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('ProducerIdSource', () => {
  it('asks once for all who ask at the same time, without a transactional id', async () => {
    const bench = new Bench();
    bench.answers = [granted(42n, 3)];
    for (let index = 0; index < 5; index++) bench.source.request();
    await jest.advanceTimersByTimeAsync(0);
    expect(bench.ids).toEqual([[42n, 3]]);
    expect(bench.requests).toEqual([
      { transactionalId: null, transactionTimeoutMs: 60_000, producerId: -1n, producerEpoch: -1 },
    ]);
  });

  it('asks again when another id is needed later', async () => {
    const bench = new Bench();
    bench.answers = [granted(1n), granted(2n)];
    bench.source.request();
    await jest.advanceTimersByTimeAsync(0);
    bench.source.request();
    await jest.advanceTimersByTimeAsync(0);
    expect(bench.ids).toEqual([
      [1n, 0],
      [2n, 0],
    ]);
  });

  it.each<[string, InitProducerIdResponse | Error]>([
    ['a coordinator that is loading, as on a fresh broker', refused(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)],
    ['no coordinator yet', refused(ErrorCode.COORDINATOR_NOT_AVAILABLE)],
    ['a lost connection', new BrokerConnectionError('reset')],
    ['a foreign error', new TypeError('odd')],
  ])('tries on after %s', async (_, failure) => {
    const bench = new Bench();
    bench.answers = [failure, failure, granted(9n)];
    bench.source.request();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(bench.ids).toEqual([[9n, 0]]);
    expect(bench.requests).toHaveLength(3);
    expect(bench.fatal).toEqual([]);
  });

  it('waits longer after each failure, and does not ask in between when it is asked to', async () => {
    const bench = new Bench();
    bench.answers = [new BrokerConnectionError('reset')];
    bench.source.request();
    await jest.advanceTimersByTimeAsync(10_000);
    bench.source.request();
    expect(bench.requests.length).toBeGreaterThan(8);
    expect(bench.requests.length).toBeLessThan(18);
    bench.source.close();
  });

  it.each<[string, InitProducerIdResponse | Error]>([
    ['missing rights', refused(ErrorCode.CLUSTER_AUTHORIZATION_FAILED)],
    ['an invalid request', refused(ErrorCode.INVALID_REQUEST)],
    ['a broker that is too old', new UnsupportedBrokerError('no usable version of InitProducerId')],
  ])('gives up because of %s', async (_, failure) => {
    const bench = new Bench();
    bench.answers = [failure];
    bench.source.request();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(bench.fatal).toHaveLength(1);
    expect(bench.requests).toHaveLength(1);
  });

  it('leaves no timer after it was closed, and an answer that comes then is not used', async () => {
    const bench = new Bench();
    bench.answers = [new BrokerConnectionError('reset')];
    bench.source.request();
    await jest.advanceTimersByTimeAsync(0);
    bench.source.close();
    expect(jest.getTimerCount()).toBe(0);

    const late = new Bench();
    late.answers = [granted(1n)];
    late.source.request();
    late.source.close();
    late.source.request();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(late.ids).toEqual([]);
    expect(late.requests.length).toBeLessThanOrEqual(1);
  });
});
