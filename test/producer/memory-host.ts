import { once } from 'node:events';
import { waitUntil } from '../../lib/testing/index.js';
import { TestEngine } from '../support/test-engine.js';

export interface MemoryTask {
  readonly brokers: string[];
  readonly topic: string;
  readonly bufferMemory: number;
  readonly maxBlockMs: number;
  readonly offeredBytes: number;
  readonly valueBytes: number;
}

export interface MemoryReport {
  readonly offered: number;
  readonly acknowledged: number;
  readonly failed: number;
  readonly failures: Record<string, number>;
  /** The most that resident memory was above its size before the sends. */
  readonly growthBytes: number;
  /** Milliseconds from the first send to the first failure. */
  readonly firstFailureMs: number;
}

const SENDS_PER_TURN = 1_000;

/**
 * A process of its own, because resident memory belongs to a process: starts a producer, then, when told to `offer`, sends without
 * awaiting as fast as it can and reports when `maxBlockMs` is over for all; when told to `deliver`, reports when nothing is open.
 */
const task: MemoryTask = JSON.parse(process.argv[2] ?? '{}');
const { bufferMemory, maxBlockMs, topic } = task;
const engine = await TestEngine.start({ client: { brokers: task.brokers }, producer: { bufferMemory, maxBlockMs } });
const padding = 'x'.repeat(task.valueBytes - 8);
process.once('disconnect', () => process.exit());
await engine.send({ topic, value: null });

const count = Math.floor(task.offeredBytes / task.valueBytes);
let acknowledged = 1;
let failed = 0;
let failures: Record<string, number> = {};
let firstFailureMs = -1;

async function offer(): Promise<MemoryReport> {
  Reflect.get(globalThis, 'gc')?.();
  const before = process.memoryUsage.rss();
  let highest = before;
  const startedAt = performance.now();
  for (let sent = 0; sent < count; sent++) {
    engine.send({ topic, value: `${padding}${String(sent).padStart(8, '0')}` }).then(
      () => acknowledged++,
      (error: Error) => {
        failed++;
        failures[error.name] = (failures[error.name] ?? 0) + 1;
        if (firstFailureMs < 0) firstFailureMs = performance.now() - startedAt;
      },
    );
    if (sent % SENDS_PER_TURN !== 0) continue;
    await new Promise((resolve) => setImmediate(resolve));
    highest = Math.max(highest, process.memoryUsage.rss());
  }
  while (performance.now() - startedAt < maxBlockMs + 1_000) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    highest = Math.max(highest, process.memoryUsage.rss());
  }
  return report(highest - before);
}

function report(growthBytes: number): MemoryReport {
  return { offered: count + 1, acknowledged, failed, failures, growthBytes, firstFailureMs };
}

process.send?.('started');
await once(process, 'message');
await waitUntil('the end of the connection', 10_000, () => engine.status().connectedBrokers === 0);
process.send?.(await offer());
await once(process, 'message');
await engine.flush();
process.send?.(report(0));
await engine.close(1_000);
