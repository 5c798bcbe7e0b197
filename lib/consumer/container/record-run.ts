import { setTimeout as sleep } from 'node:timers/promises';
import { ProducerFatalError } from '../../producer/errors.js';
import { CommitFailedError, TransactionOutcomeUnknownError } from '../../producer/transaction-errors.js';
import { RetryBackoff } from '../../wire/retry-backoff.js';
import { BatchRecordError } from '../batch-record-error.js';
import type { ConsumedRecord } from '../consumed-record.js';
import type { ProcessObservation } from '../../instrumentation/kafka-instrumentation.js';
import { UnhandledBatchError } from '../unhandled-batch-error.js';
import type { AssignedPartition } from '../consumer-engine-api.js';
import type { HandlerCall, ListenerDefinition } from '../listener-definition.js';
import type { KafkaListenerEvent } from '../listener-events.js';
import type { FailedRecord, RecoveryDecision } from '../recovery/recovery-policy.js';
import { aborted } from './aborted.js';
import { isClusterTrouble } from './cluster-trouble.js';
import type { FetchedSlice } from './fetched-slice.js';
import { inTransaction, type TransactionScope } from './in-transaction.js';
import type { ListenerInstrumentation } from './listener-instrumentation.js';
import type { PauseGate } from './pause-gate.js';
import type { RunningCall, RunningCalls } from './running-calls.js';

/** What has become of records. */
export type RunOutcome =
  /** Handled, or in the dead-letter topic; with manual acknowledgement: its handler has returned. */
  | { readonly kind: 'done' }
  /** The partition is being given away, or the listener stops: somebody handles them later. */
  | { readonly kind: 'abandoned' }
  /** The listener cannot go on. */
  | { readonly kind: 'failed'; readonly error: Error };

/** What the runs of a partition share. */
export interface RunSurroundings {
  readonly definition: ListenerDefinition;
  readonly partition: AssignedPartition;
  /** Triggered when what runs may end, and nothing is to be tried again. */
  readonly stopping: AbortSignal;
  /** Triggered when the outcome no longer matters. */
  readonly signal: AbortSignal;
  /** A transaction may have committed these records; the partitions of the group have to be given out anew to know. */
  readonly onOutcomeUnknown: () => void;
  /** A transaction has committed the offset. */
  readonly onCommitted: (offset: bigint) => void;
  /**
   * Records are done, once each: handled, acknowledged where the strategy waits for that, or in the dead-letter topic.
   * @returns what the next records wait for, if for anything
   */
  readonly onDone: (slice: FetchedSlice, records: readonly ConsumedRecord[]) => Promise<void> | null;
  readonly emit: (event: KafkaListenerEvent) => void;
  readonly calls: RunningCalls;
  readonly gate: PauseGate;
}

/** Records to be handled together. */
export interface RunOptions {
  readonly slice: FetchedSlice;
  readonly records: readonly ConsumedRecord[];
  /** Offset of the record behind the last one. */
  readonly nextOffset: bigint;
  /** Waits without taking a turn from others. */
  readonly park: (wait: () => Promise<void>) => Promise<void>;
}

const DONE: RunOutcome = { kind: 'done' };
const ABANDONED: RunOutcome = { kind: 'abandoned' };
const CLUSTER_BACKOFF = new RetryBackoff(100, 10_000);

/**
 * Takes records through their handler: again after failures, to the dead-letter topic, or not at all. It is the call that the handler gets, too: a million of records
 * a minute should not make more objects than they need.
 */
export class RecordRun implements HandlerCall, RunningCall {
  public calledAt = 0;
  public records: readonly ConsumedRecord[];
  public attempt = 0;
  public signal: AbortSignal;
  private nackedFor = -1;
  private isRunning = false;
  private troubles = 0;
  private firstFailedAt = 0;
  private areDone = false;
  private commit: Promise<void> | null = null;
  /** Of the last call of the handler. */
  private observation: Required<ProcessObservation> | null = null;

