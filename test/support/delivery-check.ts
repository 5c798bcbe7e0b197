import { setTimeout as delay } from 'node:timers/promises';
import type { ProducerEngineApi } from '../../lib/producer/producer-engine-api.js';
import type { RecordMetadata } from '../../lib/producer/record.js';
import type { KafkaClusterView, StoredRecord } from '../../lib/testing/index.js';
import { waitUntil } from '../../lib/testing/wait-until.js';
import type { DeliveryReport } from './delivery-report.js';
import type { Random } from './random.js';

const TEXT_LENGTH = 2_048;
const NO_OFFSET = '-1';
const PROGRESS_LIMIT_MS = 60_000;
const MAX_PAUSE_MS = 20;
const VISIBLE_LIMIT_MS = 5_000;

export interface DeliveryCheckOptions {
  readonly topic: string;
  readonly random: Random;
  /** Concurrent callers. Default 8. */
  readonly callers?: number;
  /** Keys, shared by all callers; half of the records have none. Default 24. */
  readonly keys?: number;
  /** How many of 100 records have no key. Default 50. */
  readonly keylessPercent?: number;
  /** Records per second of all callers together, about. Default 3000. */
  readonly rate?: number;
  /** Unanswered sends a caller may have. Default 5000. */
  readonly window?: number;
  /** Bytes of the longest value, about. Default 200. */
  readonly maxValueBytes?: number;
}

let checks = 0;

/** One record sent, and what became of it. */
interface SentRecord {
  readonly caller: number;
  /** Counts the caller's records. */
  readonly counter: number;
  /** Counts all sends of the check: the order of the calls. */
  readonly order: number;
  readonly key: string | null;
  readonly value: string;
  readonly sentAt: number;
  outcome: 'none' | 'acknowledged' | 'failed';
  partition: number;
  offset: string;
  storedTimes: number;
}

/**
 * Sends records from several concurrent callers, keyed and keyless, by promise and by callback, and compares every outcome with what
 * the topic holds afterwards. The values are unique, so every stored record leads back to one send.
 */
export class DeliveryCheck {
  private readonly options: Required<DeliveryCheckOptions>;
  /** Tells the records of several checks on one topic apart. */
  private readonly id = ++checks;
  private readonly text: string;
  private readonly sent: SentRecord[] = [];
  private readonly counters: number[] = [];
  private readonly failures: Record<string, number> = {};
  private readonly reportedTwice: string[] = [];
  private readonly lastCallback = new Map<number, number>();
  private callbacksOutOfOrder = 0;
  private acknowledged = 0;
  private reported = 0;
  private slowestMs = 0;
  private withoutOffset = 0;
  private stopping = false;

  public constructor(options: DeliveryCheckOptions) {
    this.options = {
      callers: 8,
      keys: 24,
      keylessPercent: 50,
      rate: 3_000,
      window: 5_000,
      maxValueBytes: 200,
      ...options,
    };
    this.text = options.random.bytes(TEXT_LENGTH / 2).toString('hex');
  }

  public get acknowledgedCount(): number {
    return this.acknowledged;
  }

  public get sentCount(): number {
    return this.sent.length;
  }

  /**
   * Keeps the load up while `faults` runs; begins it when records are flowing, and goes on afterwards until they flow again. Resolves when
   * every send has an outcome, or none has come for `limitMs`.
   */
  public async underLoad(engine: ProducerEngineApi, faults: () => Promise<unknown>, limitMs = 60_000): Promise<void> {
    this.stopping = false;
    let stop: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const callers = Array.from({ length: this.options.callers }, (_, caller) => this.call(engine, caller, stopped));
    try {
      await this.progress(200);
      await faults();
      await this.progress(500);
    } finally {
      this.stopping = true;
      stop();
      await Promise.all(callers);
    }
    await this.settled(limitMs);
  }

  /** Waits until so many more records have been acknowledged. */
  public async progress(records: number, limitMs = PROGRESS_LIMIT_MS): Promise<void> {
    const goal = this.acknowledged + records;
    await waitUntil(`${records} more acknowledged records`, limitMs, () => this.acknowledged >= goal, 10);
  }

