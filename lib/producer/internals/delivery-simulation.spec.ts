import { createRandom, type Random } from '../../../test/support/random.js';
import { below } from '../../../test/wire/random-data.js';
import type { DeliveryBench } from './spec-support/delivery-bench.js';
import { SimulatedCluster } from './spec-support/simulated-cluster.js';
import { useDeliveryBenches } from './spec-support/use-delivery-benches.js';

const PARTITIONS = 3;
const RECORDS = 120;
const ROUNDS = 25;

const { create, run } = useDeliveryBenches();

interface Story {
  readonly deliveryTimeoutMs: number;
  readonly maxInFlight: number;
  /** Probability of trouble per request. */
  readonly trouble: number;
  readonly maxMessageBytes?: number;
}

/** Offers records while the cluster misbehaves, then lets it recover. */
async function play(random: Random, story: Story): Promise<{ kafka: DeliveryBench; cluster: SimulatedCluster }> {
  const kafka = create(
    {
      lingerMs: random.pick([0, 3]),
      batchSize: 200,
      deliveryTimeoutMs: story.deliveryTimeoutMs,
      maxInFlightRequestsPerConnection: story.maxInFlight,
      retryBackoffMs: 20,
      retryBackoffMaxMs: 100,
    },
    { leaders: Array.from({ length: PARTITIONS }, (_, partition) => 1 + (partition % 3)) },
  );
  const cluster = new SimulatedCluster(kafka, random, story.trouble);
  if (story.maxMessageBytes !== undefined) cluster.maxMessageBytes = story.maxMessageBytes;
  for (let index = 0; index < RECORDS; index++) {
    kafka.send(`${index}`.padEnd(below(random, 90), '.'), below(random, PARTITIONS));
    if (below(random, 3) === 0) await run(below(random, 15));
    if (below(random, 40) === 0) cluster.moveLeader(below(random, PARTITIONS), 1 + below(random, 3));
    if (below(random, 10) === 0) cluster.restartLeader(below(random, PARTITIONS));
  }
  await run(400);
  cluster.trouble = 0;
  for (let step = 0; kafka.deliveries.some(({ state }) => state === 'pending'); step++) {
    if (step > 400) throw new Error(`Undelivered after recovery: seed ${random.seed}`);
    await run(250);
  }
  // Requests that were given up may still reach their broker: what they store belongs to the picture.
  await run(1_000);
  return { kafka, cluster };
}

function check({ kafka, cluster }: { kafka: DeliveryBench; cluster: SimulatedCluster }, seed: number): void {
  const sentAt = new Map(kafka.deliveries.map(({ value }, index) => [value, index]));
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const log = cluster.log(partition);
    const order = log.map((value) => sentAt.get(value) ?? -1);
    const sorted = [...new Set(order)].sort((left, right) => left - right);
    // In the order of the sends, none twice.
    expect({ seed, partition, order }).toEqual({ seed, partition, order: sorted });
  }
  for (const { value, state, metadata } of kafka.deliveries) {
    if (state !== 'stored' || metadata === null) continue;
    const stored = cluster.log(metadata.partition).indexOf(value);
    expect({ seed, value, isStored: stored >= 0 }).toEqual({ seed, value, isStored: true });
    if (metadata.offset !== '-1')
      expect({ seed, value, offset: metadata.offset }).toEqual({ seed, value, offset: String(stored) });
  }
}

describe('with idempotence, whatever happens to requests, answers, connections and leaders', () => {
  it('every record is stored exactly once, in order, and none fails', async () => {
    const random = createRandom();
    for (let round = 0; round < ROUNDS; round++) {
      const story = { deliveryTimeoutMs: 120_000, maxInFlight: random.pick([1, 2, 5, 5]), trouble: 0.35 };
      const outcome = await play(random, story);
      expect(outcome.kafka.deliveries.filter(({ state }) => state === 'failed')).toEqual([]);
      check(outcome, random.seed);
      let stored = 0;
      for (let partition = 0; partition < PARTITIONS; partition++) stored += outcome.cluster.log(partition).length;
      expect(stored).toBe(RECORDS);
    }
  });

  it('records that expire are stored at most once, and the others exactly once and in order', async () => {
    const random = createRandom();
    let failed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const story = { deliveryTimeoutMs: 80 + below(random, 200), maxInFlight: random.pick([1, 5, 5]), trouble: 0.5 };
      const outcome = await play(random, story);
      failed += outcome.kafka.deliveries.filter(({ state }) => state === 'failed').length;
      check(outcome, random.seed);
    }
    expect(failed).toBeGreaterThan(0);
  });

  it('batches that the topic finds too large arrive in parts, still exactly once and in order', async () => {
    const random = createRandom();
    for (let round = 0; round < ROUNDS; round++) {
      // A record takes at most 61 + 98 bytes by itself; a batch of several more than that.
      const story = { deliveryTimeoutMs: 120_000, maxInFlight: 5, trouble: 0.3, maxMessageBytes: 165 };
      const outcome = await play(random, story);
      expect(outcome.kafka.deliveries.filter(({ state }) => state === 'failed')).toEqual([]);
      check(outcome, random.seed);
    }
  });
});

describe('the simulated cluster', () => {
  it('has teeth: without idempotence it stores records twice', async () => {
    const random = createRandom();
    const kafka = create({ lingerMs: 0, enableIdempotence: false, retryBackoffMs: 10, retryBackoffMaxMs: 10 });
    const cluster = new SimulatedCluster(kafka, random, 0);
    kafka.send('a');
    cluster.next = 'answer lost';
    await run(1_000);
    expect(cluster.log(0)).toEqual(['a', 'a']);
  });
});
