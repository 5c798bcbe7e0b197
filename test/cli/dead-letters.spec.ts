import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Payload } from '@nestjs/microservices';
import { once } from 'node:events';
import { KafkaListener, KafkaProducerModule, KafkaTransportStrategy, SyncCommitStrategy } from 'nestjs-kafka-producer';
import { deadLetterHeaders } from '../../lib/consumer/recovery/dead-letter-headers.js';
import type { StoredRecord } from '../../lib/testing/index.js';
import { AdminClient } from '../../lib/wire/admin/admin-client.js';
import {
  describeTransactionsApi,
  type DescribeTransactionsResponse,
} from '../../lib/wire/protocol/describe-transactions.js';
import { sharedCluster, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { committedRecords } from '../support/open-transactions.js';
import { type CliRun, spawnCli, startCli } from '../support/cli.js';
import { cliFor, jsonOf } from '../support/cli-cluster.js';
import { TestEngine } from '../support/test-engine.js';

const cluster = sharedCluster();
const nestKafka = cliFor(cluster);
const env = { KAFKA_BROKERS: cluster.bootstrapServers().join(',') };
const PARTITIONS = 2;

interface Replay {
  readonly executed: boolean;
  readonly sent: readonly { readonly topic: string; readonly records: number }[];
  readonly left: readonly { readonly reason: string; readonly records: number }[];
}

let app: INestApplication | null = null;
const runs: CliRun[] = [];

afterEach(async () => {
  for (const run of runs.splice(0)) run.signal('SIGTERM');
  await app?.close();
  app = null;
});

async function newTopic(): Promise<string> {
  const topic = uniqueTopic('cli-orders');
  await cluster.createTopic(topic, { partitions: PARTITIONS });
  await cluster.createTopic(`${topic}-dlt`, { partitions: PARTITIONS });
  return topic;
}

/** Dead letters with these values, as a listener's recovery writes them. */
async function giveUp(topic: string, count: number, given: { group?: string; error?: Error } = {}): Promise<void> {
  const { group = 'shop', error = new RangeError('out of stock') } = given;
  await using engine = await TestEngine.start({ client: cluster.clientConfig() });
  await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const record = {
        topic,
        partition: index % PARTITIONS,
        offset: BigInt(index),
        timestamp: 1_700_000_000_000,
        timestampType: 'CreateTime' as const,
        leaderEpoch: 0,
        key: Buffer.from(`k${index}`),
        value: Buffer.from(`${group}-${index}`),
        headers: [{ key: 'trace', value: Buffer.from([0xff, index % 256]) }],
        sizeInBytes: 0,
      };
      const failed = { record, error, attempts: 3, firstFailedAt: 5, groupId: group, listenerId: 'Orders.onOrder' };
      const headers = deadLetterHeaders(failed, { stack: true, onlyEssential: false });
      const { key, partition, value } = record;
      return engine.send({ topic: `${topic}-dlt`, partition, key, value, headers });
    }),
  );
}

function replayArgs(topic: string, ...args: string[]): string[] {
  return ['dead-letters', 'replay', '--topic', `${topic}-dlt`, ...args];
}

async function replay(topic: string, ...args: string[]): Promise<Replay> {
  return jsonOf<Replay>(await nestKafka(replayArgs(topic, '--json', ...args)));
}

function visibleRecords(topic: string): Promise<StoredRecord[]> {
  return cluster.readTopic(topic, { isolation: 'read_committed' });
}

/** Waits until the markers are written of a commit that the coordinator has taken. */
async function noEndUnderWay(transactionalId: string): Promise<void> {
  await using admin = new AdminClient({ client: cluster.clientConfig() });
  const describe = {
    api: describeTransactionsApi,
    request: { transactionalIds: [transactionalId] },
    errorCode: ({ transactions }: DescribeTransactionsResponse) => transactions[0]?.errorCode ?? 0,
  };
  await waitFor(
    async () => {
      // There is one broker, which coordinates all.
      const { transactions } = await admin.toAny(describe);
      return transactions.every(({ state }) => !state.startsWith('Prepare'));
    },
    { what: 'the markers of the last commit' },
  );
}

