import { jest } from '@jest/globals';
import { BrokerConnectionError } from '../../wire/connection-errors.js';
import type { CompressionCodec } from '../../wire/compression/compression-codec.js';
import { GzipCodec } from '../../wire/compression/gzip-codec.js';
import { ErrorCode } from '../../wire/error-codes.js';
import { DeliveryError } from '../errors.js';
import type { ProducerConfig } from '../producer-config.js';
import type { DeliveryBench, DeliveryBenchOptions } from './spec-support/delivery-bench.js';
import { useDeliveryBenches } from './spec-support/use-delivery-benches.js';

const { NOT_LEADER_OR_FOLLOWER, NOT_ENOUGH_REPLICAS, OUT_OF_ORDER_SEQUENCE_NUMBER } = ErrorCode;

/** Without idempotence: what is tested here has nothing to do with sequences. */
const PLAIN: Partial<ProducerConfig> = { enableIdempotence: false, lingerMs: 0 };

const { create, run } = useDeliveryBenches();

function bench(config: Partial<ProducerConfig> = PLAIN, options?: DeliveryBenchOptions): DeliveryBench {
  return create(config, options);
}

function sent(kafka: DeliveryBench): string[] {
  return kafka.requests.map(({ summary }) => summary);
}

describe('what goes into a request', () => {
  it('is one batch of each partition that the broker leads, of all topics', async () => {
    const kafka = bench(PLAIN, { leaders: [1, 2, 1, 1] });
    for (const partition of [0, 1, 2]) kafka.send(`t${partition}`, partition);
    kafka.send('u0', 0, 'u');
    await run();
    expect(kafka.requests.map(({ nodeId, summary }) => [nodeId, summary])).toEqual([
      [1, 't-0=t0 t-2=t2 u-0=u0'],
      [2, 't-1=t1'],
    ]);
  });

  it('is never two batches of one partition: the broker would drop one and confirm both', async () => {
    const kafka = bench();
    kafka.sendBatches(['a', 'b', 'c'], 0);
    kafka.sendBatches(['x', 'y'], 1);
    await run();
    for (const { batches } of kafka.requests) {
      const partitions = batches.map(({ partition }) => partition);
      expect(new Set(partitions).size).toBe(partitions.length);
    }
    const valuesOf = (partition: number): unknown =>
      kafka.requests
        .flatMap(({ batches }) => batches.filter((batch) => batch.partition === partition))
        .flatMap(({ values }) => values);
    expect([valuesOf(0), valuesOf(1)]).toEqual([
      ['a', 'b', 'c'],
      ['x', 'y'],
    ]);
  });

  it('is everything sent in one turn of the event loop, in one batch per partition', async () => {
    const kafka = bench();
    for (let index = 0; index < 10; index++) kafka.send(String(index));
    expect(kafka.requests).toHaveLength(0);
    await run();
    expect(sent(kafka)).toEqual(['t-0=0,1,2,3,4,5,6,7,8,9']);
  });

  it('stays under max.request.size; the rest follows in further requests', async () => {
    const kafka = bench({ ...PLAIN, maxRequestSize: 400 });
    for (const partition of [0, 1, 2, 3]) kafka.send('v'.repeat(100), partition);
    await run();
    expect(kafka.requests.map(({ batches }) => batches.length)).toEqual([2, 2]);
    for (const { request } of kafka.requests) {
      const bytes = request.topics.flatMap(({ partitions }) => partitions.map(({ records }) => records.length));
      expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(400);
    }
  });

  it('is a batch larger than max.request.size alone', async () => {
    const kafka = bench({ ...PLAIN, maxRequestSize: 400 });
    kafka.send('large'.repeat(200), 0);
    kafka.send('small', 1);
    await run();
    expect(kafka.requests.map(({ batches }) => batches.length)).toEqual([1, 1]);
  });

  it('carries acks and the request timeout', async () => {
    const kafka = bench({ ...PLAIN, acks: 1, requestTimeoutMs: 1_234 });
    kafka.send('a');
    await run();
    expect(kafka.open.request).toMatchObject({ acks: 1, timeoutMs: 1_234, transactionalId: null });
  });
});

