import { describe, expect, it } from '@jest/globals';
import { DEFAULT_KAFKA_VERSION } from '../../lib/testing/kafka-test-cluster-options.js';
import { JavaTools } from '../../lib/testing/providers/java-tools.js';
import { silentLog } from '../../lib/wire/log-sink.js';
import { sharedCluster, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { cliFor, jsonOf } from '../support/cli-cluster.js';
import { joinGroup } from '../support/group-member.js';
import { TestEngine } from '../support/test-engine.js';
import { TestTransactionalEngine } from '../support/test-transactional-engine.js';

const cluster = sharedCluster();
const nestKafka = cliFor(cluster);

interface Group {
  readonly group: string;
  readonly state: string;
  readonly assignor: string;
  readonly lag: number | null;
  readonly members: readonly { readonly memberId: string; readonly assignment: readonly unknown[] }[];
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly committed: number | null;
    readonly end: number | null;
    readonly lag: number | null;
    readonly memberId: string | null;
  }[];
}

interface Reset {
  readonly executed: boolean;
  readonly offsets: readonly { readonly partition: number; readonly current: number | null; readonly new: number }[];
}

/** A topic with two partitions, of which the first holds records with these timestamps. */
async function topicWith(timestamps: readonly number[]): Promise<string> {
  const topic = uniqueTopic('cli-groups');
  await cluster.createTopic(topic, { partitions: 2 });
  await using engine = await TestEngine.start({ client: cluster.clientConfig() });
  for (const timestamp of timestamps) await engine.send({ topic, partition: 0, value: 'v', timestamp });
  return topic;
}

async function describeGroup(group: string): Promise<Group> {
  const [described] = jsonOf<Group[]>(await nestKafka(['groups', 'describe', '--group', group, '--json']));
  if (described === undefined) throw new Error('No group was described.');
  return described;
}

async function reset(group: string, ...args: string[]): Promise<Reset> {
  return jsonOf<Reset>(await nestKafka(['groups', 'reset-offsets', '--group', group, '--json', ...args]));
}

async function committed(group: string, topic: string): Promise<(number | null)[]> {
  const offsets = await cluster.committedOffsets(group, topic);
  return offsets.map(({ offset }) => (offset === '-1' ? null : Number(offset)));
}

const TEN = Array.from({ length: 10 }, (_, index) => 1_000 * (index + 1));

