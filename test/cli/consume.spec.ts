import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JavaTools } from '../../lib/testing/providers/java-tools.js';
import type { ProducerRecord } from '../../lib/producer/record.js';
import { silentLog } from '../../lib/wire/log-sink.js';
import { sharedCluster, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { type CliRun, shell, startCli } from '../support/cli.js';
import { cliFor } from '../support/cli-cluster.js';
import { TestEngine } from '../support/test-engine.js';
import { TestTransactionalEngine } from '../support/test-transactional-engine.js';

const cluster = sharedCluster();
const nestKafka = cliFor(cluster);
const env = { KAFKA_BROKERS: cluster.bootstrapServers().join(',') };
const client = cluster.clientConfig();
/** Ends a reading that is at the end. */
const TO_END = ['--from-beginning', '--timeout-ms', '1000'];

const runs: CliRun[] = [];

afterEach(() => {
  for (const run of runs.splice(0)) run.signal('SIGTERM');
});

/** One that runs on; it ends with the test at the latest. */
function start(args: readonly string[]): CliRun {
  const run = startCli(args, { env });
  runs.push(run);
  return run;
}

/** A topic with these records, one after the other. */
async function topicWith(records: readonly Omit<ProducerRecord, 'topic'>[], partitions = 1): Promise<string> {
  const topic = uniqueTopic('cli-consume');
  await cluster.createTopic(topic, { partitions });
  await send(topic, records);
  return topic;
}

async function send(topic: string, records: readonly Omit<ProducerRecord, 'topic'>[]): Promise<void> {
  await using engine = await TestEngine.start({ client, producer: { lingerMs: 0 } });
  await Promise.all(records.map((record) => engine.send({ ...record, topic })));
}

function numbered(count: number, from = 0): { value: string }[] {
  return Array.from({ length: count }, (_, index) => ({ value: String(from + index) }));
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}

async function committed(group: string, topic: string): Promise<string[]> {
  return (await cluster.committedOffsets(group, topic)).map(({ offset }) => offset);
}

describe('consume', () => {
  it('prints what Kafka’s console consumer prints', async () => {
    const topic = await topicWith([
      { key: 'k', value: 'é', timestamp: 1_700_000_000_001, headers: { a: '1', b: null } },
      { key: null, value: null, timestamp: 1_700_000_000_002, headers: { empty: '' } },
      { key: '', value: '', timestamp: 1_700_000_000_003 },
    ]);
    const parts = ['timestamp', 'partition', 'offset', 'headers', 'key'];
    const start = ['--bootstrap-server', env.KAFKA_BROKERS, '--topic', topic, '--from-beginning'];
    const common = [...start, '--max-messages', '3', '--formatter-property', 'key.separator=|'];
    const tools = await JavaTools.find(cluster.description.kafkaVersion, silentLog);
    const [ours, theirs] = await Promise.all([
      nestKafka(['consume', ...common, '--print', parts.join()]),
      tools.run('org.apache.kafka.tools.consumer.ConsoleConsumer', [
        ...common,
        ...parts.flatMap((part) => ['--formatter-property', `print.${part}=true`]),
      ]),
    ]);
    expect([ours.exitCode, theirs.exitCode]).toEqual([0, 0]);
    expect(lines(ours.stdout)).toEqual(lines(theirs.stdout));
    expect(lines(ours.stdout)[0]).toBe('CreateTime:1700000000001|Partition:0|Offset:0|a:1,b:null|k|é');
    expect(lines(theirs.stderr)).toContain(ours.stderr.trim());
  });

  it('reads one partition from an offset, and says which there are when that is not one of them', async () => {
    const topic = await topicWith(
      numbered(5).map((record) => ({ ...record, partition: 1 })),
      2,
    );
    const args = ['consume', '--topic', topic, '--max-messages', '2', '--partition'];
    expect(lines((await nestKafka([...args, '1', '--offset', '3'])).stdout)).toEqual(['3', '4']);
    expect((await nestKafka([...args, '0', '--offset', 'earliest', '--timeout-ms', '1000'])).stdout).toBe('');
    const outside = await nestKafka([...args, '1', '--offset', '6']);
    expect([outside.exitCode, outside.stdout]).toEqual([1, '']);
    expect(outside.stderr).toMatch(/^error: Offset 6 is not in .*-1, which reaches from 0 to 5.*\n$/);
    const missing = await nestKafka([...args, '2']);
    expect([missing.exitCode, missing.stderr]).toEqual([1, `error: ${topic} has no partition 2: there are 0 to 1.\n`]);
  });

  it('begins with the records of a time', async () => {
    const topic = await topicWith([1_000, 2_000, 3_000].map((timestamp) => ({ value: String(timestamp), timestamp })));
    const at = async (time: string): Promise<string[]> =>
      lines((await nestKafka(['consume', '--topic', topic, '--from-timestamp', time, '--timeout-ms', '1000'])).stdout);
    expect(await at('1970-01-01T00:00:01.500Z')).toEqual(['2000', '3000']);
    expect(await at('3001')).toEqual([]);
  });

  it('reads topics whose whole names match, also one that comes later', async () => {
    const first = await topicWith(numbered(1));
    const run = start([
      'consume',
      '--include',
      `${first}|${first}-later`,
      '--from-beginning',
      '--max-messages',
      '2',
      '--command-property',
      'metadata.max.age.ms=200',
    ]);
    await waitFor(() => run.stdout() === '0\n', { what: 'the first topic' });
    await cluster.createTopic(`${first}-later`);
    await cluster.createTopic(`${first}-other`);
    await send(`${first}-other`, [{ value: 'other' }]);
    await send(`${first}-later`, [{ value: 'later' }]);
    expect(await run.result).toMatchObject({ exitCode: 0, stdout: '0\nlater\n' });
  });

  it('shows no aborted records, unless it is told to', async () => {
    const topic = await topicWith(numbered(1));
    await using engine = await TestTransactionalEngine.start({ client, transactionalId: topic });
    engine.beginTransaction();
    await engine.send({ topic, value: 'aborted' });
    await engine.abortTransaction();
    await send(topic, numbered(1, 1));
    const args = ['consume', '--topic', topic, '--from-beginning', '--max-messages'];
    expect((await nestKafka([...args, '2'])).stdout).toBe('0\n1\n');
    const all = await nestKafka([...args, '3', '--isolation-level', 'read_uncommitted']);
    expect(all.stdout).toBe('0\naborted\n1\n');
  });

  it('ends with 1 when less has come than was asked for, else with 0', async () => {
    const topic = await topicWith(numbered(2));
    const args = ['consume', '--topic', topic, ...TO_END];
    expect(await nestKafka(args)).toMatchObject({ exitCode: 0, stdout: '0\n1\n' });
    const less = await nestKafka([...args, '--max-messages', '3']);
    expect(less).toMatchObject({ exitCode: 1, stdout: '0\n1\n' });
    expect(less.stderr).toMatch(/error: Only 2 of 3 records came/);
  });

  it('joins no group that only the properties of an application name', async () => {
    const topic = await topicWith(numbered(2));
    const group = uniqueGroup();
    const directory = await mkdtemp(join(tmpdir(), 'cli-consume-'));
    try {
      const file = join(directory, 'app.properties');
      await writeFile(file, `group.id=${group}\n`);
      const args = ['consume', '--topic', topic, ...TO_END, '--config', file];
      const { exitCode, stderr, stdout } = await nestKafka(args);
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '0\n1\n' });
      expect(stderr).toContain(`group.id=${group} of the properties file is not followed: give --group`);
      expect(await committed(group, topic)).toEqual(['-1']);
      await nestKafka([...args, '--command-property', `group.id=${group}`]);
      expect(await committed(group, topic)).toEqual(['2']);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('prints numbers, and ends at a record that is none, or passes over it', async () => {
    const number = Buffer.alloc(4);
    number.writeInt32BE(-7);
    const topic = await topicWith([{ value: number }, { value: 'secret' }, { value: number }]);
    const args = ['consume', '--topic', topic, ...TO_END, '--value-deserializer', 'int32'];
    const ended = await nestKafka(args);
    expect([ended.exitCode, ended.stdout]).toEqual([1, '-7\n']);
    expect(ended.stderr).toMatch(/error: The value of the record at offset 1 of .* does not decode/);
    const passed = await nestKafka([...args, '--skip-message-on-error', '--max-messages', '2']);
    expect([passed.exitCode, passed.stdout]).toEqual([0, '-7\n-7\n']);
    expect(ended.stderr + passed.stderr).not.toContain('secret');
  });

  it.each([
    [[], /either --topic/],
    [['--topic', 'a', '--include', 'b'], /either --topic/],
    [['--include', '('], /no regular expression/],
    [['--topic', 'a', '--topic', 'b', '--partition', '0'], /needs one --topic/],
    [['--topic', 'a', '--offset', '0'], /needs --partition/],
    [['--topic', 'a', '--partition', '0', '--offset', 'x'], /offset/],
    [['--topic', 'a', '--partition', '0', '--group', 'g'], /exclude each other/],
    [['--topic', 'a', '--group', 'g', '--from-timestamp', '0'], /reset-offsets/],
    [['--topic', 'a', '--commit', 'sync'], /needs --group/],
    [['--topic', 'a', '--print', 'colour'], /no 'colour'/],
    [['--topic', 'a', '--json', '--print', 'key'], /prints everything/],
  ])('%j is wrong usage', async (args, message) => {
    const result = await nestKafka(['consume', ...args]);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toMatch(message);
  });
});

describe('consume in a group', () => {
  it.each(['auto', 'sync', 'async'])('commits exactly what it has printed (%s)', async (mode) => {
    const topic = await topicWith(numbered(20));
    const group = uniqueGroup();
    const args = ['consume', '--topic', topic, '--group', group, '--commit', mode, '--from-beginning'];
    const first = await nestKafka([...args, '--max-messages', '7']);
    expect(lines(first.stdout)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    expect(await committed(group, topic)).toEqual(['7']);
    const second = await nestKafka([...args, '--max-messages', '13']);
    expect(lines(second.stdout)).toEqual(numbered(13, 7).map(({ value }) => value));
    expect(await committed(group, topic)).toEqual(['20']);
  });

  it('commits what it has printed when Ctrl-C ends it, with 0', async () => {
    const topic = await topicWith(numbered(3));
    const group = uniqueGroup();
    const run = start(['consume', '--topic', topic, '--group', group, '--from-beginning']);
    await waitFor(() => lines(run.stdout()).length === 3, { what: 'three records' });
    run.signal('SIGINT');
    expect(await run.result).toEqual({ exitCode: 0, stdout: '0\n1\n2\n', stderr: 'Processed a total of 3 messages\n' });
    expect(await committed(group, topic)).toEqual(['3']);
  });

  it('commits before its partitions go to another member, so that no record is printed twice', async () => {
    const topic = await topicWith(
      numbered(50).map((record, index) => ({ ...record, partition: index % 4 })),
      4,
    );
    const group = uniqueGroup();
    const args = ['consume', '--topic', topic, '--group', group, '--from-beginning'];
    const quick = ['--command-property', 'heartbeat.interval.ms=200'];
    const first = start([...args, ...quick]);
    await waitFor(() => lines(first.stdout()).length === 50, { what: 'the first records' });
    const second = start([...args, ...quick]);
    await waitFor(async () => !(await committed(group, topic)).includes('-1'), { what: 'the rebalance' });
    await send(
      topic,
      numbered(50, 50).map((record, index) => ({ ...record, partition: index % 4 })),
    );
    const both = (): string[] => [...lines(first.stdout()), ...lines(second.stdout())];
    await waitFor(() => lines(second.stdout()).length > 0 && both().length >= 100, { what: 'all records' });
    first.signal('SIGINT');
    second.signal('SIGTERM');
    expect([(await first.result).exitCode, (await second.result).exitCode]).toEqual([0, 0]);
    expect(
      both()
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(numbered(100).map(({ value }) => Number(value)));
  });

  it('commits up to a record that it cannot print', async () => {
    const topic = await topicWith([{ value: '1' }, { value: '{' }]);
    const group = uniqueGroup();
    const args = ['consume', '--topic', topic, '--group', group, '--from-beginning', '--value-deserializer', 'json'];
    expect(await nestKafka(args)).toMatchObject({ exitCode: 1, stdout: '1\n' });
    expect(await committed(group, topic)).toEqual(['1']);
  });

  it('is joined by nobody without --group', async () => {
    const topic = await topicWith(numbered(1));
    const clientIds = async (): Promise<string[]> => {
      const admin = cluster.kafkaJs().admin();
      await admin.connect();
      try {
        const { groups } = await admin.listGroups();
        const described = await admin.describeGroups(groups.map(({ groupId }) => groupId));
        return described.groups.flatMap(({ members }) => members.map(({ clientId }) => clientId));
      } finally {
        await admin.disconnect();
      }
    };
    const client = ['--topic', topic, '--from-beginning', '--command-property'];
    const without = start(['consume', ...client, `client.id=${topic}-without`]);
    const within = start(['consume', ...client, `client.id=${topic}-within`, '--group', topic]);
    await waitFor(() => without.stdout() + within.stdout() === '0\n0\n', { what: 'both to read' });
    const members = await clientIds();
    expect(members).toContain(`${topic}-within`);
    expect(members).not.toContain(`${topic}-without`);
  });
});

describe('consume and produce in a shell', () => {
  it('copy a topic byte for byte', async () => {
    const bytes = Buffer.from([0xff, 0x0a, 0x00]);
    const topic = await topicWith(
      [
        {
          key: bytes,
          value: bytes,
          headers: [
            { key: 'h', value: bytes },
            { key: 'h', value: null },
          ],
          timestamp: 1_700_000_000_000,
        },
        { key: null, value: null, partition: 1, timestamp: 1_700_000_000_001 },
        { key: '', value: '"\\\u2028', partition: 2, timestamp: 1_700_000_000_002 },
      ],
      3,
    );
    const copy = uniqueTopic('cli-copy');
    await cluster.createTopic(copy, { partitions: 3 });
    const { exitCode, stdout } = await shell(
      `nest-kafka consume --topic ${topic} ${TO_END.join(' ')} --json | nest-kafka produce --topic ${copy} --json-lines`,
      env,
    );
    expect([exitCode, lines(stdout).length]).toEqual([0, 3]);
    const content = async (name: string): Promise<unknown[]> =>
      (await cluster.readTopic(name)).map(({ headers, key, partition, timestamp, value }) => {
        return { headers, key, partition, timestamp, value };
      });
    expect(await content(copy)).toEqual(await content(topic));
  });

  it('end quietly when nobody reads any more', async () => {
    const topic = await topicWith(numbered(20_000));
    const result = await shell(`nest-kafka consume --topic ${topic} --from-beginning | head -n 2`, env);
    expect(result).toEqual({ exitCode: 0, stdout: '0\n1\n', stderr: '' });
  });
});
