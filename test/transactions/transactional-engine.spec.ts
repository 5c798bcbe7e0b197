import { describe, expect, it } from '@jest/globals';
import { KafkaTimeoutError, RecordTooLargeError } from '../../lib/producer/errors.js';
import type { ProducerOptions } from '../../lib/producer/producer-options.js';
import type { TopicPartitionOffset } from '../../lib/producer/transaction.js';
import {
  CommitFailedError,
  IllegalTransactionStateError,
  TransactionAbortedError,
} from '../../lib/producer/transaction-errors.js';
import type { KafkaApiName } from '../../lib/testing/index.js';
import {
  sharedCluster,
  startFaultProxy,
  uniqueGroup,
  uniqueTopic,
  waitFor,
  type SharedFaultProxy,
} from '../support/broker.js';
import { joinGroup } from '../support/group-member.js';
import { seeRequests } from '../support/seen-requests.js';
import { TestTransactionalEngine } from '../support/test-transactional-engine.js';
import { committedOffset } from '../support/transaction-fault-case.js';
import { committedRecords, openPartitions } from '../support/open-transactions.js';

const cluster = sharedCluster();
const PARTITIONS = 2;
/** The broker looks for transactions that are too old every half second. */
const SHORT_TIMEOUT_MS = 1_000;
const COORDINATOR_APIS: readonly KafkaApiName[] = [
  'FindCoordinator',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
];

async function newTopic(): Promise<string> {
  const topic = uniqueTopic('tx');
  await cluster.createTopic(topic, { partitions: PARTITIONS });
  return topic;
}

function startEngine(
  producer: ProducerOptions = {},
  transactionalId = uniqueTopic('id'),
): Promise<TestTransactionalEngine> {
  return TestTransactionalEngine.start({ client: cluster.clientConfig(), transactionalId, producer });
}

/** What a reader sees once no transaction is open any more. */
async function committedValues(topic: string): Promise<string[]> {
  return (await committedRecords(cluster, topic)).map(({ value }) => String(value));
}

async function visibleRecords(topic: string): Promise<string[]> {
  const records = await cluster.readTopic(topic, { isolation: 'read_committed' });
  return records.map(({ value }) => String(value));
}

/** An engine behind a proxy that tells of its requests. */
async function startWatched(proxied: SharedFaultProxy): Promise<{
  readonly engine: TestTransactionalEngine;
  /** Notes all requests from now on. */
  readonly seeAll: () => ReturnType<typeof seeRequests>;
}> {
  const transactionalId = uniqueTopic('id');
  const client = { brokers: proxied.bootstrapServers };
  const engine = await TestTransactionalEngine.start({ client, transactionalId });
  return { engine, seeAll: () => seeRequests(proxied.proxy, `producer-${transactionalId}`) };
}

function offset(topic: string, value: string): TopicPartitionOffset[] {
  return [{ topic, partition: 0, offset: value }];
}

function send(engine: TestTransactionalEngine, topic: string, values: readonly string[]): Promise<unknown> {
  return Promise.all(values.map((value, partition) => engine.send({ topic, partition, value })));
}

