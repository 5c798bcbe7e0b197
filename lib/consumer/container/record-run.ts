import { setTimeout as sleep } from 'node:timers/promises';
import { ProducerFatalError } from '../../producer/errors.js';
import { CommitFailedError, TransactionOutcomeUnknownError } from '../../producer/transaction-errors.js';
import { RetryBackoff } from '../../wire/retry-backoff.js';
import { BatchRecordError } from '../batch-record-error.js';
import type { ConsumedRecord } from '../consumed-record.js';
import type { AssignedPartition } from '../consumer-engine-api.js';
import type { ListenerDefinition } from '../listener-definition.js';
import type { KafkaListenerEvent } from '../listener-events.js';
import type { FailedRecord } from '../recovery/recovery-policy.js';
import { isClusterTrouble } from './cluster-trouble.js';
import { attemptHandler, inTransaction } from './handler-attempt.js';

/** What has become of records. */
export type RunOutcome =
  /** Handled, or in the dead-letter topic; with manual acknowledgement: its handler has returned. */
  | { readonly kind: 'done' }
  /** The partition is being given away, or the listener stops: somebody handles them later. */
  | { readonly kind: 'abandoned' }
  /** The listener cannot go on. */
  | { readonly kind: 'failed'; readonly error: Error };

export interface RecordRunDependencies {
  readonly definition: ListenerDefinition;
  readonly partition: AssignedPartition;
  /** Triggered when what runs may end, and nothing is to be tried again. */
  readonly stopping: AbortSignal;
  /** Triggered when the outcome no longer matters. */
  readonly signal: AbortSignal;
  /** Waits without taking a turn from others. */
  readonly park: (wait: () => Promise<void>) => Promise<void>;
  /** Where the group is to go on with the partition, by its coordinator. */
  readonly committed: (partition: AssignedPartition) => Promise<bigint>;
  /** Records are done, once each: handled, acknowledged where the strategy waits for that, or in the dead-letter topic. */
  readonly onDone: (records: readonly ConsumedRecord[]) => void;
  readonly emit: (event: KafkaListenerEvent) => void;
}

const DONE: RunOutcome = { kind: 'done' };
const ABANDONED: RunOutcome = { kind: 'abandoned' };
const CLUSTER_BACKOFF = new RetryBackoff(100, 10_000);

/** Takes records through their handler: again after failures, to the dead-letter topic, or not at all. */
export class RecordRun {
  private attempt = 0;
  private troubles = 0;
  private firstFailedAt = 0;
  private areDone = false;

  public constructor(
    private readonly dependencies: RecordRunDependencies,
    private records: readonly ConsumedRecord[],
    /** Offset of the record behind the last one. */
    private readonly nextOffset: bigint,
    /** Of the first record, in a larger batch. */
    private failures = 0,
  ) {}

  /** Never rejects. */
  public async run(): Promise<RunOutcome> {
    for (;;) {
      const outcome = await this.once();
      if (outcome !== null) return outcome;
      if (this.dependencies.stopping.aborted) return ABANDONED;
    }
  }

  /** @returns null when there is to be another attempt */
  private async once(): Promise<RunOutcome | null> {
    const { definition, partition, signal } = this.dependencies;
    const { nextOffset, records } = this;
    this.attempt++;
    const isManual = definition.commitStrategy.acknowledgement === 'manual';
    const ended = await attemptHandler({
      definition,
      partition,
      records,
      nextOffset,
      attempt: this.attempt,
      signal,
      onAck: () => {
        if (isManual) this.done();
      },
    });
    if (ended.kind === 'nacked') return this.pause(ended.delayMs);
    if (ended.kind === 'failed') return this.failed(this.meant(ended.error));
    if (!isManual) this.done();
    return DONE;
  }

  private done(): void {
    if (this.areDone) return;
    this.areDone = true;
    this.dependencies.onDone(this.records);
  }

