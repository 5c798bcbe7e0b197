import { describe, expect, it } from '@jest/globals';
import { BufferExhaustedError } from '../../lib/producer/errors.js';
import { KafkaTestCluster } from '../../lib/testing/index.js';
import { sharedCluster, startFaultProxy, uniqueTopic, waitFor } from '../support/broker.js';
import { DeliveryCheck } from '../support/delivery-check.js';
import { violations } from '../support/delivery-report.js';
import { createRandom } from '../support/random.js';
import { disconnectAndWait, forkTypescript, nextMessage } from '../support/run-typescript.js';
import { TestEngine } from '../support/test-engine.js';
import type { MemoryReport, MemoryTask } from './memory-host.js';

const KIB = 1_024;
const MIB = 1_024 * KIB;
const BUFFER_MEMORY = 256 * KIB;
const MAX_BLOCK_MS = 700;
const LIMIT_MS = 60_000;
/** Longer than the offer takes: what fails leaves objects behind, which the heap collects when it sees fit, and others wait in its place. */
const MEMORY_MAX_BLOCK_MS = 6_000;

describe('bufferMemory', () => {
  it(
    'makes sends wait, then fail after maxBlockMs; what was accepted is delivered when the broker is back',
    async () => {
      const cluster = sharedCluster();
      const topic = uniqueTopic('buffer');
      await cluster.createTopic(topic, { partitions: 3 });
      await using fault = await startFaultProxy();
      await using engine = await TestEngine.start({
        client: { brokers: fault.bootstrapServers },
        producer: { bufferMemory: BUFFER_MEMORY, maxBlockMs: MAX_BLOCK_MS, requestTimeoutMs: 5_000 },
      });
      const check = new DeliveryCheck({ topic, random: createRandom() });
      await check.send(engine, 0);
      fault.proxy.isolate();
      const startedAt = performance.now();
      const sends = Array.from({ length: 1_000 }, (_, n) =>
        check.send(engine, n % 8, { key: `key-${n % 20}`, valueBytes: KIB }),
      );

      expect(engine.metrics()['buffer-available-bytes']).toBeLessThan(17 * KIB);
      const refused = engine.send({ topic, value: 'one too many' });
      await expect(refused).rejects.toBeInstanceOf(BufferExhaustedError);
      await expect(refused).rejects.toMatchObject({ retriable: true, topic });
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(MAX_BLOCK_MS - 5);
      expect(performance.now() - startedAt).toBeLessThan(MAX_BLOCK_MS + 2_000);
      await fault.proxy.heal();
      await Promise.all(sends);

      const report = await check.verify(cluster);
      expect(violations(report, { mayFail: ['BufferExhaustedError'] })).toEqual([]);
      expect(report.failed).toBeGreaterThan(0);
      expect(report.acknowledged).toBeGreaterThan(BUFFER_MEMORY / KIB / 2);
      expect(report.storedThoughFailed).toBe(0);
      expect(engine.metrics()['buffer-available-bytes']).toBe(BUFFER_MEMORY);
    },
    LIMIT_MS,
  );

  it(
    'fails at once with maxBlockMs 0',
    async () => {
      const cluster = sharedCluster();
      const topic = uniqueTopic('buffer');
      await cluster.createTopic(topic);
      await using fault = await startFaultProxy();
      const engine = await TestEngine.start({
        client: { brokers: fault.bootstrapServers },
        producer: { bufferMemory: 64 * KIB, batchSize: 16 * KIB, maxBlockMs: 0 },
      });
      await waitUntilKnown(engine, topic);
      fault.proxy.isolate();
      const outcomes = Promise.allSettled(
        Array.from({ length: 200 }, () => engine.send({ topic, value: Buffer.alloc(KIB) })),
      );
      const startedAt = performance.now();
      await expect(engine.send({ topic, value: Buffer.alloc(KIB) })).rejects.toBeInstanceOf(BufferExhaustedError);
      expect(performance.now() - startedAt).toBeLessThan(1_000);
      await engine.close(0);
      await outcomes;
    },
    LIMIT_MS,
  );

  it(
    'lets senders go on in their order as soon as there is room',
    async () => {
      const cluster = sharedCluster();
      const topic = uniqueTopic('buffer');
      await cluster.createTopic(topic, { partitions: 3 });
      await using engine = await TestEngine.start({
        client: cluster.clientConfig(),
        producer: { bufferMemory: 64 * KIB, lingerMs: 1_000 },
      });
      const check = new DeliveryCheck({ topic, random: createRandom() });
      const startedAt = performance.now();
      await Promise.all(
        Array.from({ length: 3_000 }, (_, n) => check.send(engine, n % 8, { key: `key-${n % 20}`, valueBytes: 500 })),
      );
      expect(performance.now() - startedAt).toBeLessThan(15_000);
      const report = await check.verify(cluster);
      expect(violations(report)).toEqual([]);
    },
    LIMIT_MS,
  );

  it.each([
    ['killed', KIB],
    ['killed', 100],
    ['paused', KIB],
    ['paused', 100],
  ] as const)(
    'bounds the memory of a process that goes on sending while the broker is %s (values of %d bytes)',
    async (state, valueBytes) => {
      await using cluster = await KafkaTestCluster.start({ bootstrapServers: [] });
      const topic = 'memory';
      await cluster.createTopic(topic, { partitions: 6 });
      const bufferMemory = 32 * MIB;
      const task: MemoryTask = {
        brokers: cluster.bootstrapServers(),
        topic,
        bufferMemory,
        maxBlockMs: MEMORY_MAX_BLOCK_MS,
        offeredBytes: 100 * MIB,
        valueBytes,
        losesConnection: state === 'killed',
      };
      const broker = cluster.broker(1);
      const child = forkTypescript(new URL('./memory-host.ts', import.meta.url), [JSON.stringify(task)]);
      try {
        expect(await nextMessage(child)).toBe('started');
        await (state === 'killed' ? broker.kill() : broker.pause());
        child.send('offer');
        const report = (await nextMessage(child)) as MemoryReport;
        process.stderr.write(
          `${state}, ${valueBytes} B values: the process grew by ${Math.round(report.growthBytes / MIB)} MiB, ` +
            `${report.waited} sends waited, ${report.refused} were refused at once\n`,
        );
        expect(report.growthBytes).toBeLessThan(bufferMemory + 64 * MIB);
        expect(Object.keys(report.failures)).toEqual(['BufferExhaustedError']);
        // 24 MiB of records with their objects wait, and none fails before its time.
        expect(report.waited).toBeGreaterThan((24 * MIB) / (valueBytes + 512));
        expect(report.failedEarly).toBe(0);

        await (state === 'killed' ? broker.restart() : broker.resume());
        child.send('deliver');
        const delivered = (await nextMessage(child)) as MemoryReport;
        expect(delivered.acknowledged + delivered.refused + delivered.waited).toBe(delivered.offered);
        expect(delivered.acknowledged).toBeGreaterThan(bufferMemory / (valueBytes + KIB) / 2);
        expect([delivered.refused, delivered.waited]).toEqual([report.refused, report.waited]);
        let stored = 0;
        await cluster.visitTopic(topic, () => stored++);
        expect(stored).toBe(delivered.acknowledged);
      } finally {
        await disconnectAndWait(child);
      }
    },
    LIMIT_MS,
  );

  it(
    'refuses nothing of a burst of 200 000 sends that nobody awaits while the broker is well',
    async () => {
      const cluster = sharedCluster();
      const topic = uniqueTopic('burst');
      await cluster.createTopic(topic, { partitions: 3 });
      await using engine = await TestEngine.start({ client: cluster.clientConfig() });
      await engine.send({ topic, value: null });
      const value = Buffer.alloc(100, 'v');
      const offsets = await Promise.all(Array.from({ length: 200_000 }, () => engine.send({ topic, value })));
      expect(new Set(offsets.map(({ partition, offset }) => `${partition}-${offset}`)).size).toBe(200_000);
      expect(engine.metrics()['record-error-total']).toBe(0);
    },
    LIMIT_MS,
  );
});

/** Records are refused while their topic is not known, without any waiting. */
async function waitUntilKnown(engine: TestEngine, topic: string): Promise<void> {
  const isKnown = (): Promise<boolean> =>
    engine.send({ topic, value: 'known?' }).then(
      () => true,
      () => false,
    );
  await waitFor(isKnown, { what: `topic ${topic} to be known` });
}
