import type { ProducerStatus } from '../../producer/producer-engine-api.js';
import { runningStatus } from '../../producer/spec-support/running-status.js';
import type { DeliveryCallback, PartitionInfo, ProducerRecord, RecordMetadata } from '../../producer/record.js';
import { IllegalTransactionStateError, TransactionAbortedError } from '../../producer/transaction-errors.js';
import type { ConsumerGroupMetadata, TopicPartitionOffset } from '../../producer/transaction.js';
import type { TransactionalEngineApi, TransactionalState } from '../../producer/transactional-engine-api.js';

/** What a test may have happen to one call. */
export type FakedCall = 'init' | 'commit' | 'abort' | 'offsets' | 'flush' | 'close';

interface PendingSend {
  readonly record: ProducerRecord;
  readonly settle: (error: Error | null) => void;
}

const metadataOf = (record: ProducerRecord): RecordMetadata => ({
  topic: record.topic,
  partition: 0,
  offset: '0',
  timestamp: 0,
  serializedKeySize: -1,
  serializedValueSize: 1,
});

/** An engine without a broker: notes what is asked of it as `<id> <call>`, and does what the test has scripted. */
export class FakeTransactionalEngine implements TransactionalEngineApi {
  public transactionalState: TransactionalState = 'uninitialized';
  public transactionError: Error | null = null;
  public restedAt = 0;
  public pendingWork: string | null = null;
  public isClosed = false;
  /** Sends settle when the test says so, with `settleSends`, or with the end of the transaction. */
  public holdsSends = false;
  /** Sends settle with the next flush. */
  public lingers = false;
  /** Called instead of what the call would do. */
  public readonly scripts = new Map<FakedCall, () => Promise<void>>();
  private readonly sendFailures: Error[] = [];
  private pending: PendingSend[] = [];

  public constructor(
    public readonly id: string,
    private readonly log: string[],
  ) {}

  public start(): Promise<void> {
    return Promise.resolve();
  }

  public async initTransactions(): Promise<void> {
    await this.call('init');
    this.transactionalState = 'ready';
  }

  public beginTransaction(): void {
    if (this.transactionalState !== 'ready')
      throw new IllegalTransactionStateError(`begin in ${this.transactionalState}`);
    this.log.push(`${this.id} begin`);
    this.transactionalState = 'in-transaction';
  }

  public async sendOffsetsToTransaction(
    offsets: readonly TopicPartitionOffset[],
    group: ConsumerGroupMetadata,
  ): Promise<void> {
    await this.call('offsets', ` ${group.groupId} ${offsets.map(({ offset }) => String(offset)).join(',')}`);
  }

  public async commitTransaction(): Promise<void> {
    this.transactionalState = 'completing';
    await this.call('commit');
    this.transactionalState = 'ready';
  }

  public async abortTransaction(): Promise<void> {
    this.settleSends(new TransactionAbortedError('dropped by the abort'));
    await this.call('abort');
    this.transactionalState = 'ready';
  }

  public send(record: ProducerRecord): Promise<RecordMetadata> {
    return new Promise((resolve, reject) => {
      this.accept(record, (error) => (error === null ? resolve(metadataOf(record)) : reject(error)));
    });
  }

  public sendWithCallback(record: ProducerRecord, callback: DeliveryCallback): void {
    this.accept(record, (error) => {
      try {
        callback(error, metadataOf(record));
      } catch {
        this.log.push(`${this.id} callback threw`);
      }
    });
  }

  public async flush(): Promise<void> {
    await this.call('flush');
    if (this.lingers) this.settleSends();
  }

  public async close(timeoutMs: number): Promise<void> {
    this.isClosed = true;
    this.settleSends(new Error('closed'));
    await this.call('close', timeoutMs === 0 ? ' 0' : '');
  }

  public partitionsFor(): Promise<PartitionInfo[]> {
    this.log.push(`${this.id} partitionsFor`);
    return Promise.resolve([]);
  }

  public metrics(): Record<string, number> {
    const sends = this.log.filter((line) => line.startsWith(`${this.id} send `)).length;
    return { 'record-send-total': sends, 'record-size-avg': 7 };
  }

  public topicsInUse(): readonly string[] {
    return [];
  }

  public describeTopics(): Promise<[]> {
    return Promise.resolve([]);
  }

  public status(): ProducerStatus {
    return runningStatus({ state: this.isClosed ? 'closed' : 'running' });
  }

  /** The next record fails with it. */
  public failNextSend(error: Error): void {
    this.sendFailures.push(error);
  }

  public settleSends(error: Error | null = null): void {
    for (const { settle } of this.pending.splice(0)) settle(error);
  }

  /** Cannot go on from now on. */
  public become(state: TransactionalState, error: Error | null = null): void {
    this.transactionalState = state;
    this.transactionError = error;
  }

  /** The call fails, and leaves the engine in that state. */
  public fail(call: FakedCall, error: Error, state: TransactionalState, transactionError: Error | null = null): void {
    this.scripts.set(call, () => {
      this.become(state, transactionError);
      return Promise.reject(error);
    });
  }

  /** The call waits until the returned function is called. */
  public hold(call: FakedCall): () => void {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.scripts.set(call, () => held);
    return () => {
      this.scripts.delete(call);
      release();
    };
  }

  private accept(record: ProducerRecord, settle: PendingSend['settle']): void {
    this.log.push(`${this.id} send ${String(record.value)}`);
    const failure = this.sendFailures.shift() ?? null;
    if ((this.holdsSends || this.lingers) && failure === null) this.pending.push({ record, settle });
    else queueMicrotask(() => settle(failure));
  }

  private async call(call: FakedCall, detail = ''): Promise<void> {
    this.log.push(`${this.id} ${call}${detail}`);
    await this.scripts.get(call)?.();
  }
}