  /** Waits until every send so far has an outcome, but not longer than the limit: the report shows those that have none. */
  public async settled(limitMs = 60_000): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (this.reported < this.sent.length && Date.now() < deadline) await delay(10);
  }

  /** One record; its outcome is recorded. Never rejects. */
  public async send(
    engine: ProducerEngineApi,
    caller: number,
    options: { readonly key?: string | null; readonly partition?: number; readonly valueBytes?: number } = {},
  ): Promise<void> {
    const record = this.newRecord(caller, options.key, options.valueBytes);
    const { key, value } = record;
    const { partition } = options;
    try {
      this.succeeded(record, await engine.send({ topic: this.options.topic, key, value, partition }));
    } catch (error) {
      this.failed(record, error);
    }
  }

  /** Reads the topic and compares. */
  public async verify(cluster: KafkaClusterView): Promise<DeliveryReport> {
    const { topic, random } = this.options;
    const found = { duplicated: [] as string[], misplaced: [] as string[], foreign: [] as string[] };
    const order = new StoredOrder();
    let stored = 0;
    await this.visible(cluster);
    await cluster.visitTopic(topic, (storedRecord) => {
      stored++;
      const record = this.recordOf(storedRecord);
      if (record === undefined) {
        found.foreign.push(`${placeOf(storedRecord)} holds ${String(storedRecord.value?.toString().slice(0, 40))}`);
        return;
      }
      record.storedTimes++;
      if (record.storedTimes > 1) {
        const acknowledged =
          record.offset === '' ? record.outcome : `acknowledged at ${record.partition}@${record.offset}`;
        const { producerEpoch, sequence } = storedRecord;
        found.duplicated.push(
          `${nameOf(record)} again at ${placeOf(storedRecord)} (epoch ${producerEpoch}, sequence ${sequence}), ${acknowledged}`,
        );
        return;
      }
      if (isMisplaced(record, storedRecord)) {
        found.misplaced.push(
          `${nameOf(record)} at ${placeOf(storedRecord)}, acknowledged at ${record.partition}@${record.offset}`,
        );
      }
      order.add(record, storedRecord);
    });
    const missing = (record: SentRecord): boolean => record.outcome === 'acknowledged' && record.storedTimes === 0;
    return {
      seed: random.seed,
      sent: this.sent.length,
      acknowledged: this.acknowledged,
      failed: this.reported - this.acknowledged,
      stored,
      failures: { ...this.failures },
      slowestMs: this.slowestMs,
      withoutOffset: this.withoutOffset,
      storedThoughFailed: this.sent.filter((r) => r.outcome === 'failed' && r.storedTimes > 0).length,
      callbacksOutOfOrder: this.callbacksOutOfOrder,
      findings: {
        ...found,
        lost: this.sent.filter(missing).map((r) => `${nameOf(r)} acknowledged at ${r.partition}@${r.offset}`),
        disordered: order.violations,
        unreported: this.sent.filter(({ outcome }) => outcome === 'none').map(nameOf),
        reportedTwice: this.reportedTwice,
      },
    };
  }

  /** With acks=1 a record is acknowledged before it can be read. What never becomes visible is found missing afterwards. */
  private async visible(cluster: KafkaClusterView): Promise<void> {
    const highest = new Map<number, number>();
    for (const { partition, offset } of this.sent) {
      if (partition >= 0) highest.set(partition, Math.max(highest.get(partition) ?? -1, Number(offset)));
    }
    const admin = cluster.kafkaJs().admin();
    await admin.connect();
    try {
      for (const deadline = Date.now() + VISIBLE_LIMIT_MS; Date.now() < deadline; await delay(20)) {
        const ends = await admin.fetchTopicOffsets(this.options.topic);
        if (ends.every(({ partition, high }) => Number(high) > (highest.get(partition) ?? -1))) return;
      }
    } finally {
      await admin.disconnect();
    }
  }

  /** Every fourth caller awaits each send; the others send bursts, and wait only when too much is unanswered. */
  private async call(engine: ProducerEngineApi, caller: number, stopped: Promise<void>): Promise<void> {
    const { callers, keylessPercent, keys, random, rate, window } = this.options;
    const awaitsEach = caller % 4 === 3;
    const maxBurst = Math.max(1, Math.round((rate / callers / 1_000) * MAX_PAUSE_MS));
    let unanswered = 0;
    while (!this.stopping) {
      const burst = awaitsEach ? 1 : Math.min(random.integer(1, maxBurst), window - unanswered);
      let last: Promise<void> = Promise.resolve();
      for (let i = 0; i < burst; i++) {
        const key = random.integer(1, 100) > keylessPercent ? `key-${random.integer(1, keys)}` : null;
        const byCallback = random.integer(0, 1) === 1;
        last = byCallback ? this.sendWithCallback(engine, caller, key) : this.send(engine, caller, { key });
        unanswered++;
        void last.finally(() => unanswered--);
      }
      await (awaitsEach ? Promise.race([last, stopped]) : delay(random.integer(1, MAX_PAUSE_MS)));
    }
  }

  private sendWithCallback(engine: ProducerEngineApi, caller: number, key: string | null): Promise<void> {
    const record = this.newRecord(caller, key);
    return new Promise((resolve) => {
      engine.sendWithCallback({ topic: this.options.topic, key, value: record.value }, (error, metadata) => {
        if (error === null) {
          this.noteCallback(record, metadata.partition);
          this.succeeded(record, metadata);
        } else this.failed(record, error);
        resolve();
      });
    });
  }

  private noteCallback({ order }: SentRecord, partition: number): void {
    if (order < (this.lastCallback.get(partition) ?? -1)) this.callbacksOutOfOrder++;
    this.lastCallback.set(partition, order);
  }

  private newRecord(caller: number, key: string | null = null, valueBytes?: number): SentRecord {
    const counter = this.counters[caller] ?? 0;
    this.counters[caller] = counter + 1;
    const order = this.sent.length;
    const length = valueBytes ?? this.options.random.integer(0, this.options.maxValueBytes);
    const from = order % TEXT_LENGTH;
    const padding = this.text.repeat(1 + Math.ceil(length / TEXT_LENGTH)).slice(from, from + length);
    const value = `${this.id}|${order}|${caller}|${counter}|${padding}`;
    const record: SentRecord = {
      caller,
      counter,
      order,
      key,
      value,
      sentAt: Date.now(),
      outcome: 'none',
      partition: -1,
      offset: '',
      storedTimes: 0,
    };
    this.sent.push(record);
    return record;
  }

  private succeeded(record: SentRecord, { partition, offset }: RecordMetadata): void {
    if (!this.report(record, `acknowledged at ${partition}@${offset}`)) return;
    record.outcome = 'acknowledged';
    record.partition = partition;
    record.offset = offset;
    this.acknowledged++;
    if (offset === NO_OFFSET) this.withoutOffset++;
  }

  private failed(record: SentRecord, error: unknown): void {
    const name = error instanceof Error ? error.name : String(error);
    if (!this.report(record, name)) return;
    record.outcome = 'failed';
    if (this.failures[name] === undefined && error instanceof Error) {
      process.stderr.write(`first ${name} (seed ${this.options.random.seed}): ${error.message}\n`);
    }
    this.failures[name] = (this.failures[name] ?? 0) + 1;
  }

  private report(record: SentRecord, outcome: string): boolean {
    this.slowestMs = Math.max(this.slowestMs, Date.now() - record.sentAt);
    if (record.outcome !== 'none') {
      this.reportedTwice.push(`${nameOf(record)} ${record.outcome}, then ${outcome}`);
      return false;
    }
    this.reported++;
    return true;
  }

  private recordOf({ key, value }: StoredRecord): SentRecord | undefined {
    const text = value?.toString() ?? '';
    const record = this.sent[Number(text.split('|', 2)[1])];
    return record !== undefined && record.value === text && record.key === (key?.toString() ?? null)
      ? record
      : undefined;
  }
}

