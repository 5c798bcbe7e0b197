import { afterEach, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { StoredRecord } from '../../lib/testing/index.js';
import { settledWithin } from '../../lib/wire/settled-within.js';
import { cli, startCli, spawnCli } from '../support/cli.js';
import { produceLines } from '../support/endless-input.js';
import { useTestCluster } from '../support/use-test-cluster.js';
import { waitFor } from '../support/broker.js';

const LINES = 1_000_000;
/** An input that has taken nothing for so long is taken for full. */
const FULL_AFTER_MS = 2_000;

const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** @returns the lines that were taken, when no more are, or so many have been */
async function writeWhileTaken(input: PassThrough, chunk: string, most: number): Promise<number> {
  const linesOfChunk = chunk.split('\n').length - 1;
  for (let written = linesOfChunk; ; written += linesOfChunk) {
    if (written >= most) return written;
    if (input.write(chunk)) continue;
    const isTaken = await settledWithin(once(input, 'drain'), FULL_AFTER_MS);
    if (!isTaken) return written;
  }
}

describe('the command line', () => {
  const own = useTestCluster({ brokerProperties: { 'auto.create.topics.enable': 'true' } });

  it('produces a million lines, and is never far ahead of what is stored', async () => {
    const topic = 'million';
    await own.cluster.createTopic(topic, { partitions: 3 });
    const { ahead, printed, result, stored } = await produceLines(own.cluster, topic, LINES);
    expect(result).toEqual({ exitCode: 0, stderr: '' });
    expect([printed, stored]).toEqual([LINES, LINES]);
    expect(ahead).toBeLessThan(20_000);
  }, 180_000);

  it('leaves it to the broker to make a topic for a producer, and makes none by reading', async () => {
    const env = { KAFKA_BROKERS: own.cluster.bootstrapServers().join(',') };
    const read = await cli(['consume', '--topic', 'by-reading', '--timeout-ms', '1000'], { env });
    expect([read.exitCode, read.stdout]).toEqual([1, '']);
    await expect(own.cluster.describeTopic('by-reading')).rejects.toThrow('error 3');
    const written = await cli(['produce', '--topic', 'by-writing'], { env, input: 'x' });
    expect(written).toEqual({ exitCode: 0, stdout: 'by-writing-0@0\n', stderr: '' });
  });

  it('takes no more of an input than it can store while the broker is gone', async () => {
    const topic = 'outage';
    await own.cluster.createTopic(topic);
    const env = { KAFKA_BROKERS: own.cluster.bootstrapServers().join(',') };
    const input = new PassThrough();
    const run = startCli(['produce', '--topic', topic, '--quiet'], { env, input });
    input.write('first\n');
    await waitFor(async () => (await own.cluster.readTopic(topic)).length === 1, { what: 'the first record' });
    await own.cluster.broker(1).pause();
    const written = await writeWhileTaken(input, 'x\n'.repeat(1_000), 1_000_000);
    expect(written).toBeGreaterThanOrEqual(10_000);
    expect(written).toBeLessThan(50_000);
    await own.cluster.broker(1).resume();
    input.end();
    expect(await run.result).toMatchObject({ exitCode: 0, stderr: '' });
  }, 120_000);

  it('prints as a process what a broker brings back after its outage', async () => {
    const topic = 'back';
    await own.cluster.createTopic(topic);
    const env = { KAFKA_BROKERS: own.cluster.bootstrapServers().join(',') };
    const consumer = spawnCli(['consume', '--topic', topic, '--from-beginning', '--max-messages', '2'], env);
    let printed = '';
    consumer.stdout.on('data', (data: Buffer) => (printed += data.toString()));
    const exited = once(consumer, 'exit');
    running.push(consumer);
    await startCli(['produce', '--topic', topic], { env, input: 'before\n' }).result;
    await waitFor(() => printed === 'before\n', { what: 'the first record', limitMs: 30_000 });
    await own.cluster.broker(1).kill();
    await own.cluster.broker(1).restart();
    await own.cluster.waitUntilHealthy();
    expect(await startCli(['produce', '--topic', topic], { env, input: 'after\n' }).result).toMatchObject({
      exitCode: 0,
    });
    expect(await exited).toEqual([0, null]);
    expect(printed).toBe('before\nafter\n');
  }, 120_000);

  it('replays every dead letter once, though the broker is killed in the middle', async () => {
    const topic = 'orders';
    const count = 200;
    const env = { KAFKA_BROKERS: own.cluster.bootstrapServers().join(',') };
    for (const name of [topic, `${topic}-dlt`]) await own.cluster.createTopic(name);
    const origin = { 'dlt-original-topic': topic, 'dlt-original-partition': '0', 'dlt-original-offset': '0' };
    const letters = Array.from({ length: count }, (_, value) => JSON.stringify({ value, headers: origin })).join('\n');
    await cli(['produce', '--topic', `${topic}-dlt`, '--json-lines', '--quiet'], { env, input: letters });
    const args = ['dead-letters', 'replay', '--topic', `${topic}-dlt`, '--execute'];
    const committed = (): Promise<StoredRecord[]> => own.cluster.readTopic(topic, { isolation: 'read_committed' });
    const interrupted = startCli([...args, '--rate', '40'], { env });
    await waitFor(async () => (await committed()).length > 0, { what: 'the first records' });
    await own.cluster.broker(1).kill();
    await own.cluster.broker(1).restart();
    await own.cluster.waitUntilHealthy();
    // It may have got over it, or have given up.
    expect([0, 1]).toContain((await interrupted.result).exitCode);
    const again = await cli(args, { env });
    expect([again.exitCode, again.stderr]).toEqual([0, '']);
    const values = (await committed()).map(({ value }) => Number(value));
    expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, value) => value));
  }, 120_000);
});
