import { describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { sharedCluster, uniqueGroup, uniqueTopic } from '../support/broker.js';
import { STRATEGIES } from '../support/consumer-task.js';
import { ConsumptionRun } from '../support/consumption-run.js';
import { createRandom } from '../support/random.js';

const MEMBERS = 2;

describe('every commit strategy', () => {
  it('has every record handled, and commits nothing above an unhandled one, while processes are killed, stopped and started', async () => {
    const random = createRandom();
    let disruptions = 0;
    const report = await ConsumptionRun.run(
      { view: sharedCluster(), topic: uniqueTopic('steady'), group: uniqueGroup(), members: MEMBERS, settleMs: 30_000 },
      async ({ fleet }) => {
        for (; disruptions < 4; disruptions++) {
          await delay(random.integer(800, 1_600));
          const index = disruptions % MEMBERS;
          await (random.integer(0, 1) === 0 ? fleet.kill(index) : fleet.stop(index));
          await delay(random.integer(0, 500));
          await fleet.start(index);
        }
      },
    );
    process.stderr.write(`${JSON.stringify(report)}\n`);
    expect(report.violations).toEqual([]);
    for (const strategy of STRATEGIES) {
      expect({ strategy, ...report.consumptions[strategy] }).toMatchObject({ strategy, missing: [] });
    }
    // One record of each partition, each time that a process is killed or its partitions are taken away before their commit was answered.
    expect(report.consumptions['sync-record'].duplicates).toBeLessThanOrEqual(disruptions * 2 * 4);
  }, 120_000);
});
