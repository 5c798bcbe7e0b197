import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { STRATEGIES } from '../support/consumer-task.js';
import { ConsumptionRun, type ConsumptionReport } from '../support/consumption-run.js';
import type { ProcessFleet } from '../support/process-fleet.js';
import { createRandom, type Random } from '../support/random.js';
import { useTestCluster } from '../support/use-test-cluster.js';

const BROKERS = [1, 2, 3];
const MEMBERS = 3;
const PARTITIONS = 4;

describe.each(['4.3.1', '3.9.1'])('consumers of Kafka %s, with every commit strategy', (kafkaVersion) => {
  const own = useTestCluster({ brokers: 3, kafkaVersion });
  let random: Random;

  beforeAll(() => {
    random = createRandom();
  });

  async function under(topic: string, disrupt: (fleet: ProcessFleet) => Promise<void>): Promise<ConsumptionReport> {
    const options = {
      view: own.cluster,
      topic,
      group: topic,
      members: MEMBERS,
      replicationFactor: 3,
      settleMs: 90_000,
    };
    const report = await ConsumptionRun.run(options, ({ fleet }) => disrupt(fleet));
    process.stderr.write(`${kafkaVersion} ${topic}: ${JSON.stringify(report)}\n`);
    return report;
  }

  /** Strategies with records that nobody has handled, and offsets committed too far: none. */
  function faultsOf({ consumptions, violations }: ConsumptionReport): unknown[] {
    const incomplete = STRATEGIES.filter((strategy) => consumptions[strategy].missing.length > 0);
    return [...incomplete.map((strategy) => ({ strategy, ...consumptions[strategy] })), ...violations];
  }

  it('handle every record, and commit nothing above an unhandled one, while each broker is killed and restarted', async () => {
    const report = await under('brokers-killed', async () => {
      for (const nodeId of BROKERS) {
        await own.cluster.broker(nodeId).kill();
        await delay(random.integer(1_000, 5_000));
        await own.cluster.broker(nodeId).restart();
        await own.cluster.waitUntilHealthy();
        await delay(1_000);
      }
    });
    expect(faultsOf(report)).toEqual([]);
  }, 300_000);

  it('handle every record, and commit nothing above an unhandled one, while the group coordinator is killed and paused', async () => {
    const topic = 'coordinator-gone';
    const report = await under(topic, async () => {
      for (let round = 0; round < 4; round++) {
        const coordinator = own.cluster.broker(await own.cluster.coordinatorOf('group', `${topic}-sync-record`));
        await (round % 2 === 0 ? coordinator.kill() : coordinator.pause());
        await delay(random.integer(500, 9_000));
        await (round % 2 === 0 ? coordinator.restart() : coordinator.resume());
        await own.cluster.waitUntilHealthy();
        await delay(1_000);
      }
    });
    expect(faultsOf(report)).toEqual([]);
  }, 300_000);

  it('handle every record, and commit nothing above an unhandled one, while all brokers are restarted in turn', async () => {
    const report = await under('brokers-rolled', async () => {
      for (const nodeId of BROKERS) {
        await own.cluster.broker(nodeId).terminate();
        await own.cluster.broker(nodeId).restart();
        await own.cluster.waitUntilHealthy();
      }
    });
    expect(faultsOf(report)).toEqual([]);
  }, 300_000);

  it('handle every record, and commit nothing above an unhandled one, while members are killed, paused, and join and leave every few seconds', async () => {
    let disruptions = 0;
    const report = await under('members-change', async (fleet) => {
      for (; disruptions < 8; disruptions++) {
        await delay(random.integer(1_000, 4_000));
        const index = disruptions % MEMBERS;
        const kind = random.integer(0, 2);
        if (kind === 2) {
          // Longer than the session: a zombie that finds its partitions with others when it wakes.
          fleet.pause(index);
          await delay(random.integer(6_500, 9_000));
          fleet.resume(index);
          continue;
        }
        await (kind === 0 ? fleet.kill(index) : fleet.stop(index));
        await delay(random.integer(0, 3_000));
        await fleet.start(index);
      }
    });
    expect(faultsOf(report)).toEqual([]);
    // For each partition one record whose commit was not answered, when it is killed, when it is given away late, and when it comes back.
    expect(report.consumptions['sync-record'].duplicates).toBeLessThanOrEqual(disruptions * PARTITIONS * 2);
  }, 300_000);
});
