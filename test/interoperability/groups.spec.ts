import { describe, expect, it } from '@jest/globals';
import { sharedCluster, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { runJavaTool, TOOL_LIMIT_MS } from '../support/java-tool.js';
import { TestEngine } from '../support/test-engine.js';
import { TestListener } from '../support/test-listener.js';
import { TestTransactionalEngine } from '../support/test-transactional-engine.js';
import { JavaClient } from './java-client.js';

const LIMIT_MS = 150_000;
const WAIT_MS = 60_000;
const cluster = sharedCluster();
const client = cluster.clientConfig();

async function newTopic(partitions: number): Promise<string> {
  const topic = uniqueTopic('shared-group');
  await cluster.createTopic(topic, { partitions });
  return topic;
}

/** `first` and the following numbers, keyed by themselves. */
async function produce(topic: string, count: number, first = 0): Promise<void> {
  await using engine = await TestEngine.start({ client });
  const values = Array.from({ length: count }, (_, index) => String(first + index));
  await Promise.all(values.map((value) => engine.send({ topic, key: value, value })));
}

/** Handles records of a group until there are `count`, or no more, and stops, whatever is waiting. */
async function consumeByUs(topic: string, groupId: string, count = Infinity): Promise<number[]> {
  const handled: number[] = [];
  let goOn = (): void => undefined;
  const closing = new Promise<void>((resolve) => (goOn = resolve));
  const listener = await TestListener.start({
    client,
    groupId,
    topics: [topic],
    handler: async ({ records: [record] }) => {
      handled.push(Number(record?.value));
      // What is in a handler by then is handled to its end.
      if (handled.length >= count) await closing;
    },
  });
  const isDone = (): boolean => handled.length >= count || (listener.partitions.length > 0 && listener.lag === 0);
  await waitFor(isDone, { what: 'the records for this library', limitMs: WAIT_MS });
  const closed = listener.container.close(10_000);
  goOn();
  await closed;
  return handled;
}

/** Kafka's console consumer as a member of the group; it commits what it has printed. */
async function consumeByConsole(topic: string, groupId: string, count: number): Promise<number[]> {
  const options = { topic, group: groupId, 'max-messages': count, 'timeout-ms': TOOL_LIMIT_MS };
  const { stderr, stdout } = await runJavaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', options, {
    // Where nothing is committed, as with all members of this group.
    flags: ['from-beginning'],
  });
  expect(stderr).toContain(`Processed a total of ${count} messages`);
  return stdout.trim().split('\n').map(Number);
}

/** kafkajs as a member of the group; it commits each batch before it takes the next. */
async function consumeByKafkaJs(topic: string, groupId: string, atLeast: number): Promise<number[]> {
  const handled: number[] = [];
  const consumer = cluster.kafkaJs().consumer({ groupId, maxWaitTimeInMs: 100, maxBytesPerPartition: 1_000 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { messages, partition } }) => {
        if (handled.length >= atLeast) return;
        handled.push(...messages.map(({ value }) => Number(value)));
        const next = Number(messages.at(-1)?.offset) + 1;
        await consumer.commitOffsets([{ topic, partition, offset: String(next) }]);
      },
    });
    await waitFor(() => handled.length >= atLeast, { what: `${atLeast} records by kafkajs`, limitMs: WAIT_MS });
  } finally {
    await consumer.disconnect();
  }
  return handled;
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, value) => value);
}

function inOrder(values: Iterable<number>): number[] {
  return [...values].sort((left, right) => left - right);
}