async function values(topic: string): Promise<string[]> {
  return (await committedRecords(cluster, topic)).map(({ value }) => String(value)).sort();
}

function named(group: string, indexes: readonly number[]): string[] {
  return indexes.map((index) => `${group}-${index}`).sort();
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

async function startListener(controller: Type, groupId: string): Promise<void> {
  app = await NestFactory.create(
    {
      module: class Root {},
      controllers: [controller],
      imports: [
        KafkaProducerModule.forRoot({
          client: { brokers: cluster.bootstrapServers() },
          producer: { lingerMs: 0 },
          consumer: { groupId, autoOffsetReset: 'earliest', commitStrategy: new SyncCommitStrategy({ per: 'record' }) },
        }),
      ],
    },
    { logger: false, abortOnError: false },
  );
  app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) });
  await app.init();
  await app.startAllMicroservices();
}

describe('dead letters of a listener', () => {
  it('are listed, come back to it, and go round no second time unless told to', async () => {
    const topic = await newTopic();
    const groupId = uniqueGroup();
    const handled: unknown[] = [];
    let isMended = false;
    @Controller()
    class Orders {
      @KafkaListener(topic, { recovery: { attempts: 1, deadLetter: true } })
      public onOrder(@Payload() order: { readonly id: number }): void {
        if (!isMended || order.id === 2) throw new RangeError('out of\nstock');
        handled.push(order);
      }
    }
    await startListener(Orders, groupId);
    await using engine = await TestEngine.start({ client: cluster.clientConfig() });
    for (const id of [1, 2])
      await engine.send({ topic, partition: 1, key: 'k', value: { id }, headers: { trace: 't' } });
    await waitFor(async () => (await visibleRecords(`${topic}-dlt`)).length === 2, { what: 'two dead letters' });

    const list = await nestKafka(['dead-letters', 'list', '--topic', `${topic}-dlt`]);
    expect([list.exitCode, list.stderr]).toEqual([0, '']);
    expect(list.stdout).toMatch(new RegExp(`1@0 +${topic}-1@0 .* 1 +0 +${groupId} +RangeError +out of stock\n`));
    expect(list.stdout.trim().split('\n').length).toBe(3);

    const dry = await nestKafka(replayArgs(topic));
    expect(dry.exitCode).toBe(0);
    expect(dry.stderr).toMatch(/dry run: nothing was sent/);
    expect(dry.stdout).toMatch(new RegExp(`2 +to send +${topic}\n`));
    expect((await cluster.readTopic(topic)).length).toBe(2);

    isMended = true;
    expect(await replay(topic, '--execute')).toMatchObject({ executed: true, sent: [{ topic, records: 2 }], left: [] });
    await waitFor(() => handled.length === 1, { what: 'the record that was mended' });
    expect(handled).toEqual([{ id: 1 }]);
    const [, , back] = await committedRecords(cluster, topic);
    expect(back).toMatchObject({ partition: 1, key: Buffer.from('k'), value: Buffer.from('{"id":1}') });
    expect(back?.headers).toEqual([
      { key: 'trace', value: Buffer.from('t') },
      { key: 'dlt-replay-count', value: Buffer.from('1') },
    ]);

    await waitFor(async () => (await visibleRecords(`${topic}-dlt`)).length === 3, {
      what: 'the one that failed again',
    });
    expect(await replay(topic, '--execute')).toMatchObject({
      sent: [],
      left: [{ reason: 'replayed before', records: 1 }],
    });
    expect(await replay(topic, '--execute', '--again')).toMatchObject({ sent: [{ topic, records: 1 }], left: [] });
    expect((await committedRecords(cluster, topic)).at(-1)?.headers.at(-1)).toEqual({
      key: 'dlt-replay-count',
      value: Buffer.from('2'),
    });
  });
});

