import { expect, it, describe } from '@jest/globals';
import { consumerConfigOf } from '../../lib/consumer/spec-support/consumer-config-of.js';
import { GroupOffsets } from '../../lib/consumer/internals/offsets/group-offsets.js';
import { waitUntil } from '../../lib/testing/index.js';
import { askHedged } from '../../lib/wire/ask-hedged.js';
import type { ClusterLink } from '../../lib/wire/cluster-link.js';
import { CoordinatorClient, GROUP_COORDINATOR } from '../../lib/wire/coordinator-client.js';
import { openLink } from '../../lib/wire/open-link.js';
import { findCoordinatorApi } from '../../lib/wire/protocol/find-coordinator.js';
import { offsetFetchApi } from '../../lib/wire/protocol/offset-fetch.js';
import { RecordingLog } from '../support/recording-log.js';
import { useTestCluster } from '../support/use-test-cluster.js';

const PARTITION = { topic: 'orders', partition: 0 };
const NOBODY = { groupId: 'billing', generationId: -1, memberId: '', groupInstanceId: null };
const ROUNDS = 3;

describe('A coordinator that was paused while another one was elected', () => {
  const own = useTestCluster({ brokers: 3 });
  const config = consumerConfigOf({ clientId: 'test', groupId: NOBODY.groupId, retryBackoffMs: 20 });

  function newLink(): ClusterLink {
    return openLink({ client: own.cluster.clientConfig(), config, log: new RecordingLog() }, () => undefined);
  }

  function offsetsOver(link: ClusterLink, isCoordinator?: (nodeId: number) => boolean) {
    const { groupId: key } = config;
    const coordinator = new CoordinatorClient({
      link,
      config,
      keyType: GROUP_COORDINATOR,
      key,
      knownBrokers: () => [],
    });
    const offsets = new GroupOffsets({
      coordinator,
      config,
      ...(isCoordinator === undefined ? {} : { isCoordinator }),
    });
    return { coordinator, offsets };
  }

  async function coordinatorOf(link: ClusterLink): Promise<number> {
    const request = { key: config.groupId, keyType: GROUP_COORDINATOR };
    const { nodeId } = await askHedged(link, (connection) => connection.send(findCoordinatorApi, request, 2_000));
    return nodeId;
  }

  it('tells offsets of before, and is not believed by a member that another one has given its assignment', async () => {
    await own.cluster.createTopic(PARTITION.topic, { partitions: 1, replicationFactor: 3 });
    const deadline = (): number => Date.now() + 30_000;
    for (let round = 1; round <= ROUNDS; round++) {
      const [link, other] = [newLink(), newLink()];
      const before = BigInt(round * 10);
      const writer = offsetsOver(link).offsets;
      await writer.commit([{ ...PARTITION, offset: before, leaderEpoch: -1 }], NOBODY, deadline());
      const paused = await coordinatorOf(link);
      const toPaused = await link.connect(paused);
      const broker = own.cluster.broker(paused);
      await broker.pause();
      // On its way while the broker sleeps: the first thing that it reads when it wakes up.
      const topics = [{ name: PARTITION.topic, partitions: [PARTITION.partition] }];
      let elected = paused;
      let asking: Promise<bigint | undefined>;
      let found: Promise<readonly unknown[]>;
      try {
        await waitUntil('another coordinator', 30_000, async () => {
          elected = await coordinatorOf(other).catch(() => paused);
          return elected !== paused && elected >= 0;
        });
        const next = offsetsOver(other).offsets;
        await next.commit([{ ...PARTITION, offset: before + 1n, leaderEpoch: -1 }], NOBODY, deadline());
        const request = { groupId: config.groupId, topics, requireStable: true };
        asking = toPaused
          .send(offsetFetchApi, request, 30_000)
          .then(({ topics: [topic] }) => topic?.partitions[0]?.offset);
        const careful = offsetsOver(link, (nodeId) => nodeId === elected);
        careful.coordinator.prefer(paused);
        found = careful.offsets.lookUp([PARTITION], deadline());
      } finally {
        await broker.resume();
      }
      process.stderr.write(`round ${round}: committed ${before + 1n}, the paused broker says ${await asking}\n`);
      expect(await found).toEqual([before + 1n]);
      const over = new Error('The round is over.');
      await Promise.all([link.close(over), other.close(over)]);
      await own.cluster.waitUntilHealthy();
    }
  }, 240_000);
});