describe('a group', () => {
  it(
    'passes from this library to Kafka’s console consumer, back, to kafkajs and back: nothing is skipped or repeated',
    async () => {
      const topic = await newTopic(3);
      const groupId = uniqueGroup();
      await produce(topic, 2_000);
      const handled = [
        await consumeByUs(topic, groupId, 300),
        await consumeByConsole(topic, groupId, 333),
        await consumeByUs(topic, groupId, 300),
        await consumeByKafkaJs(topic, groupId, 100),
      ];
      // Each has stopped in the middle.
      expect(handled.flat().length).toBeLessThan(2_000);
      handled.push(await consumeByUs(topic, groupId));
      expect(inOrder(handled.flat())).toEqual(numbers(2_000));

      const described = await runJavaTool(
        'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
        { group: groupId },
        { flags: ['describe'] },
      );
      const rows = described.stdout.split('\n').filter((line) => line.includes(topic));
      const ends = (await cluster.committedOffsets(groupId, topic)).map(({ offset }) => offset);
      expect(ends.reduce((total, end) => total + Number(end), 0)).toBe(2_000);
      // GROUP, TOPIC, PARTITION, CURRENT-OFFSET, LOG-END-OFFSET, LAG
      const columns = rows.map((row) => row.trim().split(/\s+/).slice(2, 6).join(' '));
      expect(columns.toSorted()).toEqual(ends.map((end, partition) => `${partition} ${end} ${end} 0`));
    },
    LIMIT_MS,
  );

  it(
    'has members of this library and of Java at the same time, which share its partitions',
    async () => {
      await using java = await JavaClient.start();
      const topic = await newTopic(4);
      const groupId = uniqueGroup();
      const handled: number[] = [];
      await using listener = await TestListener.start({
        client,
        groupId,
        topics: [topic],
        handler: ({ records }) => {
          handled.push(...records.map(({ value }) => Number(value)));
        },
      });
      await waitFor(() => listener.partitions.length === 4, { what: 'all partitions' });
      await produce(topic, 400);
      await waitFor(() => handled.length === 400, { what: 'the first records' });
      const consumed = java.consume(topic, groupId, 2_000);
      await waitFor(() => listener.partitions.length === 2, { what: 'two partitions each', limitMs: WAIT_MS });
      await produce(topic, 400, 400);
      const theirs = (await consumed).map(({ value }) => Number(value));
      await waitFor(() => listener.partitions.length === 4, { what: 'all partitions again', limitMs: WAIT_MS });
      await produce(topic, 400, 800);
      await waitFor(() => handled.length + theirs.length >= 1_200, { what: 'the last records' });
      expect(theirs.length).toBeGreaterThan(50);
      expect(inOrder([...handled, ...theirs])).toEqual(numbers(1_200));
    },
    LIMIT_MS,
  );

  it(
    'goes on in Java behind the offsets of a committed transaction of this library, and not behind an aborted one',
    async () => {
      await using java = await JavaClient.start();
      const topic = await newTopic(1);
      const groupId = uniqueGroup();
      await produce(topic, 10);
      await using engine = await TestTransactionalEngine.start({ client, transactionalId: topic });
      const group = { groupId, generationId: -1, memberId: '', groupInstanceId: null };
      engine.beginTransaction();
      await engine.sendOffsetsToTransaction([{ topic, partition: 0, offset: '4' }], group);
      await engine.commitTransaction();
      engine.beginTransaction();
      await engine.sendOffsetsToTransaction([{ topic, partition: 0, offset: '8' }], group);
      await engine.abortTransaction();
      const theirs = await java.consume(topic, groupId, 1_000);
      expect(theirs.map(({ value }) => Number(value))).toEqual([4, 5, 6, 7, 8, 9]);
    },
    LIMIT_MS,
  );

  it(
    'refuses a member of kafkajs while one of this library runs, which is not disturbed',
    async () => {
      const topic = await newTopic(2);
      const groupId = uniqueGroup();
      const handled: number[] = [];
      await using listener = await TestListener.start({
        client,
        groupId,
        topics: [topic],
        handler: ({ records }) => {
          handled.push(...records.map(({ value }) => Number(value)));
        },
      });
      await waitFor(() => listener.partitions.length === 2, { what: 'all partitions' });
      const consumer = cluster
        .kafkaJs()
        .consumer({ groupId, retry: { retries: 0, restartOnFailure: async () => false } });
      const crash = new Promise<Error>((resolve) => {
        consumer.on(consumer.events.CRASH, ({ payload: { error } }) => resolve(error));
      });
      await consumer.connect();
      await consumer.subscribe({ topic });
      await consumer.run({ eachMessage: () => Promise.reject(new Error('not expected')) });
      expect((await crash).message).toMatch(/protocol type|supported protocols/);
      await consumer.disconnect();
      await produce(topic, 100);
      await waitFor(() => handled.length >= 100, { what: 'the records' });
      expect(inOrder(handled)).toEqual(numbers(100));
      expect(listener.container.listeners[0]?.status().state).toBe('running');
    },
    LIMIT_MS,
  );
});
