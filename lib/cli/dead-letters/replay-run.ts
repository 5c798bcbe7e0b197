import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../common/command-error.js';
import type { Progress } from '../common/progress.js';
import { readToEnd } from '../records/read-to-end.js';
import type { RecordSlice } from '../records/record-slice.js';
import type { StandaloneConsumer } from '../records/standalone-consumer.js';
import { type DeadLetter, replayHeaders } from './dead-letter.js';
import { Pacer } from './pacer.js';
import { ReplayCounts } from './replay-counts.js';
import type { ReplayScan } from './replay-scan.js';
import type { ReplayTransactions } from './replay-transactions.js';

export interface ReplayRunDependencies {
  readonly scan: ReplayScan;
  readonly transactions: ReplayTransactions;
  readonly reader: StandaloneConsumer;
  /** 0 when there is no such topic. */
  readonly partitionCount: (topic: string) => Promise<number>;
  /** Whether records go to the partition that they came from, where there is one of that number. */
  readonly usesOwnPartition: boolean;
  readonly maxRecords: number;
  readonly ratePerSecond: number | null;
  readonly progress: (total: number) => Progress;
  readonly stop: AbortSignal;
}

/** A pause that is longer than this does not hold a transaction open. */
const LONG_PAUSE_MS = 100;

/** Sends dead letters back, transaction by transaction. */
export class ReplayRun {
  /** What is committed. */
  public readonly counts = new ReplayCounts();
  private open = new ReplayCounts();
  private readonly pacer: Pacer;
  private passedOffsets = 0;

  public constructor(private readonly dependencies: ReplayRunDependencies) {
    this.pacer = new Pacer(dependencies.ratePerSecond);
  }

  /**
   * Runs to the end, or until `stop` is aborted; what was sent is committed then.
   * @returns what was sent and left
   * @throws what has aborted a transaction; those before it are committed
   */
  public async run(): Promise<ReplayCounts> {
    const { reader, scan, stop, transactions } = this.dependencies;
    const { pieces } = scan;
    const total = pieces.reduce((sum, { end, start }) => sum + Number(end - start), 0);
    const progress = this.dependencies.progress(total);
    try {
      for await (const slice of readToEnd(reader, pieces, stop)) {
        const isWhole = await this.take(slice);
        if (!isWhole) break;
        scan.passed(slice);
        progress.update((this.passedOffsets += slice.records.length));
        if (transactions.isDue) await this.commit();
      }
      await this.commit();
    } catch (error) {
      await transactions.abort();
      throw error;
    } finally {
      progress.stop();
    }
    return this.counts;
  }

  /** @returns false when enough was sent, or it is to stop, before the slice was at its end */
  private async take(slice: RecordSlice): Promise<boolean> {
    const { maxRecords, partitionCount, scan, stop, transactions } = this.dependencies;
    for (const { left, letter, topic } of scan.letters(slice)) {
      if (stop.aborted) return false;
      if (topic === null) {
        scan.left(letter);
        this.open.addLeft(left ?? 'not meant');
        continue;
      }
      if ((await partitionCount(topic)) === 0) {
        scan.left(letter);
        this.open.addLeft('topic gone');
        continue;
      }
      if (this.counts.total + this.open.total >= maxRecords) return false;
      if (!(await this.turn())) return false;
      await this.send(letter, topic);
      if (transactions.isDue) await this.commit();
    }
    return true;
  }

  /** Waits for the next turn. @returns false when it is to stop */
  private async turn(): Promise<boolean> {
    const { stop } = this.dependencies;
    const wait = this.pacer.take(Date.now());
    if (wait <= 0) return true;
    if (wait > LONG_PAUSE_MS) await this.commit();
    await sleep(wait, undefined, { signal: stop }).catch(() => undefined);
    return !stop.aborted;
  }

  private async send(letter: DeadLetter, topic: string): Promise<void> {
    const { partitionCount, scan, transactions, usesOwnPartition } = this.dependencies;
    const { origin, record } = letter;
    const count = await partitionCount(topic);
    const partition = usesOwnPartition && origin !== null && origin.partition < count ? origin.partition : undefined;
    transactions.send(
      {
        topic,
        key: record.key,
        value: record.value,
        headers: replayHeaders(letter),
        ...(partition === undefined ? {} : { partition }),
      },
      record.sizeInBytes,
      `The dead letter at ${record.topic}-${record.partition}@${record.offset}`,
    );
    scan.sent(letter);
    this.open.addSent(topic);
  }

  private async commit(): Promise<void> {
    const { scan, transactions } = this.dependencies;
    const bookmarks = scan.takeBookmarks();
    if (bookmarks === null) {
      throw new CommandError(
        'Too many records between others are left to remember which: what was sent can be told apart as long as it lies in few stretches. Replay all of them, without --error-class and --consumer-group.',
      );
    }
    if (bookmarks.size > 0 || transactions.hasRecords) await transactions.commit(bookmarks);
    this.counts.add(this.open);
    this.open = new ReplayCounts();
  }
}