  public constructor(
    private readonly surroundings: RunSurroundings,
    private readonly options: RunOptions,
    /** Of the first record, in a larger batch. */
    private failures = 0,
  ) {
    this.records = options.records;
    this.signal = surroundings.signal;
  }

  public get partition(): AssignedPartition {
    return this.surroundings.partition;
  }

  public ack(): void {
    if (this.isManual && this.nackedFor < 0) this.done();
  }

  public nack(delayMs: number): void {
    const { id } = this.surroundings.definition;
    if (!this.isRunning) throw new TypeError(`nack() of ${id} must be called before the handler has ended.`);
    if (!(delayMs >= 0)) {
      throw new RangeError(`nack(${delayMs}) of ${id}: the delay must be a number of milliseconds, 0 or more.`);
    }
    this.nackedFor = delayMs;
  }

  /** Ends when the next records may begin. Never rejects. */
  public async run(): Promise<RunOutcome> {
    const { calls, gate, stopping } = this.surroundings;
    for (;;) {
      let outcome: RunOutcome | null;
      // Somebody may have paused the partition since the last attempt.
      if (gate.isPaused) {
        await gate.pass(this.options.park);
        if (stopping.aborted) return ABANDONED;
      }
      this.attempt++;
      this.nackedFor = -1;
      this.isRunning = true;
      calls.begin(this);
      try {
        await this.call();
        this.isRunning = false;
        if (!this.isManual || this.areDone || this.nackedFor >= 0) calls.end(this);
        outcome = this.nackedFor < 0 ? this.succeeded() : await this.pause(this.nackedFor);
      } catch (error) {
        this.isRunning = false;
        calls.end(this);
        outcome = this.nackedFor < 0 ? await this.failed(this.meant(error)) : await this.pause(this.nackedFor);
      }
      if (outcome === null && stopping.aborted) outcome = ABANDONED;
      if (outcome === null) continue;
      // When the partition is given away the last commit is awaited for all of its records at once.
      if (this.commit !== null) await settledOrAborted(this.commit, stopping);
      return outcome;
    }
  }

  private get isManual(): boolean {
    return this.surroundings.definition.commitStrategy.acknowledgement === 'manual';
  }

  private call(): Promise<void> {
    const { definition } = this.surroundings;
    if (definition.instrumentation !== null) return this.callObserved(definition.instrumentation);
    return definition.transaction === null ? definition.handler(this) : this.callInTransaction();
  }

  private async callObserved(instrumentation: ListenerInstrumentation): Promise<void> {
    const { definition } = this.surroundings;
    const observation = instrumentation.processStarted(this);
    this.observation = observation;
    const call = definition.transaction === null ? definition.handler : (): Promise<void> => this.callInTransaction();
    try {
      await observation.run(() => call(this));
    } catch (error) {
      // That it wants its records again is no failure, whatever it throws then.
      observation.ended(this.nackedFor < 0 ? (failureOf(error) ?? toError(error)) : null);
      throw error;
    }
    observation.ended(null);
  }

  private async callInTransaction(): Promise<void> {
    const { definition, signal } = this.surroundings;
    await inTransaction(this.transactionScope, async (own) => {
      this.signal = AbortSignal.any([signal, own]);
      await definition.handler(this);
      if (this.nackedFor >= 0) throw new NackedError(`${definition.id} wants its records again.`);
    });
  }

  private get transactionScope(): TransactionScope {
    const { definition, onCommitted, partition } = this.surroundings;
    return { definition, partition, records: this.records, nextOffset: this.options.nextOffset, onCommitted };
  }

  private succeeded(): RunOutcome {
    if (!this.isManual) this.done();
    return DONE;
  }

  private done(): void {
    if (this.areDone) return;
    this.areDone = true;
    if (!this.isRunning) this.surroundings.calls.end(this);
    this.commit = this.surroundings.onDone(this.options.slice, this.records);
  }

