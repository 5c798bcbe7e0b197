import { describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { sharedCluster, uniqueTopic } from '../support/broker.js';
import { ChainRun } from '../support/chain-run.js';
import { createRandom } from '../support/random.js';

const MEMBERS = 3;
const DISRUPTED_MS = 20_000;

describe('two chained transactional listeners', () => {
  it('bring out every departure exactly once, in order, while their processes are killed and started again', async () => {
    const random = createRandom();
    const report = await ChainRun.run(
      { view: sharedCluster(), name: uniqueTopic('chain'), members: MEMBERS, rate: 100, settleMs: 60_000 },
      async (fleet) => {
        const until = performance.now() + DISRUPTED_MS;
        while (performance.now() < until) {
          await delay(random.integer(500, 3_000));
          const index = random.integer(0, MEMBERS - 1);
          await fleet.kill(index);
          await delay(random.integer(0, 1_000));
          await fleet.start(index);
        }
      },
    );
    process.stderr.write(`${JSON.stringify(report)}\n`);
    const { missing, repeated, disordered, found, expected } = report;
    expect({ missing, repeated, disordered }).toEqual({ missing: [], repeated: [], disordered: [] });
    expect(found).toBe(expected);
  }, 180_000);
});