describe('a transaction', () => {
  it('shows nothing before the commit, and everything after it', async () => {
    const topic = await newTopic();
    await using engine = await startEngine();
    engine.beginTransaction();
    await send(engine, topic, ['a', 'b']);
    expect((await cluster.readTopic(topic)).length).toBe(2);
    expect(await visibleRecords(topic)).toEqual([]);

    await engine.commitTransaction();
    expect(await committedValues(topic)).toEqual(['a', 'b']);
  });

  it('shows nothing after an abort, and the next one whole', async () => {
    const topic = await newTopic();
    await using engine = await startEngine();
    await engine.commitRecords(topic, ['a', 'b']);
    engine.beginTransaction();
    await send(engine, topic, ['never', 'never']);
    await engine.abortTransaction();
    await engine.commitRecords(topic, ['c', 'd']);

    expect(await committedValues(topic)).toEqual(['a', 'c', 'b', 'd']);
  });

  it('keeps its order through many commits and aborts without a pause', async () => {
    const topic = await newTopic();
    await using engine = await startEngine();
    const committed: string[] = [];
    for (let number = 0; number < 100; number++) {
      engine.beginTransaction();
      const sent = engine.send({ topic, partition: 0, value: String(number) });
      if (number % 3 === 2) {
        await sent;

        await engine.abortTransaction();
        continue;
      }
      committed.push(String(number));
      await engine.commitTransaction();
    }
    expect(await committedValues(topic)).toEqual(committed);
  });

  it('sends what still lingers before it commits', async () => {
    const topic = await newTopic();
    await using engine = await startEngine({ lingerMs: 60_000 });
    engine.beginTransaction();
    const sent = send(engine, topic, ['a', 'b']);
    await engine.commitTransaction();
    await sent;

    expect(await committedValues(topic)).toEqual(['a', 'b']);
  });

  it('does not commit when a record has failed, even if nobody has looked', async () => {
    const topic = await newTopic();
    await using engine = await startEngine();
    engine.beginTransaction();
    await send(engine, topic, ['never', 'never']);
    await engine.send({ topic, value: Buffer.alloc(2_000_000) }).catch(() => undefined);

    await expect(engine.commitTransaction()).rejects.toThrow(RecordTooLargeError);
    expect(engine.transactionalState).toBe('abortable-error');
    await engine.abortTransaction();
    await engine.commitRecords(topic, ['a', 'b']);
    expect(await committedValues(topic)).toEqual(['a', 'b']);
  });

  it('takes no record before it begins and after it has ended', async () => {
    const topic = await newTopic();
    await using engine = await startEngine();
    await expect(engine.send({ topic, value: 'early' })).rejects.toThrow(IllegalTransactionStateError);
    await engine.commitRecords(topic, ['a', 'b']);
    await expect(engine.send({ topic, value: 'late' })).rejects.toThrow(IllegalTransactionStateError);
    expect(await committedValues(topic)).toEqual(['a', 'b']);
  });

  it('costs no request when nothing was sent in it', async () => {
    const topic = await newTopic();
    await using fault = await startFaultProxy();
    const watched = await startWatched(fault);
    await using engine = watched.engine;
    await engine.commitRecords(topic, ['a']);
    const seen = watched.seeAll();
    for (let number = 0; number < 10; number++) {
      engine.beginTransaction();
      await (number % 2 === 0 ? engine.commitTransaction() : engine.abortTransaction());
    }
    expect(seen).toEqual([]);
    await engine.commitRecords(topic, ['b']);
    expect(await committedValues(topic)).toEqual(['a', 'b']);
  });

  it('is aborted by the broker when it is open for longer than its timeout, and the next one succeeds', async () => {
    const topic = await newTopic();
    await using engine = await startEngine({ transactionTimeoutMs: SHORT_TIMEOUT_MS });
    engine.beginTransaction();
    await send(engine, topic, ['never', 'never']);
    await waitFor(async () => (await openPartitions(cluster, topic)).length === 0, { what: 'the timeout' });

    await expect(engine.commitTransaction()).rejects.toThrow(TransactionAbortedError);
    if (engine.transactionalState === 'uninitialized') await engine.initTransactions();
    await engine.commitRecords(topic, ['a', 'b']);
    expect(await committedValues(topic)).toEqual(['a', 'b']);
  });

  it('is ended for the readers when another producer starts with the same transactional id', async () => {
    const topic = await newTopic();
    const transactionalId = uniqueTopic('id');
    await using crashed = await startEngine({}, transactionalId);
    crashed.beginTransaction();
    await send(crashed, topic, ['never', 'never']);

    await using next = await startEngine({}, transactionalId);
    expect(await committedValues(topic)).toEqual([]);
    await next.commitRecords(topic, ['a', 'b']);
    expect(await committedValues(topic)).toEqual(['a', 'b']);
  });

  it('announces its partitions when it follows another one at once, and leaves that to the brokers after a rest', async () => {
    const topic = await newTopic();
    await using fault = await startFaultProxy();
    const watched = await startWatched(fault);
    await using engine = watched.engine;
    await engine.commitRecords(topic, ['a', 'b']);
    await waitFor(() => performance.now() >= engine.restedAt, { what: 'the end of the rest' });
    const rested = watched.seeAll();
    await engine.commitRecords(topic, ['c', 'd']);
    const direct = [...rested];
    expect(direct).toEqual([
      { api: 'Produce', version: expect.any(Number) },
      { api: 'EndTxn', version: 5 },
    ]);
    expect(direct[0]?.version).toBeGreaterThanOrEqual(12);

    const atOnce = watched.seeAll();
    await waitFor(
      async () => {
        atOnce.length = 0;
        await engine.commitRecords(topic, ['e', 'f']);
        return atOnce.some(({ api }) => api === 'AddPartitionsToTxn');
      },
      { what: 'a transaction right behind another one' },
    );
    const versions = atOnce.filter(({ api }) => api === 'AddPartitionsToTxn').map(({ version }) => version);
    expect(new Set(versions)).toEqual(new Set([3]));
    expect(atOnce.slice(versions.length)).toEqual(direct);
  });
});