  private async failed(error: unknown): Promise<RunOutcome | null> {
    const { definition, partition, signal } = this.surroundings;
    if (signal.aborted) return ABANDONED;
    const fate = await this.infrastructureFailed(error);
    if (fate !== undefined) return fate;
    if (error instanceof BatchRecordError) this.leaveOut(error);
    this.failures++;
    if (this.firstFailedAt === 0) this.firstFailedAt = Date.now();
    const failed = this.describe(error);
    let decision: RecoveryDecision;
    let retryInMs: number | null;
    try {
      decision = definition.recovery.decide(failed);
      retryInMs = decision.action === 'retry' ? decision.delayMs : null;
    } catch (cause) {
      // Nobody knows what is to become of the record.
      this.emit('record-failed', failed, {});
      return { kind: 'failed', error: toError(cause) };
    }
    this.emit('record-failed', failed, { retryInMs });
    // What its handler has acknowledged is done, whatever happened afterwards.
    if (this.areDone && partition.isAssigned) return DONE;
    if (decision.action === 'retry') return this.pause(decision.delayMs);
    if (this.records.length > 1) return this.oneByOne(error);
    if (decision.action === 'stop') return { kind: 'failed', error: toError(error) };
    return this.deadLetter(failed);
  }

  /** A batch handler that names a record which is not there has failed as a whole. */
  private meant(error: unknown): unknown {
    if (!(error instanceof BatchRecordError)) return error;
    return this.records[error.index] === undefined ? error.cause : error;
  }

  /** What stands before the failed record of a batch is done. */
  private leaveOut(error: BatchRecordError): void {
    const { index } = error;
    const before = this.records.slice(0, index);
    if (!this.hasHandledWhatIsBefore(error) || before.length === 0) return;
    if (!this.areDone) this.commit = this.surroundings.onDone(this.options.slice, before);
    this.records = this.records.slice(index);
    this.failures = 0;
  }

  /** @returns undefined when the records are to blame */
  private async infrastructureFailed(error: unknown): Promise<RunOutcome | null | undefined> {
    const { partition } = this.surroundings;
    if (error instanceof TransactionOutcomeUnknownError) return this.leaveToNextGeneration();
    if (error instanceof ProducerFatalError) return { kind: 'failed', error };
    if (!this.isFenced(error) && !isClusterTrouble(error)) return undefined;
    this.troubles++;
    const retryInMs = CLUSTER_BACKOFF.delay(this.troubles);
    if (this.firstFailedAt === 0) this.firstFailedAt = Date.now();
    this.emit('record-failed', this.describe(error), { retryInMs });
    return partition.isAssigned ? this.pause(retryInMs) : ABANDONED;
  }

  /** The group has moved on without this member, which is about to learn that. Until then nothing of it can be committed. */
  private isFenced(error: unknown): boolean {
    if (this.surroundings.definition.transaction === null) return false;
    return error instanceof CommitFailedError || causeOf(error) instanceof CommitFailedError;
  }

  /**
   * Whether a transaction has committed whose end was not answered is what the committed offset tells, but not to whoever asks for it now: a coordinator that was
   * paused would answer from before. One that gives out the partitions anew has all that was written before that.
   */
  private async leaveToNextGeneration(): Promise<RunOutcome> {
    const { onOutcomeUnknown, stopping } = this.surroundings;
    onOutcomeUnknown();
    await this.options.park(() => aborted(stopping));
    return ABANDONED;
  }

  /**
   * Of a batch that was given up, each record is tried alone, so that only those are given up that fail. A handler that has named the record is spared the detour.
   */
  private async oneByOne(error: unknown): Promise<RunOutcome> {
    const parts =
      error instanceof BatchRecordError
        ? splitAt(this.records, this.indexOf(error))
        : this.records.map((record) => [record]);
    for (const part of parts) {
      const nextOffset = part === parts.at(-1) ? this.options.nextOffset : (part.at(-1)?.offset ?? -1n) + 1n;
      const options = { ...this.options, records: part, nextOffset };
      // It has failed often enough as a part of the batch.
      const outcome = await new RecordRun(this.surroundings, options, this.failures - 1).run();
      if (outcome.kind !== 'done') return outcome;
    }
    return DONE;
  }

