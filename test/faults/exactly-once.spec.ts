import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { ChainRun, type ChainReport } from '../support/chain-run.js';
import { createRandom, type Random } from '../support/random.js';
import { useTestCluster } from '../support/use-test-cluster.js';

const BROKERS = [1, 2, 3] as const;
const MEMBERS = 3;
const DISRUPTED_MS = 120_000;

describe.each(['4.3.1', '3.9.1'])('two chained transactional listeners on Kafka %s', (kafkaVersion) => {
  const own = useTestCluster({ brokers: 3, kafkaVersion });
  let random: Random;

  beforeAll(() => {
    random = createRandom();
  });

  function options(name: string) {
    return { view: own.cluster, name, members: MEMBERS, rate: 60, replicationFactor: 3, settleMs: 60_000 };
  }

  /** What is wrong with what has come out: nothing. */
  function faultsOf(report: ChainReport): unknown[] {
    process.stderr.write(`${kafkaVersion}: ${JSON.stringify(report)}\n`);
    const { disordered, expected, found, missing, repeated } = report;
    return [...missing, ...repeated, ...disordered, ...(found === expected ? [] : [{ found, expected }])];
  }

  it('bring out every departure exactly once, in order, while their processes are killed, paused and started again for two minutes', async () => {
    const report = await ChainRun.run(options('members'), async (fleet) => {
      const until = performance.now() + DISRUPTED_MS;
      while (performance.now() < until) {
        await delay(random.integer(500, 4_000));
        const index = random.integer(0, MEMBERS - 1);
        if (random.integer(0, 3) === 0) {
          // Longer than its session and its transactions may last: it wakes up as a zombie.
          fleet.pause(index);
          await delay(random.integer(6_500, 13_000));
          fleet.resume(index);
          continue;
        }
        await fleet.kill(index);
        await delay(random.integer(0, 1_500));
        await fleet.start(index);
      }
    });
    expect(faultsOf(report)).toEqual([]);
  }, 600_000);

  it('bring out every departure exactly once, in order, while brokers are killed and paused', async () => {
    const report = await ChainRun.run(options('brokers'), async () => {
      for (let round = 0; round < 6; round++) {
        const broker = own.cluster.broker(random.pick(BROKERS));
        const isKilled = random.integer(0, 1) === 0;
        await (isKilled ? broker.kill() : broker.pause());
        await delay(random.integer(1_000, 8_000));
        await (isKilled ? broker.restart() : broker.resume());
        await own.cluster.waitUntilHealthy();
        await delay(2_000);
      }
    });
    expect(faultsOf(report)).toEqual([]);
  }, 600_000);
});
