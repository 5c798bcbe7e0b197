import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { JavaTools } from '../../lib/testing/providers/java-tools.js';
import type { StoredRecord } from '../../lib/testing/index.js';
import { silentLog } from '../../lib/wire/log-sink.js';
import { sharedCluster, uniqueTopic, waitFor } from '../support/broker.js';
import { committedRecords } from '../support/open-transactions.js';
import { cli, CLI_COMMAND, startCli } from '../support/cli.js';
import { produceLines } from '../support/endless-input.js';
import { cliFor } from '../support/cli-cluster.js';

const run = promisify(execFile);
const cluster = sharedCluster();
const nestKafka = cliFor(cluster);
const env = { KAFKA_BROKERS: cluster.bootstrapServers().join(',') };

async function newTopic(partitions = 1): Promise<string> {
  const topic = uniqueTopic('cli-produce');
  await cluster.createTopic(topic, { partitions });
  return topic;
}

async function values(topic: string): Promise<string[]> {
  const records = await committedRecords(cluster, topic);
  return records.map(({ value }) => String(value));
}

function content({ headers, key, value }: StoredRecord): unknown {
  return { headers, key, value };
}

describe('produce', () => {
  it('stores lines as Kafka’s console producer does, and prints where', async () => {
    const [ours, theirs] = [await newTopic(), await newTopic()];
    const lines = ['h1:a,h2:b\tk1\tv1', 'h1:NULL\tNULL\té=1', 'NULL\tk2\tNULL', 'h:x\t\t', 'h:a:b\tk3\tt\tu'];
    const input = `${lines.join('\n')}\n`;
    const properties = ['parse.headers=true', 'parse.key=true', 'null.marker=NULL'].flatMap((property) => [
      '--reader-property',
      property,
    ]);
    const tools = await JavaTools.find(cluster.description.kafkaVersion, silentLog);
    const [result, java] = await Promise.all([
      nestKafka(['produce', '--topic', ours, ...properties], { input }),
      tools.run(
        'org.apache.kafka.tools.ConsoleProducer',
        ['--bootstrap-server', env.KAFKA_BROKERS, '--topic', theirs, ...properties],
        { input },
      ),
    ]);
    expect([result.exitCode, java.exitCode, java.stderr]).toEqual([0, 0, '']);
    expect(result.stdout.trim().split('\n')).toEqual(lines.map((_, offset) => `${ours}-0@${offset}`));
    const [stored, expected] = [await cluster.readTopic(ours), await cluster.readTopic(theirs)];
    expect(stored.map(content)).toEqual(expected.map(content));
    expect(stored.length).toBe(lines.length);
  });

  it('ends with 1 and a line for each record that failed, and stores the others', async () => {
    const topic = await newTopic();
    const input = `k1:v1\nsecret\nk2:${'x'.repeat(1_100_000)}\nk3:v3\n`;
    const result = await nestKafka(['produce', '--topic', topic, '--key-separator', ':'], { input });
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toBe(`${topic}-0@0\n${topic}-0@1\n`);
    const told = result.stderr.trim().split('\n');
    expect(told).toEqual([
      expect.stringMatching(/^error: line 2: it has no key\.separator/),
      expect.stringMatching(/^error: line 3: .*exceeds maxRequestSize/),
      'error: 2 of 4 records were not sent.',
    ]);
    expect(result.stderr).not.toContain('secret');
    expect(await values(topic)).toEqual(['v1', 'v3']);
  });

  it('ends with 1 when the broker refuses a record for its size', async () => {
    const topic = uniqueTopic('cli-small');
    await cluster.createTopic(topic, { configs: { 'max.message.bytes': '1000' } });
    const input = `small\n${'x'.repeat(2_000)}\n`;
    const result = await nestKafka(['produce', '--topic', topic, '--sync'], { input });
    expect([result.exitCode, result.stdout]).toEqual([1, `${topic}-0@0\n`]);
    expect(result.stderr).toMatch(/^error: line 2: .*max\.message\.bytes/);
  });

  it('says which topic there is, when there is none of that name', async () => {
    const topic = await newTopic();
    const result = await nestKafka(['produce', '--topic', `${topic}x`], { input: 'a\n' });
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(result.stderr).toMatch(new RegExp(`^error: There is no topic '${topic}x'. Did you mean ${topic}\\b.*\n$`));
  });

  it('says which partitions there are, when there is none of that number', async () => {
    const topic = await newTopic(2);
    const result = await nestKafka(['produce', '--topic', topic, '--partition', '2'], { input: 'a\n' });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/has no partition 2: there are 0 to 1/);
    const stored = await nestKafka(['produce', '--topic', topic, '--partition', '1'], { input: 'a\n' });
    expect(stored.stdout).toBe(`${topic}-1@0\n`);
  });

  it('says in one line that no broker answers', async () => {
    const args = ['produce', '--topic', 'orders', '--bootstrap-server', '127.0.0.1:1'];
    const result = await cli(args, { input: 'a\n' });
    expect([result.exitCode, result.stdout]).toEqual([1, '']);
    expect(result.stderr).toMatch(/^error: No Kafka broker answers at 127\.0\.0\.1:1.*\n$/);
  });

  it.each([
    [['--acks', '2'], /acks must be/],
    [['--compression-codec', 'brotli'], /compression must be one of/],
    [['--json-lines', '--parse-key'], /leave out parse\.key/],
    [['--reader-property', 'parse.keys=1'], /no such property/],
    [['--records-per-transaction', '5'], /needs --transactional-id/],
    [['--linger-ms', '1', '--timeout', '2'], /the same option/],
    [['--header', 'nothing'], /name:value/],
    [['--transactional-id', 'x', '--acks', '1'], /idempotence/],
  ])('%j is wrong usage', async (args, message) => {
    const result = await nestKafka(['produce', '--topic', 'orders', ...args], { input: 'a\n' });
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trim()).not.toContain('\n');
  });

  it('adds headers, and prints JSON lines', async () => {
    const topic = await newTopic();
    const args = ['--header', 'source:shell', '--header', 'empty:', '--compression-codec', '--json'];
    const result = await nestKafka(['produce', '--topic', topic, ...args], { input: 'a' });
    expect(JSON.parse(result.stdout)).toMatchObject({ line: 1, topic, partition: 0, offset: 0 });
    const [stored] = await cluster.readTopic(topic);
    expect(stored?.headers).toEqual([
      { key: 'source', value: Buffer.from('shell') },
      { key: 'empty', value: Buffer.alloc(0) },
    ]);
  });

  it('goes to the partition that a JSON line names, unless it is to choose anew', async () => {
    const topic = await newTopic(2);
    const input = '{"value":"a","partition":1}\n{"value":"b","partition":2}\n';
    const args = ['produce', '--topic', topic, '--json-lines'];
    const named = await nestKafka(args, { input });
    expect([named.exitCode, named.stdout]).toEqual([1, `${topic}-1@0\n`]);
    expect(named.stderr).toMatch(/^error: line 2: .*partition/);
    expect((await nestKafka([...args, '--ignore-partition'], { input })).exitCode).toBe(0);
    expect((await values(topic)).sort()).toEqual(['a', 'a', 'b']);
  });

  it('prints nothing with --quiet', async () => {
    const topic = await newTopic();
    const result = await nestKafka(['produce', '--topic', topic, '--quiet', '--sync'], { input: 'a\nb\n' });
    expect(result).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await values(topic)).toEqual(['a', 'b']);
  });
});