describe('offsets in a transaction', () => {
  it('are committed with it, or not at all', async () => {
    const topic = await newTopic();
    const groups = [uniqueGroup(), uniqueGroup()] as const;
    await using engine = await startEngine();
    engine.beginTransaction();
    await send(engine, topic, ['a', 'b']);
    for (const groupId of groups) await engine.sendOffsetsToTransaction(offset(topic, '1'), { groupId });
    expect(await committedOffset({ view: cluster }, groups[0], topic, 0)).toBe('-1');
    await engine.commitTransaction();
    engine.beginTransaction();
    for (const groupId of groups) await engine.sendOffsetsToTransaction(offset(topic, '2'), { groupId });
    await engine.abortTransaction();
    await engine.commitRecords(topic, ['c', 'd']);

    expect(await committedValues(topic)).toEqual(['a', 'c', 'b', 'd']);
    for (const groupId of groups) {
      await waitFor(async () => (await committedOffset({ view: cluster }, groupId, topic, 0)) === '1', {
        what: `the offset of ${groupId}`,
      });
    }
  });

  it('are enough for a transaction without records', async () => {
    const topic = await newTopic();
    const groupId = uniqueGroup();
    await using engine = await startEngine();
    for (const value of ['1', '2', '3']) {
      engine.beginTransaction();
      await engine.sendOffsetsToTransaction(offset(topic, value), { groupId });
      await engine.commitTransaction();
    }
    let last = '';
    await waitFor(async () => (last = await committedOffset({ view: cluster }, groupId, topic, 0)) === '3', {
      what: 'the offset',
    });
    expect(last).toBe('3');
  });

  it('are taken from a member of the group, and refused from one that the group has moved on without', async () => {
    const topic = await newTopic();
    await using member = await joinGroup(cluster, topic, uniqueGroup());
    const { groupId, generationId, memberId } = member;
    await using engine = await startEngine();
    engine.beginTransaction();
    await engine.sendOffsetsToTransaction(offset(topic, '1'), { groupId, generationId, memberId });
    await engine.commitTransaction();

    const strangers = [
      { groupId, generationId: generationId - 1, memberId },
      { groupId, generationId, memberId: 'somebody' },
    ];
    for (const stranger of strangers) {
      engine.beginTransaction();
      await send(engine, topic, ['never', 'never']);
      await expect(engine.sendOffsetsToTransaction(offset(topic, '2'), stranger)).rejects.toThrow(CommitFailedError);
      await expect(engine.commitTransaction()).rejects.toThrow(CommitFailedError);
      await engine.abortTransaction();
    }
    await engine.commitRecords(topic, ['a', 'b']);
    expect(await committedValues(topic)).toEqual(['a', 'b']);
    expect(await committedOffset({ view: cluster }, groupId, topic, 0)).toBe('1');
  });
});

describe('a record of a transaction that cannot commit', () => {
  it('fails at once when its broker would have it sent again', async () => {
    const topic = await newTopic();
    await using fault = await startFaultProxy();
    const watched = await startWatched(fault);
    await using engine = watched.engine;
    await engine.commitRecords(topic, ['a', 'b']);
    let release = (): void => undefined;
    const holdUntil = new Promise<void>((resolve) => {
      release = resolve;
    });
    const held = fault.proxy.on({ api: 'Produce', phase: 'request', action: { holdUntil } });
    const refused = fault.proxy.on({ api: 'Produce', phase: 'response', action: { errorCode: 6 } });
    engine.beginTransaction();
    const outcome = engine.send({ topic, partition: 0, value: 'never' }).catch((error: unknown) => error);
    await waitFor(() => held.count > 0, { what: 'the record on its way' });
    await expect(engine.send({ topic, partition: 1, value: Buffer.alloc(2_000_000) })).rejects.toThrow(
      RecordTooLargeError,
    );
    const startedAt = performance.now();
    release();
    expect(await outcome).toBeInstanceOf(TransactionAbortedError);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(refused.count).toBe(1);
    await engine.abortTransaction();
    await engine.commitRecords(topic, ['c', 'd']);
    expect(await committedValues(topic)).toEqual(['a', 'c', 'b', 'd']);
  });
});

describe('the end of a transaction', () => {
  it('comes within maxBlockMs, whatever still waits for an answer', async () => {
    const topic = await newTopic();
    await using fault = await startFaultProxy();
    const transactionalId = uniqueTopic('id');
    const maxBlockMs = 1_000;
    await using engine = await TestTransactionalEngine.start({
      client: { brokers: fault.bootstrapServers },
      transactionalId,
      // One request may take longer than the whole end.
      producer: { maxBlockMs, requestTimeoutMs: 3 * maxBlockMs },
    });
    await engine.commitRecords(topic, ['a', 'b']);
    const mutes = COORDINATOR_APIS.map((api) =>
      fault.proxy.on({ api, phase: 'response', action: 'drop', times: Infinity }),
    );
    engine.beginTransaction();
    const sent = Promise.allSettled([
      engine.send({ topic, partition: 0, value: 'never' }),
      engine.sendOffsetsToTransaction(offset(topic, '1'), { groupId: uniqueGroup() }),
    ]);
    await waitFor(() => mutes.some(({ count }) => count > 0), { what: 'a request without an answer' });
    expect(engine.pendingWork).toContain(`AddPartitionsToTxn for ${transactionalId} (`);
    expect(engine.pendingWork).toContain(`1 batch, the oldest for ${topic}-0 (`);
    const startedAt = performance.now();
    await expect(engine.abortTransaction()).rejects.toThrow(KafkaTimeoutError);
    expect(performance.now() - startedAt).toBeLessThan(maxBlockMs + 1_000);
    await sent;
    for (const mute of mutes) mute.remove();
    await waitFor(() => engine.initTransactions().then(() => true), {
      what: 'a coordinator that answers',
      limitMs: 15_000,
    });
    await engine.commitRecords(topic, ['c', 'd']);
    expect(await committedValues(topic)).toEqual(['a', 'c', 'b', 'd']);
  }, 30_000);
});