describe('lingering', () => {
  it('keeps a batch open until linger.ms after its first record', async () => {
    const kafka = bench({ ...PLAIN, lingerMs: 20 });
    kafka.send('a');
    await run(12);
    kafka.send('b');
    await run(7);
    expect(kafka.requests).toHaveLength(0);
    await run(1);
    expect(sent(kafka)).toEqual(['t-0=a,b']);
  });

  it('ends when the batch is full, to the byte, or when another one stands behind it', async () => {
    const kafka = bench({ ...PLAIN, lingerMs: 60_000, batchSize: 61 + 109 + 109 });
    const stamp = Date.now();
    kafka.send('v'.repeat(100), 0, 't', stamp);
    kafka.send('v'.repeat(100), 1, 't', stamp);
    await run(1_000);
    expect(kafka.requests).toHaveLength(0);
    kafka.send('v'.repeat(100), 0, 't', stamp);
    await run();
    expect(kafka.requests.map(({ batch }) => [batch.partition, batch.values.length])).toEqual([[0, 2]]);
    kafka.send('v'.repeat(150), 1);
    await run();
    expect(kafka.requests.map(({ batch }) => [batch.partition, batch.values.length])).toEqual([
      [0, 2],
      [1, 1],
    ]);
  });

  it('ends for all when a flush, a close or a send that waits for memory makes it urgent', async () => {
    const kafka = bench({ ...PLAIN, lingerMs: 60_000 });
    kafka.send('a', 0);
    kafka.send('b', 1);
    await run(10);
    expect(kafka.requests).toHaveLength(0);
    kafka.isUrgent = true;
    kafka.sender.wake();
    await run();
    expect(sent(kafka)).toEqual(['t-0=a t-1=b']);
  });

  it('of one partition is not ended by another', async () => {
    const kafka = bench({ ...PLAIN, lingerMs: 100 });
    kafka.send('first', 0);
    await run(50);
    kafka.send('second', 1);
    await run(50);
    expect(sent(kafka)).toEqual(['t-0=first']);
    await run(50);
    expect(sent(kafka)).toEqual(['t-0=first', 't-1=second']);
  });
});

describe('requests in flight', () => {
  it('are at most max.in.flight.requests.per.connection to one broker; other brokers are not concerned', async () => {
    const kafka = bench({ ...PLAIN, maxInFlightRequestsPerConnection: 3 }, { leaders: [1, 2] });
    kafka.sendBatches(['a', 'b', 'c', 'd', 'e'], 0);
    kafka.sendBatches(['x', 'y'], 1);
    await run();
    expect(sent(kafka).sort()).toEqual(['t-0=a', 't-0=b', 't-0=c', 't-1=x', 't-1=y']);
    expect(kafka.sender.requestsInFlight).toBe(5);
    kafka.requests.find(({ summary }) => summary === 't-0=a')?.answer();
    await run();
    expect(kafka.last.summary).toBe('t-0=d');
  });

  it('of one: a partition keeps its order without idempotence, through a retry', async () => {
    const kafka = bench({ ...PLAIN, maxInFlightRequestsPerConnection: 1 });
    kafka.sendBatches(['a', 'b']);
    await run();
    expect(sent(kafka)).toEqual(['t-0=a']);
    kafka.open.answer({ errorCode: NOT_ENOUGH_REPLICAS });
    await run(5_000);
    expect(sent(kafka)).toEqual(['t-0=a', 't-0=a']);
    kafka.open.answer();
    await run();
    expect(kafka.last.summary).toBe('t-0=b');
    kafka.open.answer();
    await run();
    expect(kafka.told).toEqual(['a', 'b']);
  });

  it('that are answered make room at once', async () => {
    const kafka = bench({ ...PLAIN, maxInFlightRequestsPerConnection: 1 });
    kafka.sendBatches(['a', 'b', 'c']);
    for (const value of ['a', 'b', 'c']) {
      await run();
      expect(kafka.open.summary).toBe(`t-0=${value}`);
      kafka.open.answer();
    }
    await run();
    expect(kafka.sender.requestsInFlight).toBe(0);
  });
});

