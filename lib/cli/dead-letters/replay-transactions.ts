import type { ProducerRecord } from '../../producer/record.js';
import type { TransactionalEngineApi } from '../../producer/transactional-engine-api.js';
import { CommandError } from '../common/command-error.js';
import type { ReplayBookmark } from './replayed-offsets.js';

const MOST_RECORDS = 500;
const MOST_BYTES = 4_194_304;
const LONGEST_MS = 1_000;

/** Sends records, and how far the replay has come, in transactions: either both are there or neither. */
export class ReplayTransactions {
  private records = 0;
  private bytes = 0;
  private openedAt = 0;
  private isOpen = false;
  private failure: CommandError | null = null;

  public constructor(
    private readonly engine: TransactionalEngineApi,
    private readonly topic: string,
    private readonly groupId: string,
  ) {}

  /** Whether there is something to commit. */
  public get hasRecords(): boolean {
    return this.records > 0;
  }

  /** Whether it is large or old enough; a later commit would only lengthen what is repeated after a failure. */
  public get isDue(): boolean {
    if (!this.isOpen) return false;
    const isOld = Date.now() - this.openedAt >= LONGEST_MS;
    return isOld || this.failure !== null || this.records >= MOST_RECORDS || this.bytes >= MOST_BYTES;
  }

  /** @param from the dead letter, for a message */
  public send(record: ProducerRecord, bytes: number, from: string): void {
    this.open();
    this.records++;
    this.bytes += bytes;
    this.engine.sendWithCallback(record, (error) => {
      if (error === null) return;
      this.failure ??= new CommandError(`${from} could not be sent to ${record.topic}: ${error.message}`, {
        cause: error,
      });
    });
  }

  /**
   * Commits what was sent, together with the bookmarks.
   * @throws CommandError, or what the commit has failed with; the transaction is aborted then
   */
  public async commit(bookmarks: ReadonlyMap<number, ReplayBookmark>): Promise<void> {
    this.open();
    try {
      const offsets = [...bookmarks].map(([partition, { metadata, offset }]) => ({
        topic: this.topic,
        partition,
        offset,
        metadata,
      }));
      await this.engine.sendOffsetsToTransaction(offsets, { groupId: this.groupId });
      await this.engine.commitTransaction();
    } catch (error) {
      await this.abort();
      throw this.failure ?? error;
    }
    this.isOpen = false;
    this.records = 0;
    this.bytes = 0;
  }

  /** Gives up what is open. */
  public async abort(): Promise<void> {
    const { transactionalState: state } = this.engine;
    // Whatever becomes of it: the broker aborts it with the next replay, or when its time is over.
    if (state === 'in-transaction' || state === 'abortable-error')
      await this.engine.abortTransaction().catch(() => undefined);
  }

  private open(): void {
    if (this.isOpen) return;
    this.engine.beginTransaction();
    this.isOpen = true;
    this.openedAt = Date.now();
  }
}
