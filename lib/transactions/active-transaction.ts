import { setImmediate as nextTurn } from 'node:timers/promises';
import { failDelivery } from '../producer/fail-delivery.js';
import type { RecordSender } from '../producer/producer-transactions.js';
import type { DeliveryCallback, ProducerRecord, RecordMetadata } from '../producer/record.js';
import { topicOf } from '../producer/topic-of.js';
import { TransactionEndedError } from '../producer/transaction-errors.js';
import type { ConsumerGroupMetadata, KafkaTransaction, TopicPartitionOffset } from '../producer/transaction.js';
import type { TransactionalEngineApi } from '../producer/transactional-engine-api.js';
import type { LogSink } from '../wire/log-sink.js';
import { outsideTransactions } from './transaction-context.js';
import { TransactionHandle } from './transaction-handle.js';
import { TransactionHooks } from './transaction-hooks.js';
import type { TransactionMetrics } from './transaction-metrics.js';
import { checkGroup, checkOffsets } from './transaction-offsets.js';

/** What a transaction needs to know of its surroundings. */
export interface ActiveTransactionDependencies {
  readonly transactionalId: string;
  readonly engine: TransactionalEngineApi;
  readonly log: LogSink;
  readonly metrics: TransactionMetrics;
  /** Calls as code of this transaction. */
  readonly inside: <T>(call: () => T) => T;
}

/** Why a transaction can no longer commit. */
export interface TransactionFailure {
  readonly what: 'a record' | 'offsets' | 'an inner transactional call';
  readonly cause: unknown;
}

/**
 * One transaction, from its begin until nothing of it is under way any more. Takes the records of the code that runs in it, and knows what of it has not
 * ended yet and what has failed, whether or not somebody has looked.
 */
export class ActiveTransaction implements RecordSender {
  public readonly handle: KafkaTransaction;
  public readonly hooks: TransactionHooks;
  /** Resolves, with the reason, when the transaction is given up before its work has ended. */
  public readonly givenUp: Promise<Error>;
  private readonly controller = new AbortController();
  private readonly engine: TransactionalEngineApi;
  private resolveGivenUp: (reason: Error) => void = () => undefined;
  /** given-up: it has ended for the broker, and its work still runs. */
  private state: 'open' | 'given-up' | 'ended' = 'open';
  private firstFailure: TransactionFailure | null = null;
  /** Records and offsets on their way. */
  private sends = 0;
  /** All that there were. */
  private sendsBegun = 0;
  /** Inner calls that have joined, and run. */
  private joined = 0;
  private awaitsSends = true;
  private onQuiet: (() => void) | null = null;
  private hasRefused = false;
  /** One for all records, so that a record costs no closure. */
  private readonly onSent = (): void => {
    this.sends -= 1;
    this.quieter();
  };
  /** A failure that nobody awaits is reported by the end of the transaction, so it is no unhandled rejection. */
  private readonly onSendFailed = (error: unknown): void => {
    this.fail('a record', error);
    this.onSent();
  };

  public constructor(private readonly dependencies: ActiveTransactionDependencies) {
    this.engine = dependencies.engine;
    this.hooks = new TransactionHooks(dependencies.log);
    this.handle = new TransactionHandle(this);
    this.givenUp = new Promise((resolve) => {
      this.resolveGivenUp = resolve;
    });
  }

  public get transactionalId(): string {
    return this.dependencies.transactionalId;
  }

  public get signal(): AbortSignal {
    return this.controller.signal;
  }

  public get isOpen(): boolean {
    return this.state === 'open';
  }

  public get isGivenUp(): boolean {
    return this.state === 'given-up';
  }

  /** The first thing that has failed, or null. */
  public get failure(): TransactionFailure | null {
    return this.firstFailure;
  }

  public send(record: ProducerRecord): Promise<RecordMetadata> {
    if (this.state !== 'open') return this.refuse(record);
    const sent = this.engine.send(record);
    this.track(sent);
    return sent;
  }

  public track(call: Promise<unknown>): void {
    if (this.state !== 'open') {
      // Each of its records has been refused, and the log tells of the first.
      call.catch(() => undefined);
      return;
    }
    this.begun();
    call.then(this.onSent, this.onSendFailed);
  }

  public sendWithCallback(record: ProducerRecord, callback: DeliveryCallback): void {
    if (this.state !== 'open') return this.refuseWithCallback(record, callback);
    this.begun();
    this.engine.sendWithCallback(record, (error, metadata) => {
      if (error !== null) this.fail('a record', error);
      try {
        // The engine calls back in a context of its own; what the callback sends belongs here.
        this.dependencies.inside(() => callback(error, metadata));
      } finally {
        this.onSent();
      }
    });
  }