describe('fairness', () => {
  it('begins each request with the next partition, so that none starves when requests are small', async () => {
    const kafka = bench({ ...PLAIN, maxRequestSize: 1, maxInFlightRequestsPerConnection: 1 });
    for (const partition of [0, 1, 2, 3]) kafka.sendBatches(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], partition);
    const served = new Map<number, number>();
    await run();
    for (let round = 0; round < 8; round++) {
      const { partition } = kafka.open.batch;
      served.set(partition, (served.get(partition) ?? 0) + 1);
      kafka.open.answer();
      await run();
    }
    expect([...served.values()]).toEqual([2, 2, 2, 2]);
  });

  it('holds for each broker by itself', async () => {
    const kafka = bench(
      { ...PLAIN, maxRequestSize: 1, maxInFlightRequestsPerConnection: 1 },
      { leaders: [1, 1, 2, 2] },
    );
    for (const partition of [0, 1, 2, 3]) kafka.sendBatches(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], partition);
    const served = new Map<number, number>();
    await run();
    for (let round = 0; round < 4; round++) {
      for (const request of kafka.link.open) {
        const { partition } = request.batch;
        served.set(partition, (served.get(partition) ?? 0) + 1);
        request.answer();
      }
      await run();
    }
    expect([...served.values()]).toEqual([2, 2, 2, 2]);
  });
});

describe('brokers', () => {
  it('that cannot be reached do not hold up the others', async () => {
    const kafka = bench(PLAIN, { leaders: [1, 2] });
    kafka.link.down.add(1);
    kafka.send('a', 0);
    kafka.send('b', 1);
    await run();
    expect(sent(kafka)).toEqual(['t-1=b']);
    kafka.link.down.delete(1);
    kafka.sender.wake();
    await run();
    expect(sent(kafka)).toEqual(['t-1=b', 't-0=a']);
  });

  it('are asked for a leader where there is none; the batch leaves when one is known', async () => {
    const kafka = bench(PLAIN, { leaders: [-1, 1] });
    kafka.send('a', 0);
    await run(1_000);
    expect(kafka.requests).toHaveLength(0);
    expect(kafka.counts.metadataRequests).toBeGreaterThan(0);
    kafka.lead([1, 1]);
    await run();
    expect(sent(kafka)).toEqual(['t-0=a']);
  });

  it('that ask for it get no request before the throttle time is over (KIP-219)', async () => {
    const kafka = bench(PLAIN, { leaders: [1, 2] });
    kafka.send('a', 0);
    await run();
    kafka.open.answer({}, 500);
    await run();
    kafka.send('b', 0);
    kafka.send('c', 1);
    await run(499);
    expect(sent(kafka)).toEqual(['t-0=a', 't-1=c']);
    await run(1);
    expect(sent(kafka)).toEqual(['t-0=a', 't-1=c', 't-0=b']);
  });
});

