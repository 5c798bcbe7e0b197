import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaClusterView } from '../../lib/testing/kafka-cluster-view.js';
import type { ChainTask, ChainValue } from './chain-app-host.js';
import { ProcessFleet } from './process-fleet.js';
import { TestEngine } from './test-engine.js';

const HOST = new URL('./chain-app-host.ts', import.meta.url);
const PARTITIONS = 6;
const KEYS = 40;
const TICK_MS = 25;
const ASK_AGAIN_AFTER_MS = 250;

export interface ChainRunOptions {
  readonly view: KafkaClusterView;
  readonly name: string;
  readonly members: number;
  /** Records a second that go in. */
  readonly rate: number;
  readonly replicationFactor?: number;
  readonly sessionTimeoutMs?: number;
  /** At the end something more has to come through within this time, until everything is: a loaded machine is slow, but does not stand still. */
  readonly settleMs: number;
}

export interface ChainReport {
  readonly sent: number;
  readonly expected: number;
  /** What a read_committed reader sees at the end of the chain. */
  readonly found: number;
  readonly missing: readonly number[];
  readonly repeated: readonly number[];
  /** Pairs of numbers of one key in the wrong order. */
  readonly disordered: readonly string[];
  /** Where the first numbers that are missing or repeated lie in the three topics, with their producers and times. */
  readonly traces: readonly string[];
}

const TRACED = 20;

/** Departures go through two chained transactional listeners while their processes are killed, paused and started again. */
export class ChainRun {
  public readonly fleet: ProcessFleet;

  private constructor(private readonly options: ChainRunOptions) {
    const { name, sessionTimeoutMs = 6_000, view } = options;
    this.fleet = new ProcessFleet(HOST, (index): ChainTask => ({
      client: view.clientConfig(),
      name,
      index,
      sessionTimeoutMs,
    }));
  }

  public static run(options: ChainRunOptions, disrupt: (fleet: ProcessFleet) => Promise<void>): Promise<ChainReport> {
    return new ChainRun(options).go(disrupt);
  }

  private async go(disrupt: (fleet: ProcessFleet) => Promise<void>): Promise<ChainReport> {
    const { members, name, replicationFactor = 1, settleMs, view } = this.options;
    const configs = replicationFactor > 1 ? { 'min.insync.replicas': '2' } : {};
    for (const part of ['in', 'middle', 'out']) {
      await view.createTopic(`${name}-${part}`, { partitions: PARTITIONS, replicationFactor, configs });
    }
    await using fleet = this.fleet;
    await using engine = await TestEngine.start({ client: view.clientConfig() });
    await Promise.all(Array.from({ length: members }, (_, index) => fleet.start(index)));
    const state = { isOver: false };
    const sending = this.sendUntil(engine, () => state.isOver);
    try {
      await disrupt(fleet);
    } finally {
      state.isOver = true;
    }
    const sent = await sending;
    const expected = Array.from({ length: sent }, (_, number) => number).filter(isLate);
    let found: ChainValue[] = [];
    let distinct = 0;
    let movedAt = performance.now();
    while (distinct < expected.length && performance.now() - movedAt < settleMs) {
      await delay(ASK_AGAIN_AFTER_MS);
      found = await this.alerts();
      const { size } = new Set(found.map(({ number }) => number));
      if (size > distinct) movedAt = performance.now();
      distinct = size;
    }
    if (distinct < expected.length) process.stderr.write(`Nothing more has come through for ${settleMs} ms.\n`);
    const verdict = judge(sent, expected, found);
    return { ...verdict, traces: await this.traces([...verdict.missing, ...verdict.repeated].slice(0, TRACED)) };
  }

  private async sendUntil(engine: TestEngine, isOver: () => boolean): Promise<number> {
    const { name, rate } = this.options;
    const sends: Promise<unknown>[] = [];
    let number = 0;
    while (!isOver()) {
      for (let index = 0; index < (rate * TICK_MS) / 1_000; index++) {
        const value: ChainValue = { number, delay: number % 4 };
        sends.push(engine.send({ topic: `${name}-in`, key: keyOf(number), value: JSON.stringify(value) }));
        number++;
      }
      await delay(TICK_MS);
    }
    await Promise.all(sends);
    return number;
  }

  private async traces(numbers: readonly number[]): Promise<string[]> {
    if (numbers.length === 0) return [];
    const { name, view } = this.options;
    const traces: string[] = [];
    for (const part of ['in', 'middle', 'out']) {
      for (const record of await view.readTopic(`${name}-${part}`, { isolation: 'read_committed' })) {
        const { number } = JSON.parse(String(record.value)) as ChainValue;
        if (!numbers.includes(number)) continue;
        const { offset, partition, producerEpoch, producerId, sequence, timestamp } = record;
        const producer = `producer ${producerId}/${producerEpoch} sequence ${sequence}`;
        traces.push(`${number}: ${part}-${partition}@${offset} ${producer} ${new Date(timestamp).toISOString()}`);
      }
    }
    return traces.sort();
  }

  private async alerts(): Promise<ChainValue[]> {
    const { name, view } = this.options;
    const records = await view.readTopic(`${name}-out`, { isolation: 'read_committed' });
    return records.map(({ value }) => JSON.parse(String(value)) as ChainValue);
  }
}

function keyOf(number: number): string {
  return `gate ${number % KEYS}`;
}

function isLate(number: number): boolean {
  return number % 4 !== 0;
}

function judge(sent: number, expected: readonly number[], found: readonly ChainValue[]): Omit<ChainReport, 'traces'> {
  const counts = new Map<number, number>();
  const last = new Map<string, number>();
  const disordered: string[] = [];
  for (const { number } of found) {
    counts.set(number, (counts.get(number) ?? 0) + 1);
    const key = keyOf(number);
    const before = last.get(key) ?? -1;
    if (before > number) disordered.push(`${key}: ${before}, ${number}`);
    last.set(key, number);
  }
  return {
    sent,
    expected: expected.length,
    found: found.length,
    missing: expected.filter((number) => !counts.has(number)),
    repeated: [...counts].filter(([, count]) => count > 1).map(([number]) => number),
    disordered,
  };
}