/** Follows the order in which the records of a key, and of a caller in a partition, are stored. */
class StoredOrder {
  public readonly violations: string[] = [];
  private readonly byKey = new Map<string, SentRecord>();
  private readonly byCaller = new Map<string, SentRecord>();

  public add(record: SentRecord, stored: StoredRecord): void {
    if (record.key !== null) this.follow(this.byKey, record.key, record, stored);
    this.follow(this.byCaller, `caller ${record.caller} in partition ${stored.partition}`, record, stored);
  }

  private follow(last: Map<string, SentRecord>, what: string, record: SentRecord, stored: StoredRecord): void {
    const before = last.get(what);
    if (before !== undefined && before.order > record.order) {
      this.violations.push(`${what}: ${nameOf(record)} at ${placeOf(stored)} after ${nameOf(before)}`);
      return;
    }
    last.set(what, record);
  }
}

function isMisplaced(record: SentRecord, stored: StoredRecord): boolean {
  if (record.outcome !== 'acknowledged') return false;
  return record.partition !== stored.partition || (record.offset !== NO_OFFSET && record.offset !== stored.offset);
}

function nameOf({ order, caller, counter, outcome }: SentRecord): string {
  return `#${order} (caller ${caller}, record ${counter}, ${outcome})`;
}

function placeOf({ partition, offset }: StoredRecord): string {
  return `${partition}@${offset}`;
}