describe('a change of leader', () => {
  it('sends a batch that backs off to the new leader at once', async () => {
    const kafka = bench(PLAIN, { leaders: [1] });
    kafka.send('a');
    await run();
    kafka.open.answer({ errorCode: NOT_LEADER_OR_FOLLOWER });
    await run(10);
    expect(kafka.requests).toHaveLength(1);
    kafka.lead([2]);
    await run();
    expect(kafka.open).toMatchObject({ nodeId: 2, summary: 't-0=a' });
  });

  it('named in the refusal itself needs no metadata (KIP-951)', async () => {
    const kafka = bench(PLAIN, { leaders: [1] });
    kafka.send('a');
    await run();
    kafka.open.answer({ errorCode: NOT_LEADER_OR_FOLLOWER, currentLeader: { leaderId: 3, leaderEpoch: 99 } });
    await run();
    expect(kafka.open).toMatchObject({ nodeId: 3, summary: 't-0=a' });
  });

  it.each([true, false])(
    'sends nothing to the new leader while the former one owes answers (idempotence %s)',
    async (idempotent) => {
      const kafka = bench({ lingerMs: 0, enableIdempotence: idempotent }, { leaders: [1] });
      kafka.sendBatches(['a', 'b']);
      await run();
      kafka.lead([2]);
      kafka.send('c');
      await run(900);
      expect(kafka.requests.every(({ nodeId }) => nodeId === 1)).toBe(true);
      for (const request of kafka.link.open) request.answer();
      await run();
      expect(kafka.link.open.length).toBeGreaterThan(0);
      expect(kafka.link.open.every(({ nodeId }) => nodeId === 2)).toBe(true);
      expect(kafka.link.disconnected).toEqual([]);
    },
  );

  it('ends the connection to a former leader that is silent for a second, and goes on with the new one', async () => {
    const kafka = bench({ lingerMs: 0 }, { leaders: [1] });
    kafka.send('a');
    await run(400);
    kafka.lead([2]);
    await run(599);
    expect(kafka.link.disconnected).toEqual([]);
    await run(1);
    expect(kafka.link.disconnected).toEqual([1]);
    await run();
    expect(kafka.open).toMatchObject({ nodeId: 2, summary: 't-0=a' });
  });

  it('does not end the connection to a broker that leads the partition again', async () => {
    const kafka = bench({ lingerMs: 0 }, { leaders: [1] });
    kafka.send('a');
    await run(100);
    kafka.lead([2]);
    await run(100);
    kafka.lead([1]);
    await run(5_000);
    expect(kafka.link.disconnected).toEqual([]);
    kafka.open.answer();
    await run();
    expect(kafka.told).toEqual(['a']);
  });
});

describe('without a producer id', () => {
  it('an idempotent producer asks for one, and sends nothing before', async () => {
    const kafka = bench({ lingerMs: 0 }, { producerId: null });
    kafka.send('a');
    await run(1_000);
    expect(kafka.requests).toHaveLength(0);
    expect(kafka.counts.producerIdNeeded).toBeGreaterThan(0);
    kafka.sequences?.useProducerId(42n, 3);
    kafka.sender.wake();
    await run();
    expect(kafka.open.batch).toMatchObject({ producerId: 42n, producerEpoch: 3, baseSequence: 0 });
  });

  it('a producer without idempotence sends, with none in the batch', async () => {
    const kafka = bench();
    kafka.send('a');
    await run();
    expect(kafka.open.batch).toMatchObject({ producerId: -1n, producerEpoch: -1, baseSequence: -1 });
    expect(kafka.counts.producerIdNeeded).toBe(0);
  });
});

