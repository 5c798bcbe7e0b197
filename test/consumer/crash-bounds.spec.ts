import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedCluster, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import type { StrategyName } from '../support/consumer-task.js';
import type { CrashTask } from '../support/crash-host.js';
import { disconnectAndWait, forkTypescript } from '../support/run-typescript.js';
import { TestEngine } from '../support/test-engine.js';

const HOST = new URL('../support/crash-host.ts', import.meta.url);
const RECORDS = 4_000;
const CRASH_AT = 2_777;
/** What `AutoCommitStrategy` of the host counts to, and so much again while its commit is on its way. */
const AUTO_BOUND = 2 * 100;
/** Records that the fetcher hands out at a time, at most. */
const BATCH_BOUND = 1_000;
/** What a handler that takes a turn of the event loop gets through while one commit is on its way; a commit takes milliseconds. */
const IN_FLIGHT_BOUND = 500;

describe('after a process is killed, its successor repeats', () => {
  const cluster = sharedCluster();
  const client = cluster.clientConfig();
  const topic = uniqueTopic('crash');
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'crash-'));
    await cluster.createTopic(topic, { partitions: 1 });
    await using engine = await TestEngine.start({ client });
    await Promise.all(
      Array.from({ length: RECORDS }, (_, number) => engine.send({ topic, partition: 0, value: String(number) })),
    );
  });

  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  it.each<[string, StrategyName, number]>([
    ['at most one record with a sync commit per record', 'sync-record', 1],
    ['at most what was fetched together with a sync commit per batch', 'sync-batch', BATCH_BOUND],
    ['at most what was handled since the last commit with an auto commit by count', 'auto', AUTO_BOUND],
    [
      'at most what was handled while a commit was on its way with an async commit per record',
      'async',
      IN_FLIGHT_BOUND,
    ],
    [
      'at most what was acknowledged while a commit was on its way with manual acknowledgement',
      'manual',
      IN_FLIGHT_BOUND,
    ],
  ])(
    '%s',
    async (_name, strategy, bound) => {
      const files = [join(directory, `${strategy}-1`), join(directory, `${strategy}-2`)] as const;
      const task = { client, topic, group: uniqueGroup(strategy), strategy };
      const first: CrashTask = { ...task, file: files[0], crashAt: CRASH_AT };
      await Promise.all(files.map((file) => writeFile(file, '')));
      const [, signal] = await once(forkTypescript(HOST, [JSON.stringify(first)]), 'exit');
      expect(signal).toBe('SIGKILL');

      const second: CrashTask = { ...task, file: files[1], crashAt: -1 };
      const child = forkTypescript(HOST, [JSON.stringify(second)]);
      let after: number[] = [];
      await waitFor(async () => (after = await offsets(files[1])).at(-1) === RECORDS - 1, {
        what: 'the rest of the records',
        limitMs: 30_000,
      });
      await disconnectAndWait(child);
      expect(await offsets(files[0])).toEqual(upTo(0, CRASH_AT + 1));
      const [begin = -1] = after;
      expect(after).toEqual(upTo(begin, RECORDS));
      expect(begin).toBeLessThanOrEqual(CRASH_AT + 1);
      expect(CRASH_AT + 1 - begin).toBeLessThanOrEqual(bound);
    },
    60_000,
  );
});

async function offsets(file: string): Promise<number[]> {
  return (await readFile(file, 'utf8')).split('\n').filter(Boolean).map(Number);
}

function upTo(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}