describe('produce in transactions', () => {
  it('stores all lines or none, and prints only what is stored', async () => {
    const topic = await newTopic();
    const args = ['produce', '--topic', topic, '--key-separator', ':', '--transactional-id', topic];
    const failed = await nestKafka(args, { input: 'a:1\nb:2\nwrong\n' });
    expect([failed.exitCode, failed.stdout]).toEqual([1, '']);
    expect(failed.stderr).toMatch(/^error: line 3: .*\nerror: The transaction with lines 1 to \d was not committed/);
    expect(await values(topic)).toEqual([]);
    const done = await nestKafka(args, { input: 'a:1\nb:2\n' });
    expect([done.exitCode, done.stderr]).toEqual([0, '']);
    expect(done.stdout.match(/@/g)?.length).toBe(2);
    expect(await values(topic)).toEqual(['1', '2']);
  });

  it('keeps the transactions before the one that fails', async () => {
    const topic = await newTopic();
    const args = ['--transactional-id', topic, '--records-per-transaction', '2', '--json-lines'];
    const lines = [1, 2, 3, 4].map((value) => `{"value":${value}}`);
    const result = await nestKafka(['produce', '--topic', topic, ...args], { input: `${lines.join('\n')}\nx\n` });
    expect(result.exitCode).toBe(1);
    expect(await values(topic)).toEqual(['1', '2', '3', '4']);
    expect(result.stdout.match(/@/g)?.length).toBe(4);
  });
});

