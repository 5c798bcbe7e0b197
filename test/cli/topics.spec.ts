import { describe, expect, it } from '@jest/globals';
import { sharedCluster, uniqueTopic } from '../support/broker.js';
import { cliFor, jsonOf } from '../support/cli-cluster.js';

const cluster = sharedCluster();
const nestKafka = cliFor(cluster);

interface Described {
  readonly topic: string;
  readonly topicId: string;
  readonly partitionCount: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
  readonly partitions: readonly { readonly partition: number; readonly leader: number; readonly isr: number[] }[];
  readonly warnings: readonly string[];
}

async function describeOne(topic: string): Promise<Described | undefined> {
  const [described] = jsonOf<Described[]>(await nestKafka(['topics', 'describe', '--topic', topic, '--json']));
  return described;
}

async function create(...args: string[]): Promise<string> {
  const topic = uniqueTopic('cli');
  const { exitCode, stderr } = await nestKafka(['topics', 'create', '--topic', topic, ...args]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return topic;
}

describe('topics create', () => {
  it('makes a topic with partitions and settings, ready to be written to when it returns', async () => {
    const topic = await create(
      '--partitions',
      '3',
      '--config',
      'retention.ms=1000',
      '--config',
      'cleanup.policy=compact',
    );
    const { partitions } = await cluster.describeTopic(topic);
    expect(partitions.map(({ leaderId }) => leaderId > 0)).toEqual([true, true, true]);
    expect(await describeOne(topic)).toMatchObject({
      partitionCount: 3,
      replicationFactor: 1,
      configs: { 'retention.ms': '1000', 'cleanup.policy': 'compact' },
    });
  });

  it('takes counts from the brokers, or from an assignment', async () => {
    expect((await describeOne(await create()))?.partitionCount).toBe(1);
    expect((await describeOne(await create('--replica-assignment', '1,1')))?.partitionCount).toBe(2);
  });

  it('refuses a name that is taken, unless told otherwise', async () => {
    const topic = await create('--partitions', '2');
    const again = ['topics', 'create', '--topic', topic, '--partitions', '5'];
    expect(await nestKafka(again)).toMatchObject({
      exitCode: 1,
      stderr: `error: There is a topic '${topic}' already. With --if-not-exists that is no error.\n`,
    });
    expect(jsonOf(await nestKafka([...again, '--if-not-exists', '--json']))).toMatchObject({
      created: false,
      partitions: 2,
    });
  });

  it.each([
    ['--replication-factor', '3', 'INVALID_REPLICATION_FACTOR'],
    ['--config', 'nonsense=1', 'nonsense'],
    ['--config', 'retention.ms=soon', 'retention.ms'],
  ])('tells why the broker refuses %s %s', async (option, value, reason) => {
    const { exitCode, stderr } = await nestKafka(['topics', 'create', '--topic', uniqueTopic('cli'), option, value]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(reason);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('topics list', () => {
  it('is one name a line in a pipe, a table on a terminal, and JSON', async () => {
    const topic = await create();
    const args = ['topics', 'list', '--topic', `${topic}|__consumer_offsets`, '--exclude-internal'];
    expect((await nestKafka(args)).stdout).toBe(`${topic}\n`);
    expect((await nestKafka(args, { terminal: true })).stdout).toContain(`│ ${topic} │`);
    expect(jsonOf(await nestKafka([...args, '--json']))).toEqual([
      { topic, partitions: 1, replicationFactor: 1, internal: false },
    ]);
  });

  it('takes regular expressions for whole names, as kafka-topics does', async () => {
    const topic = await create();
    const { stdout } = await nestKafka(['topics', 'list', '--topic', `${topic.slice(0, -1)}.,nothing`]);
    expect(stdout).toContain(`${topic}\n`);
    expect(await nestKafka(['topics', 'list', '--topic', topic.slice(0, -1)])).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
    expect(await nestKafka(['topics', 'list', '--topic', '('])).toMatchObject({ exitCode: 2 });
  });
});

describe('topics describe', () => {
  it('shows settings, leaders and in-sync replicas, and warns of what one failure can cost', async () => {
    const topic = await create('--partitions', '2', '--config', 'retention.ms=1000');
    const { exitCode, stderr, stdout } = await nestKafka(['topics', 'describe', '--topic', topic]);
    expect(exitCode).toBe(0);
    const words = stdout.split('\n').map((line) => line.split(/\s+/));
    expect(words).toContainEqual([topic, '2', '1', '1', 'retention.ms=1000']);
    expect(words).toContainEqual([topic, '1', '1', '1', '1', '-', 'at-min-isr']);
    expect(stderr).toContain(`warning: ${topic}: replication factor 1 is below 3`);
    expect(stderr).toContain(`warning: ${topic}: min.insync.replicas 1 is below 2`);
  });

  it('can show topics with settings of their own only, and no partition when all are well', async () => {
    const [plain, own] = [await create(), await create('--config', 'retention.ms=1000')];
    const both = ['topics', 'describe', '--topic', `${plain},${own}`];
    expect(jsonOf<Described[]>(await nestKafka([...both, '--topics-with-overrides', '--json']))).toMatchObject([
      { topic: own },
    ]);
    for (const filter of ['--under-replicated-partitions', '--unavailable-partitions', '--under-min-isr-partitions']) {
      expect(await nestKafka([...both, filter])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    }
    expect(jsonOf<Described[]>(await nestKafka([...both, '--at-min-isr-partitions', '--json']))).toHaveLength(2);
  });

  it('tells of near names for one that is not there', async () => {
    const topic = await create();
    expect(await nestKafka(['topics', 'describe', '--topic', `${topic}x`])).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining(`There is no topic '${topic}x'. Did you mean ${topic}`),
    });
    expect(await nestKafka(['topics', 'describe', '--topic', `${topic}x`, '--if-exists', '--json'])).toMatchObject({
      exitCode: 0,
      stdout: '[]\n',
    });
  });
});

describe('topics alter', () => {
  it('changes what is named and leaves every other setting as it is', async () => {
    const topic = await create('--config', 'retention.ms=1000', '--config', 'cleanup.policy=compact');
    const { exitCode, stderr } = await nestKafka([
      'topics',
      'alter',
      '--topic',
      topic,
      '--config',
      'max.message.bytes=2000',
      '--delete-config',
      'retention.ms',
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect((await describeOne(topic))?.configs).toEqual({ 'cleanup.policy': 'compact', 'max.message.bytes': '2000' });
  });

  it('adds partitions, with a warning about keys, and never takes any away', async () => {
    const topic = await create('--partitions', '2');
    const more = await nestKafka(['topics', 'alter', '--topic', topic, '--partitions', '4', '--json']);
    expect(jsonOf(more)).toEqual([{ topic, partitions: 4, configs: {} }]);
    expect(more.stderr).toContain('the records of a key may go to another partition');
    const fewer = await nestKafka(['topics', 'alter', '--topic', topic, '--partitions', '1']);
    expect(fewer).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('INVALID_PARTITIONS') });
  });

  it.each([
    [[], 'Nothing to alter'],
    [['--config', 'a=1', '--delete-config', 'a'], 'both name a'],
    [['--config', 'client.properties'], 'name=value'],
  ])('refuses %j as wrong usage', async (args, reason) => {
    expect(await nestKafka(['topics', 'alter', '--topic', 'any', ...args])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(reason),
    });
  });
});

describe('topics delete', () => {
  it('deletes at once what an expression matches, and nothing else', async () => {
    const [first, second] = [await create(), await create()];
    expect(jsonOf(await nestKafka(['topics', 'delete', '--topic', `${first}|${first}-.*`, '--json']))).toEqual({
      deleted: [first],
    });
    expect((await nestKafka(['topics', 'list', '--topic', `${first},${second}`])).stdout).toBe(`${second}\n`);
    expect(await nestKafka(['topics', 'delete', '--topic', first])).toMatchObject({ exitCode: 1 });
    expect(await nestKafka(['topics', 'delete', '--topic', first, '--if-exists'])).toMatchObject({ exitCode: 0 });
  });

  it('leaves alone what Kafka keeps for itself, and everything that was named with it', async () => {
    const topic = await create();
    const { exitCode, stderr } = await nestKafka(['topics', 'delete', '--topic', `__consumer_offsets,${topic}`]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Nothing was deleted');
    expect((await cluster.describeTopic(topic)).partitions).toHaveLength(1);
  });
});