  private async failed(error: unknown): Promise<RunOutcome | null> {
    const { definition, partition, signal } = this.dependencies;
    if (signal.aborted) return ABANDONED;
    const fate = await this.infrastructureFailed(error);
    if (fate !== undefined) return fate;
    if (error instanceof BatchRecordError) this.leaveOut(error);
    this.failures++;
    if (this.firstFailedAt === 0) this.firstFailedAt = Date.now();
    const failed = this.describe(error);
    const decision = definition.recovery.decide(failed);
    const retryInMs = decision.action === 'retry' ? decision.delayMs : null;
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

  /** What stands before the failed record of a batch is done; in a transaction it was aborted with the rest. */
  private leaveOut({ index }: BatchRecordError): void {
    const before = this.records.slice(0, index);
    if (this.dependencies.definition.transaction !== null || before.length === 0) return;
    if (!this.areDone) this.dependencies.onDone(before);
    this.records = this.records.slice(index);
    this.failures = 0;
  }

  /** @returns undefined when the records are to blame */
  private async infrastructureFailed(error: unknown): Promise<RunOutcome | null | undefined> {
    const { partition } = this.dependencies;
    if (error instanceof TransactionOutcomeUnknownError) return this.resolveOutcome();
    if (error instanceof CommitFailedError || causeOf(error) instanceof CommitFailedError) return ABANDONED;
    if (error instanceof ProducerFatalError) return { kind: 'failed', error };
    if (!isClusterTrouble(error)) return undefined;
    this.troubles++;
    const retryInMs = CLUSTER_BACKOFF.delay(this.troubles);
    if (this.firstFailedAt === 0) this.firstFailedAt = Date.now();
    this.emit('record-failed', this.describe(error), { retryInMs });
    return partition.isAssigned ? this.pause(retryInMs) : ABANDONED;
  }

  /** Whether a transaction has committed whose end was not answered is what its offsets tell, once they are stable. */
  private async resolveOutcome(): Promise<RunOutcome | null> {
    const { committed, partition, stopping } = this.dependencies;
    while (!stopping.aborted && partition.isAssigned) {
      try {
        if ((await committed(partition)) < this.nextOffset) return null;
        this.done();
        return DONE;
      } catch (error) {
        this.troubles++;
        const retryInMs = CLUSTER_BACKOFF.delay(this.troubles);
        this.emit('record-failed', this.describe(error), { retryInMs });
        await this.pause(retryInMs);
      }
    }
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
      const next = part === parts.at(-1) ? this.nextOffset : (part.at(-1)?.offset ?? -1n) + 1n;
      // It has failed often enough as a part of the batch.
      const outcome = await new RecordRun(this.dependencies, part, next, this.failures - 1).run();
      if (outcome.kind !== 'done') return outcome;
    }
    return DONE;
  }

  /** Where the record that a batch handler has named is now. */
  private indexOf({ index }: BatchRecordError): number {
    return this.dependencies.definition.transaction === null ? 0 : index;
  }

  private async deadLetter(failed: FailedRecord): Promise<RunOutcome> {
    const { definition, partition, stopping } = this.dependencies;
    for (let failures = 1; ; failures++) {
      try {
        const store = (): Promise<void> => definition.recovery.deadLetter(failed);
        if (definition.transaction === null) await store();
        else await inTransaction({ definition, partition, records: this.records, nextOffset: this.nextOffset }, store);
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

  private async deadLetterFailed(cause: unknown, failures: number): Promise<RunOutcome | null> {
    if (cause instanceof TransactionOutcomeUnknownError) return this.resolveOutcome();
    if (cause instanceof CommitFailedError || causeOf(cause) instanceof CommitFailedError) return ABANDONED;
    if (cause instanceof ProducerFatalError) return { kind: 'failed', error: cause };
    return this.pause(CLUSTER_BACKOFF.delay(failures));
  }

  /** @returns null: go on; or that it is over meanwhile */
  private async pause(ms: number): Promise<RunOutcome | null> {
    const { park, stopping } = this.dependencies;
    if (stopping.aborted) return ABANDONED;
    // The sleep ends with an AbortError when the listener stops, which is looked at below.
    await park(() => sleep(ms, undefined, { signal: stopping }).then(undefined, () => undefined));
    return isAborted(stopping) ? ABANDONED : null;
  }

  private describe(error: unknown): FailedRecord {
    const { definition } = this.dependencies;
    const record = this.records[error instanceof BatchRecordError ? this.indexOf(error) : 0] ?? this.records[0];
    if (record === undefined) throw new TypeError('a run without records');
    return {
      record,
      error: error instanceof BatchRecordError ? error.cause : error,
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
    this.dependencies.emit(type === 'record-failed' ? { ...event, type, retryInMs } : { ...event, type });
  }
}

function splitAt<T>(items: readonly T[], index: number): T[][] {
  return [items.slice(0, index), items.slice(index, index + 1), items.slice(index + 1)].filter(
    (part) => part.length > 0,
  );
}

/** A function, so that the compiler does not hold on to what it saw before an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