  /** After the end there is nothing left of this transaction to flush. */
  public flush(): Promise<void> {
    return this.state === 'open' ? this.engine.flush() : Promise.resolve();
  }

  public sendOffsets(offsets: readonly TopicPartitionOffset[], group: ConsumerGroupMetadata | string): Promise<void> {
    if (this.state !== 'open') return this.reject('sendOffsets');
    const sent = this.checkAndSendOffsets(offsets, group);
    this.begun();
    sent.then(this.onSent, (error: unknown) => {
      this.fail('offsets', error);
      this.onSent();
    });
    return sent;
  }

  /** Takes in an inner call: the transaction waits for it, and cannot commit when it fails. */
  public join<T>(call: Promise<T>, isHarmless: (error: unknown) => boolean): Promise<T> {
    this.joined += 1;
    const left = (): void => {
      this.joined -= 1;
      this.quieter();
    };
    call.then(left, (error: unknown) => {
      if (!isHarmless(error)) this.fail('an inner transactional call', error);
      left();
    });
    return call;
  }

  /** Before the work has ended: its sends are refused from now on, and its signal is triggered. Without effect once it has ended. */
  public giveUp(reason: Error): void {
    if (this.state !== 'open') return;
    this.state = 'given-up';
    this.hooks.seal();
    this.controller.abort(reason);
    this.resolveGivenUp(reason);
  }

  /**
   * After the work has ended: waits for what it has started, and then lets nothing more in.
   * @param awaitsSends false when they will be dropped anyway
   */
  public async end(awaitsSends: boolean): Promise<void> {
    this.awaitsSends = awaitsSends;
    while (!this.isQuiet) {
      if (this.sends > 0) this.flushLingering();
      await new Promise<void>((resolve) => {
        this.onQuiet = resolve;
      });
      // Whoever has waited for it gets the chance to send more.
      await nextTurn();
    }
    this.state = 'ended';
    this.hooks.seal();
  }

  /** Refuses an inner call that would have joined. */
  public refuseCall(): Promise<never> {
    return this.reject('transaction()');
  }

  private endedError(what: string): TransactionEndedError {
    return new TransactionEndedError(
      `${what}: the transaction (${this.transactionalId}) that this code runs in has ended already. Await everything inside of the work, ` +
        'and end the work when the signal of its transaction is triggered. Nothing was sent.',
    );
  }

  private get isQuiet(): boolean {
    return this.joined === 0 && (this.sends === 0 || !this.awaitsSends);
  }

  private async checkAndSendOffsets(
    offsets: readonly TopicPartitionOffset[],
    group: ConsumerGroupMetadata | string,
  ): Promise<void> {
    const [checked, metadata] = [checkOffsets(offsets), checkGroup(group)];
    if (checked.length === 0) return;
    await this.dependencies.metrics.timed('send-offsets', () =>
      outsideTransactions(() => this.engine.sendOffsetsToTransaction(checked, metadata)),
    );
  }

  private begun(): void {
    this.sends += 1;
    this.sendsBegun += 1;
  }

  /** Nobody is left to fill the batches that linger; but while they are sent, more may come. */
  private flushLingering(): void {
    const begun = this.sendsBegun;
    const again = (): void => {
      if (this.sendsBegun > begun && this.sends > 0 && this.state === 'open') this.flushLingering();
    };
    this.engine.flush().then(again, () => undefined);
  }

  private fail(what: TransactionFailure['what'], cause: unknown): void {
    this.firstFailure ??= { what, cause };
  }

  private quieter(): void {
    if (this.onQuiet === null || !this.isQuiet) return;
    this.onQuiet();
    this.onQuiet = null;
  }

  private refuse(record: ProducerRecord): Promise<RecordMetadata> {
    return this.reject(`send to '${topicOf(record)}'`);
  }

  private refuseWithCallback(record: ProducerRecord, callback: DeliveryCallback): void {
    const error = this.endedError(`send to '${topicOf(record)}'`);
    this.warnOfRefusal(error);
    failDelivery(callback, error, record, this.dependencies.log);
  }

  /** What comes this late is often awaited by nobody. The log tells of it, and the process goes on. */
  private reject(what: string): Promise<never> {
    const error = this.endedError(what);
    this.warnOfRefusal(error);
    const rejected = Promise.reject(error);
    rejected.catch(() => undefined);
    return rejected;
  }

  private warnOfRefusal(error: TransactionEndedError): void {
    if (this.hasRefused) return;
    this.hasRefused = true;
    this.dependencies.log.warn(`${error.message} What else comes too late for this transaction is not logged.`);
  }
}