describe('dead-letters list', () => {
  it('tells everything as JSON, and no more than it is asked for', async () => {
    const topic = await newTopic();
    await giveUp(topic, 3);
    await giveUp(topic, 1, { group: 'bank', error: new TypeError('no money') });
    const args = ['dead-letters', 'list', '--topic', `${topic}-dlt`, '--json'];
    const bank = jsonOf(await nestKafka([...args, '--consumer-group', 'bank', '--error-class', 'TypeError']));
    expect(bank).toEqual([
      {
        topic: `${topic}-dlt`,
        partition: 0,
        offset: 2,
        timestamp: expect.any(Number),
        origin: { topic, partition: 0, offset: 0 },
        group: 'bank',
        errorClass: 'TypeError',
        errorMessage: 'no money',
        attempts: 3,
        firstFailedAt: 5,
        replays: 0,
      },
    ]);
    const two = await nestKafka([...args, '--max', '2']);
    expect(jsonOf<unknown[]>(two).length).toBe(2);
    expect(two.stderr).toMatch(/first 2 are shown/);
  });

  it('says when there is no such topic', async () => {
    const topic = await newTopic();
    const result = await nestKafka(['dead-letters', 'list', '--topic', `${topic}-dl`]);
    expect([result.exitCode, result.stdout]).toEqual([1, '']);
    expect(result.stderr).toMatch(new RegExp(`There is no topic '${topic}-dl'. Did you mean ${topic}`));
  });
});