describe('idempotent batches', () => {
  const IDEMPOTENT: Partial<ProducerConfig> = { lingerMs: 0 };

  it('follow the first one of an epoch only after it has been acknowledged, then five are in flight', async () => {
    const kafka = bench(IDEMPOTENT);
    kafka.sendBatches(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    await run();
    expect(sent(kafka)).toEqual(['t-0=a']);
    kafka.open.answer();
    await run();
    expect(sent(kafka).slice(1)).toEqual(['t-0=b', 't-0=c', 't-0=d', 't-0=e', 't-0=f']);
    expect(kafka.link.open.map(({ batch }) => batch.baseSequence)).toEqual([1, 2, 3, 4, 5]);
    kafka.link.open[0]?.answer();
    await run();
    expect(kafka.last.summary).toBe('t-0=g');
  });

  it('that are retried go alone, oldest first, with the same bytes; new ones wait behind them', async () => {
    const kafka = bench(IDEMPOTENT);
    kafka.send('zero');
    await run();
    kafka.open.answer();
    kafka.sendBatches(['a', 'b', 'c']);
    await run();
    const [a, b, c] = kafka.link.open;
    kafka.send('d');
    a?.answer({ errorCode: NOT_ENOUGH_REPLICAS });
    b?.answer({ errorCode: OUT_OF_ORDER_SEQUENCE_NUMBER });
    c?.answer({ errorCode: OUT_OF_ORDER_SEQUENCE_NUMBER });
    for (const first of [a, b, c]) {
      await run(1_000);
      expect(kafka.open.batch.bytes).toEqual(first?.batch.bytes);
      kafka.open.answer();
    }
    await run(1_000);
    expect(kafka.open.batch).toMatchObject({ values: ['d'], baseSequence: 4 });
    kafka.open.answer();
    await run();
    expect(kafka.told).toEqual(['zero', 'a', 'b', 'c', 'd']);
  });

  it('are sent again in order after the connection was lost, whatever was on it', async () => {
    const kafka = bench(IDEMPOTENT);
    kafka.send('zero');
    await run();
    kafka.open.answer();
    kafka.sendBatches(['a', 'b', 'c', 'd', 'e']);
    await run();
    const sequences = kafka.link.open.map(({ batch }) => batch.baseSequence);
    const error = new BrokerConnectionError('reset');
    for (const request of kafka.link.open) request.fail(error);
    const again: number[] = [];
    for (let round = 0; round < 5; round++) {
      await run(1_000);
      again.push(kafka.open.batch.baseSequence);
      kafka.open.answer();
    }
    expect(again).toEqual(sequences);
    await run();
    expect(kafka.told).toEqual(['zero', 'a', 'b', 'c', 'd', 'e']);
    expect(kafka.counts.metadataStale).toBeGreaterThan(0);
  });

  it('of one partition do not wait for those of another', async () => {
    const kafka = bench(IDEMPOTENT);
    kafka.send('a', 0);
    await run();
    kafka.open.answer({ errorCode: NOT_ENOUGH_REPLICAS });
    await run();
    kafka.send('b', 1);
    await run();
    expect(kafka.open.summary).toBe('t-1=b');
  });
});

describe('without idempotence', () => {
  it('batches lost together are sent again in their order', async () => {
    const kafka = bench();
    kafka.sendBatches(['a', 'b', 'c', 'd']);
    await run();
    for (const request of kafka.link.open) request.fail();
    await run(2_000);
    expect(sent(kafka).slice(4)).toEqual(['t-0=a', 't-0=b', 't-0=c', 't-0=d']);
  });
});

describe('a codec that fails', () => {
  const gzip = new GzipCodec(null);
  const failing: CompressionCodec = {
    type: 'gzip',
    id: 1,
    compress: (records) => {
      if (records.includes('bad')) throw new Error('out of memory');
      return gzip.compress(records);
    },
    decompress: (records) => gzip.decompress(records),
  };

  it('fails the records of that batch, and nothing else waits for it', async () => {
    const kafka = bench({ lingerMs: 0 }, { codec: failing });
    const [bad, good] = kafka.sendBatches(['bad', 'good']);
    await run();
    expect(bad?.error).toBeInstanceOf(DeliveryError);
    expect(bad?.error?.message).toContain('out of memory');
    expect(kafka.open.summary).toBe('t-0=good');
    expect(kafka.open.batch.baseSequence).toBe(0);
    kafka.open.answer();
    await run();
    expect(good?.state).toBe('stored');
  });

  it('keeps back what its failure has dropped, as a transaction does with all that is unsent', async () => {
    const kafka = bench(PLAIN, { leaders: [1, 1], codec: failing });
    const dropped = new Error('the transaction has failed');
    kafka.onFailed = () => {
      kafka.onFailed = () => undefined;
      kafka.outcomes.abortUnsent(dropped);
    };
    const good = kafka.send('good', 0);
    kafka.send('bad', 1);
    await run();
    expect(good).toMatchObject({ outcomes: 1, error: dropped });
    expect(sent(kafka)).toEqual([]);
    expect([...kafka.accumulator.incomplete]).toEqual([]);
  });
});

describe('partitioner.availability.timeout.ms', () => {
  const ADAPTIVE: Partial<ProducerConfig> = {
    ...PLAIN,
    partitionerAvailabilityTimeoutMs: 1_000,
    batchSize: 300,
    maxInFlightRequestsPerConnection: 5,
  };

  /** Keyless records until each partition has had some; returns where the last hundred went. */
  async function spread(kafka: DeliveryBench, records: number): Promise<Set<number>> {
    const partitions = new Set<number>();
    for (let index = 0; index < records; index++) {
      const before = kafka.requests.length;
      kafka.sendAnywhere('v'.repeat(200));
      await run(1);
      for (const request of kafka.requests.slice(before)) {
        for (const { partition } of request.batches) partitions.add(partition);
        if (request.nodeId !== 2) request.answer();
      }
      await run(1);
    }
    return partitions;
  }

  it('keeps keyless records away from a broker that cannot be reached', async () => {
    const kafka = bench(ADAPTIVE, { leaders: [1, 2, 1, 2] });
    for (const partition of [0, 1, 2, 3]) kafka.send('begin', partition);
    await run();
    for (const request of kafka.link.open) request.answer();
    kafka.link.down.add(2);
    for (const partition of [1, 3]) kafka.send('waits', partition);
    await run(1_500);
    const queued = (): number => kafka.deliveries.filter(({ state }) => state === 'pending').length;
    const before = queued();
    await spread(kafka, 60);
    expect(queued()).toBe(before);
  });

  it.each([true, false])(
    'keeps keyless records away from a broker that takes requests and never answers (idempotence %s)',
    async (enableIdempotence) => {
      const kafka = bench({ ...ADAPTIVE, enableIdempotence }, { leaders: [1, 2] });
      for (const partition of [0, 1]) kafka.send('begin', partition);
      await run();
      for (const request of kafka.link.open) request.answer();
      await run();
      // Broker 2 hangs: as many batches as may be in flight, and some more that wait.
      kafka.sendBatches(['1', '2', '3', '4', '5', '6', '7'], 1);
      await run(2_000);
      await spread(kafka, 3);
      const queued = (): number => kafka.deliveries.filter(({ state }) => state === 'pending').length;
      const before = queued();
      await spread(kafka, 60);
      expect(queued()).toBe(before);
    },
  );

  it('gives a broker another chance when nothing waits for it any more', async () => {
    const kafka = bench(ADAPTIVE, { leaders: [1, 2] });
    for (const partition of [0, 1]) kafka.send('begin', partition);
    await run();
    for (const request of kafka.link.open) request.answer();
    kafka.link.down.add(2);
    kafka.send('waits', 1);
    await run(1_500);
    // The partition moves; what waited leaves by another broker. Then broker 2 is back and leads again.
    kafka.lead([1, 1]);
    await run();
    for (const request of kafka.link.open) request.answer();
    kafka.link.down.delete(2);
    kafka.lead([1, 2]);
    await run();
    const partitions = await spread(kafka, 60);
    expect(partitions).toEqual(new Set([0, 1]));
  });
});

describe('stopping', () => {
  it('leaves no timer, and nothing is sent any more', async () => {
    const kafka = bench({ ...PLAIN, lingerMs: 1_000 });
    kafka.send('a');
    kafka.sender.wake();
    kafka.sender.stop();
    expect(jest.getTimerCount()).toBe(0);
    kafka.sender.wake();
    kafka.sender.wakeIn(5);
    await run(5_000);
    expect(kafka.requests).toHaveLength(0);
  });
});