describe('groups reset-offsets', () => {
  it('shows a plan and changes nothing without --execute', async () => {
    const [topic, group] = [await topicWith(TEN), uniqueGroup()];
    const { exitCode, stderr, stdout } = await nestKafka([
      'groups',
      'reset-offsets',
      '--group',
      group,
      '--topic',
      topic,
      '--to-latest',
    ]);
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(/\s+/))).toContainEqual([group, topic, '0', '-', '10']);
    expect(stderr).toContain('Nothing was changed: this is what --execute would do.');
    expect(await committed(group, topic)).toEqual([null, null]);
  });

  it('sets earliest, latest, an offset, a shift, the current one, a time, and a duration', async () => {
    const now = Date.now();
    const [topic, group] = [await topicWith([1_000, 2_000, 3_000, 4_000, now - 3_600_000, now]), uniqueGroup()];
    const expectations: [string[], number][] = [
      [['--to-latest'], 6],
      [['--shift-by', '-4'], 2],
      [['--to-current'], 2],
      [['--to-earliest'], 0],
      [['--to-offset', '3'], 3],
      [['--shift-by', '1'], 4],
      [['--to-datetime', '1970-01-01T00:00:02Z'], 1],
      [['--to-datetime', '2001'], 2],
      [['--by-duration', 'PT30M'], 5],
      [['--by-duration', 'P1D'], 4],
    ];
    for (const [args, offset] of expectations) {
      expect(await reset(group, '--topic', `${topic}:0`, '--execute', ...args)).toMatchObject({
        executed: true,
        offsets: [{ partition: 0, new: offset }],
      });
      expect(await committed(group, topic)).toEqual([offset, null]);
    }
  });

  it('stays within what the log holds, and says so', async () => {
    const [topic, group] = [await topicWith(TEN), uniqueGroup()];
    const args = ['groups', 'reset-offsets', '--group', group, '--topic', `${topic}:0`, '--execute', '--to-offset'];
    const { exitCode, stderr } = await nestKafka([...args, '99']);
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`${topic}-0: offset 99 is outside of 0 to 10: 10 is taken`);
    expect(await committed(group, topic)).toEqual([10, null]);
  });

  it('refuses a group that has members, even to plan, and leaves its offsets', async () => {
    const [topic, group] = [await topicWith(TEN), uniqueGroup()];
    await reset(group, '--topic', topic, '--to-offset', '4', '--execute');
    await using _member = await joinGroup(cluster, topic, group);
    for (const execute of [['--execute'], []]) {
      const args = ['groups', 'reset-offsets', '--group', group, '--topic', topic, '--to-earliest', ...execute];
      expect(await nestKafka(args)).toMatchObject({
        exitCode: 1,
        stdout: '',
        stderr: expect.stringMatching(`The group '${group}' is active .*Stop its members first.`),
      });
    }
    expect(await committed(group, topic)).toEqual([4, 0]);
  });

  it('takes all topics that are committed, and leaves those that were deleted since', async () => {
    const [topic, gone, group] = [await topicWith(TEN), await topicWith([1]), uniqueGroup()];
    await reset(group, '--topic', topic, '--topic', gone, '--to-latest', '--execute');
    await cluster.deleteTopic(gone);
    const { offsets } = await reset(group, '--all-topics', '--to-earliest', '--execute');
    expect(offsets).toMatchObject([
      { topic, partition: 0, current: 10, new: 0 },
      { topic, partition: 1, current: 0, new: 0 },
    ]);
  });

  it.each([
    [[], 'Say where to'],
    [['--to-earliest', '--to-latest'], 'one target only'],
    [['--to-earliest'], 'Name topics'],
    [['--to-earliest', '--all-topics', '--topic', 't'], 'not both'],
    [['--to-earliest', '--all-topics', '--execute', '--dry-run'], 'not both'],
    [['--to-offset', 'ten', '--all-topics'], 'Give an offset'],
    [['--to-datetime', 'noon', '--all-topics'], 'ISO 8601'],
    [['--by-duration', '30M', '--all-topics'], 'ISO 8601'],
  ])('refuses %j as wrong usage', async (args, reason) => {
    expect(await nestKafka(['groups', 'reset-offsets', '--group', 'any', ...args])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(reason),
    });
  });

  it('names the topic or the partition that is not there, and shifts only what is committed', async () => {
    const [topic, group] = [await topicWith([1]), uniqueGroup()];
    const args = ['groups', 'reset-offsets', '--group', group, '--topic'];
    for (const [scope, target, reason] of [
      [`${topic}x`, '--to-earliest', `There is no topic '${topic}x'. Did you mean ${topic}`],
      [`${topic}:0,7`, '--to-earliest', `There is no partition 7 of '${topic}': it has 0 to 1.`],
      [topic, '--shift-by=1', 'cannot be shifted'],
    ] as const) {
      const { exitCode, stderr } = await nestKafka([...args, scope, target]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(reason);
    }
  });
});

describe('groups describe', () => {
  it('shows members with their partitions, and lag against the high watermark', async () => {
    const [topic, group] = [await topicWith(TEN), uniqueGroup()];
    await reset(group, '--topic', `${topic}:0`, '--to-offset', '4', '--execute');
    await using member = await joinGroup(cluster, topic, group);
    const described = await describeGroup(group);
    expect(described).toMatchObject({ group, state: 'Stable', assignor: 'RoundRobinAssigner', lag: 6 });
    expect(described.members).toMatchObject([{ memberId: member.memberId }]);
    expect(described.members[0]?.assignment).toHaveLength(2);
    expect(described.partitions).toMatchObject([
      { topic, partition: 0, committed: 4, end: 10, lag: 6, memberId: member.memberId },
      { topic, partition: 1, committed: null, end: 0, lag: null, memberId: member.memberId },
    ]);
    const { stdout } = await nestKafka(['groups', 'describe', '--group', group]);
    const words = stdout.split('\n').map((line) => line.split(/\s+/));
    expect(words).toContainEqual([group, 'Stable', 'RoundRobinAssigner', '1', '1', '6']);
    expect(words.find((line) => line[1] === topic && line[2] === '0')?.slice(3, 6)).toEqual(['4', '10', '6']);
    const members = await nestKafka(['groups', 'describe', '--group', group, '--members']);
    expect(members.stdout).toContain(`${topic}-0,${topic}-1`);
  });

  it('counts what a transaction under way has written', async () => {
    const [topic, group] = [await topicWith([1]), uniqueGroup()];
    await reset(group, '--topic', `${topic}:0`, '--to-latest', '--execute');
    await using engine = await TestTransactionalEngine.start({
      client: cluster.clientConfig(),
      transactionalId: group,
    });
    engine.beginTransaction();
    await engine.send({ topic, partition: 0, value: 'open' });
    expect((await describeGroup(group)).lag).toBe(1);
    await engine.abortTransaction();
  });

  it('tells of near names for one that is not there', async () => {
    const [topic, group] = [await topicWith([1]), uniqueGroup()];
    await reset(group, '--topic', topic, '--to-latest', '--execute');
    expect(await nestKafka(['groups', 'describe', '--group', `${group}x`])).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining(`There is no group '${group}x'. Did you mean ${group}`),
    });
  });
});