describe('dead-letters replay', () => {
  it('sends what is meant, a few at a time, and nothing twice', async () => {
    const topic = await newTopic();
    await giveUp(topic, 6);
    await giveUp(topic, 4, { group: 'bank' });
    expect(await replay(topic, '--execute', '--consumer-group', 'bank', '--max', '3')).toMatchObject({
      sent: [{ topic, records: 3 }],
    });
    expect(await replay(topic, '--execute', '--consumer-group', 'bank')).toMatchObject({
      sent: [{ topic, records: 1 }],
      left: [{ reason: 'not meant', records: 6 }],
    });
    expect(await values(topic)).toEqual(named('bank', upTo(4)));
    expect(await replay(topic)).toMatchObject({ executed: false, sent: [{ topic, records: 6 }], left: [] });
    expect(await replay(topic, '--execute')).toMatchObject({ sent: [{ topic, records: 6 }], left: [] });
    expect(await replay(topic, '--execute')).toMatchObject({ sent: [], left: [] });
    expect(await values(topic)).toEqual([...named('bank', upTo(4)), ...named('shop', upTo(6))]);
  });

  it('leaves what has no origin, and sends it where it is told', async () => {
    const topic = await newTopic();
    await using engine = await TestEngine.start({ client: cluster.clientConfig() });
    await engine.send({ topic: `${topic}-dlt`, value: 'stray' });
    expect(await replay(topic, '--execute')).toMatchObject({ sent: [], left: [{ reason: 'no origin', records: 1 }] });
    const other = await newTopic();
    expect(await replay(topic, '--execute', '--to', other)).toMatchObject({ sent: [{ topic: other, records: 1 }] });
    expect(await values(other)).toEqual(['stray']);
    const loop = await nestKafka(replayArgs(topic, '--to', `${topic}-dlt`));
    expect([loop.exitCode, loop.stderr]).toEqual([2, 'error: --to is the dead-letter topic itself.\n']);
  });

  it('sends nothing when a topic is missing, and all of it when it is there', async () => {
    const topic = await newTopic();
    const missing = uniqueTopic('cli-gone');
    await giveUp(topic, 3);
    for (const args of [[], ['--execute']]) {
      const result = await nestKafka(replayArgs(topic, '--to', missing, ...args));
      expect([result.exitCode, result.stdout]).toEqual([1, '']);
      expect(result.stderr).toContain(`There is no topic '${missing}'`);
    }
    await cluster.createTopic(missing);
    expect(await replay(topic, '--execute', '--to', missing)).toMatchObject({ sent: [{ topic: missing, records: 3 }] });
  });

  it('leaves those whose topic is gone, for when it is there again, and sends the others', async () => {
    const topic = await newTopic();
    const gone = uniqueTopic('cli-gone');
    await giveUp(topic, 2);
    await using engine = await TestEngine.start({ client: cluster.clientConfig() });
    const headers = { 'dlt-original-topic': gone, 'dlt-original-partition': '0', 'dlt-original-offset': '7' };
    await engine.send({ topic: `${topic}-dlt`, partition: 0, value: 'of another', headers });
    const split = { sent: [{ topic, records: 2 }], left: [{ reason: 'topic gone', records: 1 }] };
    expect(await replay(topic)).toMatchObject(split);
    expect(await replay(topic, '--execute')).toMatchObject(split);
    await cluster.createTopic(gone);
    expect(await replay(topic, '--execute')).toMatchObject({ sent: [{ topic: gone, records: 1 }], left: [] });
    expect(await values(gone)).toEqual(['of another']);
  });

  it('keeps to its rate', async () => {
    const topic = await newTopic();
    await giveUp(topic, 30);
    const startedAt = performance.now();
    await replay(topic, '--execute', '--rate', '30');
    expect(performance.now() - startedAt).toBeGreaterThan((29 / 30) * 1_000);
    expect(await values(topic)).toEqual(named('shop', upTo(30)));
  });

  it('ends with 130 on Ctrl-C, says what it has sent, and goes on behind it', async () => {
    const topic = await newTopic();
    await giveUp(topic, 40);
    const run = startCli(replayArgs(topic, '--execute', '--json', '--rate', '20'), { env });
    runs.push(run);
    await waitFor(async () => (await visibleRecords(topic)).length > 0, { what: 'the first records' });
    run.signal('SIGINT');
    const { exitCode, stdout } = await run.result;
    expect(exitCode).toBe(130);
    const { sent }: Replay = JSON.parse(stdout);
    expect(sent).toEqual([{ topic, records: (await committedRecords(cluster, topic)).length }]);
    await replay(topic, '--execute');
    expect(await values(topic)).toEqual(named('shop', upTo(40)));
  });

  it('sends every record once, though it is killed in the middle and started again', async () => {
    const topic = await newTopic();
    const count = 400;
    await giveUp(topic, count);
    const killed = spawnCli(replayArgs(topic, '--execute', '--rate', '40'), env);
    let told = '';
    killed.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
    const exited = once(killed, 'exit');
    // Some are committed, and others are in a transaction that is open.
    await waitFor(
      async () => {
        if (killed.exitCode !== null) throw new Error(`It has ended by itself: ${told}`);
        const stored = (await cluster.readTopic(topic)).length;
        const { length } = await visibleRecords(topic);
        return length > 0 && stored > length;
      },
      { what: 'the middle of a replay', limitMs: 25_000 },
    );
    killed.kill('SIGKILL');
    await exited;
    await noEndUnderWay(`nest-kafka-replay.${topic}-dlt`);
    const before = (await visibleRecords(topic)).length;
    expect(before).toBeLessThan(count);
    const { left, sent } = await replay(topic, '--execute');
    expect([sent, left]).toEqual([[{ topic, records: count - before }], []]);
    expect(await values(topic)).toEqual(named('shop', upTo(count)));
    // What the killed one had sent and not committed.
    expect((await cluster.readTopic(topic)).length).toBeGreaterThan(count);
  }, 60_000);

  it('sends every record once, though two run at the same time', async () => {
    const topic = await newTopic();
    await giveUp(topic, 60);
    const first = startCli(replayArgs(topic, '--execute', '--rate', '40'), { env });
    runs.push(first);
    await waitFor(async () => (await visibleRecords(topic)).length > 0, { what: 'the first records' });
    const second = await nestKafka(replayArgs(topic, '--execute'));
    expect([second.exitCode, second.stderr]).toEqual([0, '']);
    const overtaken = await first.result;
    expect(overtaken.exitCode).toBe(1);
    expect(overtaken.stderr).toMatch(/records were sent back.*fenced|transactional/i);
    expect(await values(topic)).toEqual(named('shop', upTo(60)));
  });
});
