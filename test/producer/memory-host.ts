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
  /** The broker's process is gone, and with it the connection. */
  readonly losesConnection: boolean;
}

export interface MemoryReport {
  readonly offered: number;
  readonly acknowledged: number;
  /** Failed at once. */
  readonly refused: number;
  /** Failed later. */
  readonly waited: number;
  /** Of these, before `maxBlockMs`. */
  readonly failedEarly: number;
  readonly failures: Record<string, number>;
  /** The most that resident memory was above its size before the sends. */
  readonly growthBytes: number;
}

const SENDS_PER_TURN = 1_000;
/** Two clocks are compared, one of them in whole milliseconds. */
const CLOCK_DIFFERENCE_MS = 5;

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
/** Of the event loop. */
let turn = 0;
let refused = 0;
let waited = 0;
let failedEarly = 0;
const failures: Record<string, number> = {};

/** For all sends of this turn: one function for many, so that the counting itself takes no memory. */
function failuresFromNow(): (error: Error) => void {
  const offeredIn = turn;
  const offeredAt = performance.now();
  return (error) => {
    failures[error.name] = (failures[error.name] ?? 0) + 1;
    if (turn === offeredIn) refused++;
    else waited++;
    if (turn !== offeredIn && performance.now() - offeredAt < maxBlockMs - CLOCK_DIFFERENCE_MS) failedEarly++;
  };
}

async function offer(): Promise<MemoryReport> {
  Reflect.get(globalThis, 'gc')?.();
  const before = process.memoryUsage.rss();
  let highest = before;
  const startedAt = performance.now();
  for (let sent = 0; sent < count; sent += SENDS_PER_TURN) {
    const onFailed = failuresFromNow();
    for (let index = sent; index < Math.min(count, sent + SENDS_PER_TURN); index++) {
      const value = `${padding}${String(index).padStart(8, '0')}`;
      engine.send({ topic, value }).then(() => acknowledged++, onFailed);
    }
    await new Promise((resolve) => setImmediate(resolve));
    turn++;
    highest = Math.max(highest, process.memoryUsage.rss());
  }
  while (performance.now() - startedAt < maxBlockMs + 1_000) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    highest = Math.max(highest, process.memoryUsage.rss());
  }
  return report(highest - before);
}

function report(growthBytes: number): MemoryReport {
  return { offered: count + 1, acknowledged, refused, waited, failedEarly, failures, growthBytes };
}

process.send?.('started');
await once(process, 'message');
if (task.losesConnection) {
  await waitUntil('the end of the connection', 10_000, () => engine.status().connectedBrokers === 0);
}
process.send?.(await offer());
await once(process, 'message');
await engine.flush();
process.send?.(report(0));
await engine.close(1_000);
