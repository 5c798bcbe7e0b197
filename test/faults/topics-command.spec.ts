import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { KafkaTestCluster } from '../../lib/testing/index.js';
import { waitFor } from '../support/broker.js';
import { cliFor, jsonOf } from '../support/cli-cluster.js';

jest.setTimeout(120_000);

interface Described {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly isr: number[]; readonly flags: string[] }[];
  readonly warnings: readonly string[];
}

let cluster: KafkaTestCluster;

beforeAll(async () => {
  cluster = await KafkaTestCluster.start({ brokers: 3, bootstrapServers: [] });
});

afterAll(() => cluster.stop());

const describeTopics = async (...args: string[]): Promise<Described[]> =>
  jsonOf(await cliFor(cluster)(['topics', 'describe', '--topic', '[ab]', '--json', ...args]));

describe('nest-kafka on three brokers', () => {
  it('places replicas where it is told, warns of nothing where one failure costs nothing, and finds what a failure has hurt', async () => {
    const nestKafka = cliFor(cluster);
    const create = ['topics', 'create', '--replica-assignment', '3:1:2,2:3:1', '--config'];
    await nestKafka([...create, 'min.insync.replicas=2', '--topic', 'a']);
    await nestKafka([...create, 'min.insync.replicas=3', '--topic', 'b']);
    const [a] = await describeTopics();
    expect(a).toMatchObject({
      topic: 'a',
      warnings: [],
      partitions: [{ replicas: [3, 1, 2] }, { replicas: [2, 3, 1] }],
    });
    expect(await describeTopics('--under-replicated-partitions')).toEqual([]);
    const reset = ['groups', 'reset-offsets', '--group', 'g', '--topic', 'a', '--to-latest', '--execute'];
    expect(await nestKafka(reset)).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('it begins with') });

    await cluster.broker(3).kill();
    await waitFor(async () => (await describeTopics('--under-replicated-partitions')).length === 2, {
      what: 'a smaller ISR',
      limitMs: 30_000,
    });
    const flags = async (filter: string): Promise<string[]> =>
      (await describeTopics(filter)).flatMap(({ topic, partitions }) =>
        partitions.map(({ partition }) => `${topic}-${partition}`),
      );
    expect(await flags('--under-min-isr-partitions')).toEqual(['b-0', 'b-1']);
    expect(await flags('--at-min-isr-partitions')).toEqual(['a-0', 'a-1']);
    expect(await flags('--unavailable-partitions')).toEqual([]);

    // The coordinator of the group may have been on the broker that is gone: the next one knows the group once it has read its log.
    const describeGroup = ['groups', 'describe', '--group', 'g', '--json'];
    await waitFor(async () => (await nestKafka(describeGroup)).exitCode === 0, {
      what: 'the group at its coordinator',
    });
    expect(jsonOf(await nestKafka(describeGroup))).toMatchObject([{ group: 'g', lag: 0 }]);
  });
});
