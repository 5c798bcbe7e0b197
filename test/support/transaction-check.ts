import type { KafkaClusterView, StoredRecord } from '../../lib/testing/index.js';
import { waitUntil } from '../../lib/testing/index.js';
import { openPartitions } from './open-transactions.js';
import type { TransactionOutcome } from './transaction-outcome.js';

/** What a writer says of one of its transactions. */
export interface WrittenTransaction {
  readonly writer: string;
  /** Counts the writer's transactions from 0. */
  readonly number: number;
  outcome: TransactionOutcome;
  /** It commits offset number + 1 of partition 0 for the writer's group. */
  readonly hasOffset: boolean;
}

export interface TransactionCheckOptions {
  readonly topic: string;
  readonly partitions: number;
  /** Records of a transaction in each partition. */
  readonly records: number;
  /** Whether a transaction of unknown outcome may become visible after later ones: where it ran on another producer of a pool. */
  readonly unknownMayBeLate?: boolean;
}

export interface TransactionReport {
  readonly committed: number;
  readonly aborted: number;
  readonly unknown: number;
  readonly unknownVisible: number;
  readonly violations: string[];
}

const SHOWN = 20;
const RESOLVED_LIMIT_MS = 30_000;

/** Compares what a read_committed reader sees with what the writers say. */
export class TransactionCheck {
  public constructor(
    private readonly cluster: KafkaClusterView,
    private readonly options: TransactionCheckOptions,
  ) {}

  /** @param groupOf the group to which a writer's offsets belong */
  public async verify(
    written: readonly WrittenTransaction[],
    groupOf: (writer: string) => string,
  ): Promise<TransactionReport> {
    const { topic } = this.options;
    await this.resolved();
    const reading = new Reading(this.options, written);
    await this.cluster.visitTopic(topic, (record) => reading.add(record), { isolation: 'read_committed' });
    const violations = reading.violations();
    for (const writer of new Set(written.map((transaction) => transaction.writer))) {
      violations.push(...(await this.offsetViolations(writer, groupOf(writer), reading)));
    }
    const count = (outcome: TransactionOutcome): number => written.filter((t) => t.outcome === outcome).length;
    return {
      committed: count('committed'),
      aborted: count('aborted'),
      unknown: count('unknown'),
      unknownVisible: written.filter((t) => t.outcome === 'unknown' && reading.isVisible(t)).length,
      violations: violations.slice(0, SHOWN),
    };
  }

  /** Waits until no transaction is open any more: a reader of committed records gets as far as any other. */
  private async resolved(): Promise<void> {
    const { topic } = this.options;
    await waitUntil('the end of every transaction', RESOLVED_LIMIT_MS, async () => {
      const open = await openPartitions(this.cluster, topic);
      return open.length === 0;
    });
  }

  private async offsetViolations(writer: string, groupId: string, reading: Reading): Promise<string[]> {
    const expected = reading.lastOffset(writer);
    const admin = this.cluster.kafkaJs().admin();
    await admin.connect();
    try {
      const [found] = await admin.fetchOffsets({ groupId, topics: [this.options.topic] });
      const offset = Number(found?.partitions.find(({ partition }) => partition === 0)?.offset ?? -1);
      return offset === expected ? [] : [`${writer}: offset ${offset} is committed, not ${expected}`];
    } finally {
      await admin.disconnect();
    }
  }
}

/** What was read, by transaction. */
class Reading {
  private readonly known = new Map<string, WrittenTransaction>();
  private readonly counts = new Map<string, number>();
  private readonly last = new Map<string, { readonly number: number; readonly index: number }>();
  private readonly found: string[] = [];

  public constructor(
    private readonly options: TransactionCheckOptions,
    private readonly written: readonly WrittenTransaction[],
  ) {
    for (const transaction of written) this.known.set(`${transaction.writer}|${transaction.number}`, transaction);
  }

  public add({ partition, offset, value }: StoredRecord): void {
    const [writer = '', number = '', index = ''] = String(value).split('|');
    const transaction = this.known.get(`${writer}|${number}`);
    const place = `${String(value)} at ${partition}@${offset}`;
    if (transaction === undefined) {
      this.found.push(`${place}: nobody has sent it`);
      return;
    }
    if (transaction.outcome === 'aborted') this.found.push(`${place}: its transaction was aborted`);
    const key = `${writer}|${number}|${partition}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    const mayBeLate = this.options.unknownMayBeLate === true && transaction.outcome === 'unknown';
    if (!mayBeLate) this.follow(`${writer}|${partition}`, { number: Number(number), index: Number(index) }, place);
  }

  /** Of a transaction that is torn: whether any of it is. */
  public isVisible({ writer, number }: WrittenTransaction): boolean {
    return this.partitions.some((partition) => this.counts.has(`${writer}|${number}|${partition}`));
  }

  /** What the visible transactions of a writer have committed last; -1 for nothing. */
  public lastOffset(writer: string): number {
    const numbers = this.written.filter((t) => t.writer === writer && t.hasOffset && this.isVisible(t));
    return numbers.reduce((last, { number }) => Math.max(last, number + 1), -1);
  }

  public violations(): string[] {
    const { records } = this.options;
    const violations = [...this.found];
    for (const transaction of this.written) {
      const { writer, number, outcome } = transaction;
      const counts = this.partitions.map((partition) => this.counts.get(`${writer}|${number}|${partition}`) ?? 0);
      const isWhole = counts.every((count) => count === records);
      const isAbsent = counts.every((count) => count === 0);
      if (isWhole || (isAbsent && outcome !== 'committed')) continue;
      violations.push(`${writer}|${number} (${outcome}): ${counts.join(', ')} records are visible`);
    }
    return violations;
  }

  private get partitions(): number[] {
    return Array.from({ length: this.options.partitions }, (_, partition) => partition);
  }

  private follow(lane: string, next: { readonly number: number; readonly index: number }, place: string): void {
    const before = this.last.get(lane);
    const follows =
      before === undefined ||
      next.number > before.number ||
      (next.number === before.number && next.index > before.index);
    if (follows) this.last.set(lane, next);
    else this.found.push(`${place}: after ${before.number}|${before.index}`);
  }
}