describe('produce of an endless input', () => {
  it('reads no further ahead than a bounded number of lines', async () => {
    const topic = await newTopic(3);
    // A million of them: test/faults/command-line.spec.ts.
    const { ahead, printed, result, stored } = await produceLines(cluster, topic, 100_000);
    expect(result).toEqual({ exitCode: 0, stderr: '' });
    expect([printed, stored]).toEqual([100_000, 100_000]);
    expect(ahead).toBeLessThan(20_000);
  });

  it('ends with 130 on Ctrl-C, with everything stored that was read', async () => {
    const topic = await newTopic();
    const input = new Readable({ read: () => undefined });
    const run = startCli(['produce', '--topic', topic], { env, input });
    input.push('a\nb\n');
    await waitFor(() => run.stdout().includes('@1'), { what: 'the second record' });
    input.push('c\nd');
    run.signal('SIGINT');
    expect((await run.result).exitCode).toBe(130);
    const stored = await values(topic);
    expect(['a,b', 'a,b,c']).toContain(stored.join());
    expect(run.stdout().match(/@/g)?.length).toBe(stored.length);
  });

  it('aborts the transaction on Ctrl-C', async () => {
    const topic = await newTopic();
    const input = new Readable({ read: () => undefined });
    const run = startCli(['produce', '--topic', topic, '--transactional-id', topic], { env, input });
    input.push('a\nb\n');
    await waitFor(async () => (await cluster.readTopic(topic)).length === 2, {
      what: 'records of an open transaction',
    });
    run.signal('SIGTERM');
    expect(await run.result).toMatchObject({ exitCode: 143, stdout: '' });
    expect(await values(topic)).toEqual([]);
  });
});

describe('produce on a terminal', () => {
  it('shows how far it has read a file, and prompts for lines that are typed', async () => {
    const hasScript = await run('script', ['--version']).then(
      () => true,
      () => false,
    );
    if (!hasScript) {
      process.stderr.write('SKIPPED: produce on a terminal, as there is no `script`.\n');
      return;
    }
    const topic = await newTopic();
    const directory = await mkdtemp(join(tmpdir(), 'cli-produce-'));
    const file = join(directory, 'lines');
    await writeFile(file, 'x\n'.repeat(50_000));
    const command = `${CLI_COMMAND.map((word) => `'${word}'`).join(' ')} produce --topic ${topic}`;
    const script = join(directory, 'script.sh');
    await writeFile(script, `${command} --quiet < ${file}\n${command}\n`);
    try {
      const terminal = run('script', ['-qec', `bash ${script}`, '/dev/null'], { env: { ...process.env, ...env } });
      // Ctrl-D behind the line.
      terminal.child.stdin?.end('typed\n\u0004');
      const { stdout } = await terminal;
      expect(stdout).toMatch(/[█░]+ \d+ of 100000 bytes/);
      expect(stdout).toMatch(new RegExp(`>.*${topic}-0@50000`, 's'));
      expect((await values(topic)).at(-1)).toBe('typed');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