  /** Where the record that a batch handler has named is now. */
  private indexOf(error: BatchRecordError): number {
    return this.hasHandledWhatIsBefore(error) ? 0 : error.index;
  }

  /** In a transaction it was aborted with the rest. */
  private hasHandledWhatIsBefore(error: BatchRecordError): boolean {
    return this.surroundings.definition.transaction === null && !(error instanceof UnhandledBatchError);
  }

  private async deadLetter(failed: FailedRecord): Promise<RunOutcome> {
    const { stopping } = this.surroundings;
    for (let failures = 1; ; failures++) {
      try {
        const store = (): Promise<void> => this.storeDeadLetter(failed);
        await (this.observation === null ? store() : this.observation.runDeadLetter(failed.record, store));
        this.emit('dead-lettered', failed, {});
        this.done();
        return DONE;
      } catch (cause) {
        this.emit('dead-letter-failed', { ...failed, error: cause }, {});
        const fate = await this.deadLetterFailed(cause, failures);
        if (fate !== null) return fate;
      }
      if (stopping.aborted) return ABANDONED;
    }
  }

  private storeDeadLetter(failed: FailedRecord): Promise<void> {
    const { definition } = this.surroundings;
    const store = (): Promise<void> => definition.recovery.deadLetter(failed);
    return definition.transaction === null ? store() : inTransaction(this.transactionScope, store);
  }

  private async deadLetterFailed(cause: unknown, failures: number): Promise<RunOutcome | null> {
    if (cause instanceof TransactionOutcomeUnknownError) return this.leaveToNextGeneration();
    if (cause instanceof ProducerFatalError) return { kind: 'failed', error: cause };
    return this.pause(CLUSTER_BACKOFF.delay(failures));
  }

  /** @returns null: go on; or that it is over meanwhile */
  private async pause(ms: number): Promise<RunOutcome | null> {
    const { stopping } = this.surroundings;
    if (stopping.aborted) return ABANDONED;
    // The sleep ends with an AbortError when the listener stops, which is looked at below.
    await this.options.park(() => sleep(ms, undefined, { signal: stopping }).then(undefined, () => undefined));
    return isAborted(stopping) ? ABANDONED : null;
  }

  private describe(error: unknown): FailedRecord {
    const { definition } = this.surroundings;
    const record = this.records[error instanceof BatchRecordError ? this.indexOf(error) : 0] ?? this.records[0];
    if (record === undefined) throw new TypeError('a run without records');
    return {
      record,
      error: failureOf(error),
      attempts: Math.max(1, this.failures),
      firstFailedAt: this.firstFailedAt,
      groupId: definition.groupId,
      listenerId: definition.id,
    };
  }

  private emit(
    type: 'record-failed' | 'dead-lettered' | 'dead-letter-failed',
    { attempts, error, listenerId, record }: FailedRecord,
    { retryInMs = null }: { readonly retryInMs?: number | null },
  ): void {
    const { offset, partition, topic } = record;
    const event = { listenerId, topic, partition, offset: String(offset), error: toError(error), attempts };
    this.surroundings.emit(type === 'record-failed' ? { ...event, type, retryInMs } : { ...event, type });
  }
}

function splitAt<T>(items: readonly T[], index: number): T[][] {
  return [items.slice(0, index), items.slice(index, index + 1), items.slice(index + 1)].filter(
    (part) => part.length > 0,
  );
}

/** @param promise never rejects */
function settledOrAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      signal.removeEventListener('abort', end);
      resolve();
    };
    signal.addEventListener('abort', end);
    void promise.then(end);
  });
}

/** Aborts the transaction of a handler that wants its records again. */
class NackedError extends Error {}

/** A function, so that the compiler does not hold on to what it saw before an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** What a handler has failed with, whichever record it was about. */
function failureOf(error: unknown): unknown {
  return error instanceof BatchRecordError ? error.cause : error;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

export function toError(error: unknown): Error {
  if (error instanceof Error) return error;
  if (typeof error === 'string' && error !== '') return new Error(error);
  return new Error(`A ${error === null ? 'null' : typeof error} was thrown, which is no Error`);
}