describe('groups list and delete', () => {
  it('list groups by state, and delete those without members', async () => {
    const [topic, empty, stable] = [await topicWith([1]), uniqueGroup(), uniqueGroup()];
    await reset(empty, '--topic', topic, '--to-latest', '--execute');
    await using _member = await joinGroup(cluster, topic, stable);
    expect((await nestKafka(['groups', 'list'])).stdout.split('\n')).toEqual(expect.arrayContaining([empty, stable]));
    const listed = jsonOf<Group[]>(await nestKafka(['groups', 'list', '--state', 'Stable', '--json']));
    expect(listed).toContainEqual({ group: stable, state: 'Stable', type: 'classic' });
    expect(listed.map(({ group }) => group)).not.toContain(empty);

    const { exitCode, stderr, stdout } = await nestKafka(['groups', 'delete', '--group', empty, '--group', stable]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: `Deleted: ${empty}\n` });
    expect(stderr).toContain(`The group '${stable}': It has members; stop them first. (NON_EMPTY_GROUP)`);
    expect(await committed(empty, topic)).toEqual([null, null]);
    expect(await nestKafka(['groups', 'delete', '--group', empty])).toMatchObject({ exitCode: 1 });
  });
});

describe('Kafka’s own kafka-consumer-groups', () => {
  it('sees the offsets that were reset here, and the same lag', async () => {
    const [topic, group] = [await topicWith(TEN), uniqueGroup()];
    await reset(group, '--topic', topic, '--to-offset', '7', '--execute');
    const tools = await JavaTools.find(DEFAULT_KAFKA_VERSION, silentLog);
    const { exitCode, stdout } = await tools.run('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [
      '--bootstrap-server',
      cluster.bootstrapServers().join(','),
      '--describe',
      '--group',
      group,
    ]);
    expect(exitCode).toBe(0);
    const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).slice(0, 6));
    expect(rows).toContainEqual([group, topic, '0', '7', '10', '3']);
    expect((await describeGroup(group)).partitions).toMatchObject([
      { partition: 0, committed: 7, end: 10, lag: 3 },
      { partition: 1, committed: 0, end: 0, lag: 0 },
    ]);
  });

  it('has members of the new group protocol described here, too', async () => {
    const [topic, group] = [await topicWith(TEN), uniqueGroup()];
    const tools = await JavaTools.find(DEFAULT_KAFKA_VERSION, silentLog);
    const consumer = tools.spawn('org.apache.kafka.tools.consumer.ConsoleConsumer', [
      '--bootstrap-server',
      cluster.bootstrapServers().join(','),
      '--topic',
      topic,
      '--group',
      group,
      '--command-property',
      'group.protocol=consumer',
    ]);
    try {
      await waitFor(
        async () => {
          const { exitCode, stdout } = await nestKafka(['groups', 'describe', '--group', group, '--json']);
          const [found] = exitCode === 0 ? (JSON.parse(stdout) as Group[]) : [];
          return found?.state === 'Stable' && found.members[0]?.assignment.length === 2;
        },
        { what: 'a stable group', limitMs: 20_000 },
      );
      expect(await describeGroup(group)).toMatchObject({ type: 'consumer', assignor: 'uniform', members: [{}] });
    } finally {
      const ended = new Promise((resolve) => consumer.once('exit', resolve));
      consumer.kill('SIGKILL');
      await ended;
    }
  });
});
