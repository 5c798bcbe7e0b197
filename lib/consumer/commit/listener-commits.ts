import { setTimeout as sleep } from 'node:timers/promises';
import { CommitFailedError } from '../../wire/commit-failed-error.js';
import { KafkaError } from '../../wire/kafka-error.js';
import { RetryBackoff } from '../../wire/retry-backoff.js';
import { withDeadline } from '../../wire/with-deadline.js';
import type { AssignedPartition, OffsetToCommit } from '../consumer-engine-api.js';
import { awaitedCommit, commitWithCallback, type CommitRequest } from './commit-request.js';
import type { CommitCallback, ListenerOffsets } from './commit-strategy.js';
import { OffsetTracker } from './offset-tracker.js';

export interface ListenerCommitsOptions {
  readonly listenerId: string;
  /** The engine's. */
  readonly commit: (offsets: readonly OffsetToCommit[], deadline: number) => Promise<void>;
  /** Offsets are committed with transactions: nothing is ever committed here. */
  readonly isTransactional: boolean;
  /** How long a commit is tried unless somebody has said so. */
  readonly defaultApiTimeoutMs: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  /**
   * A commit has failed, other than because the group has moved on.
   * @param wasReported whether somebody was told already: by a callback, or by the rejection of what is awaited
   */
  readonly onFailure: (error: Error, wasReported: boolean) => void;
}

interface PartitionOffsets {
  readonly tracker: OffsetTracker;
  /** null when nothing was committed by this member. */
  committed: bigint | null;
  /** Records that were done when the last commit was made. */
  committedRecords: number;
}

/** What one commit sends, and for which state of its partitions. */
interface Round {
  readonly offsets: OffsetToCommit[];
  readonly states: { readonly entry: PartitionOffsets; readonly doneRecords: number }[];
}

/** How soon offsets are committed that have moved without any record: over markers, aborted records, compacted ends. */
const SKIPPED_COMMIT_DELAY_MS = 1_000;

/**
 * Commits the offsets of one listener. One commit is in flight at a time, and each takes the watermarks of the moment in which it is sent. So an older offset never
 * follows a newer one, and what has failed is part of what comes next.
 */
export class ListenerCommits implements ListenerOffsets {
  private readonly partitions = new Map<AssignedPartition, PartitionOffsets>();
  private readonly tally = { records: 0 };
  private readonly backoff: RetryBackoff;
  /** Settles when it has ended, either way; never rejects. */
  private inFlight: Promise<void> | null = null;
  private isWanted = false;
  private requests: CommitRequest[] = [];
  private failures = 0;
  private lastFailure: Error | null = null;
  private isClosed = false;
  private retryTimer: NodeJS.Timeout | null = null;
  private skippedTimer: NodeJS.Timeout | null = null;

  public constructor(private readonly options: ListenerCommitsOptions) {
    this.backoff = new RetryBackoff(options.retryBackoffMs, options.retryBackoffMaxMs);
  }

  public get listenerId(): string {
    return this.options.listenerId;
  }

  public get uncommittedRecords(): number {
    return this.tally.records;
  }

  /** @param committed where the group was to go on, if that is known */
  public add(partition: AssignedPartition, committed: bigint | null = null): OffsetTracker {
    const tracker = new OffsetTracker(this.tally);
    this.partitions.set(partition, { tracker, committed, committedRecords: 0 });
    return tracker;
  }

  /** Nothing is committed for it any more; who waits for that is not held up. */
  public remove(partition: AssignedPartition): void {
    this.partitions.delete(partition);
  }

  /** What this member has committed; null for nothing. */
  public committed(partition: AssignedPartition): bigint | null {
    return this.partitions.get(partition)?.committed ?? null;
  }

  /** A transaction has committed it. */
  public noteCommitted(partition: AssignedPartition, offset: bigint): void {
    const entry = this.partitions.get(partition);
    if (entry === undefined) return;
    entry.committed = offset;
    entry.committedRecords = entry.tracker.doneRecords;
  }

  /** Reading went on without a record. Nothing is left to decide about that, so it is committed soon, without a strategy. */
  public skipped(): void {
    if (this.skippedTimer !== null || this.options.isTransactional || this.isClosed) return;
    this.skippedTimer = setTimeout(() => {
      this.skippedTimer = null;
      this.commitSkipped();
    }, SKIPPED_COMMIT_DELAY_MS);
    this.skippedTimer.unref();
  }

  public commitSync(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.ask(awaitedCommit(Date.now() + this.options.defaultApiTimeoutMs, resolve, reject));
    });
  }

  public commitAsync(callback?: CommitCallback): void {
    this.ask(callback === undefined ? null : commitWithCallback(callback, (error) => this.callbackThrew(error)));
  }

  /**
   * Commits the watermarks of partitions that are about to be given away, after what is in flight; sends nothing when nothing is new.
   * @param deadline milliseconds since the epoch; retriable errors are retried until then
   * @throws (as a rejection) when the offsets could not be committed, not when partitions are no longer assigned
   */
  public async commitFinal(partitions: readonly AssignedPartition[], deadline: number): Promise<void> {
    for (let attempts = 1; ; attempts++) {
      while (this.inFlight !== null) {
        await withDeadline(this.inFlight, deadline, `A commit of ${this.listenerId} has not ended`);
      }
      const round = this.capture(partitions);
      if (round.offsets.length === 0) return;
      const error = await this.alone(this.send(round, deadline));
      if (error === null || hasMovedOn(error, round)) return;
      const delay = this.backoff.delay(attempts);
      if (!isRetriable(error) || Date.now() + delay >= deadline) throw error;
      await sleep(delay);
    }
  }

  /** Forgets all partitions and ends the timers. Who still waits for another attempt gets the error of the last one. */
  public close(): void {
    this.isClosed = true;
    this.partitions.clear();
    if (this.skippedTimer !== null) clearTimeout(this.skippedTimer);
    this.skippedTimer = null;
    if (this.retryTimer === null) return;
    clearTimeout(this.retryTimer);
    this.retryTimer = null;
    this.isWanted = false;
    for (const request of this.requests.splice(0)) request.settle(this.lastFailure, [], false);
  }

  private ask(request: CommitRequest | null): void {
    this.tally.records = 0;
    this.isWanted = true;
    if (request !== null) this.requests.push(request);
    // After a failure nobody jumps the queue, so that a broker in trouble is left in peace for a moment.
    if (request !== null) this.retryTimer?.ref();
    this.goOn();
  }

  private goOn(): void {
    if (!this.isWanted || this.inFlight !== null || this.retryTimer !== null) return;
    const { requests } = this;
    const round = this.capture(this.partitions.keys());
    this.isWanted = false;
    if (round.offsets.length === 0 && requests.length === 0) return;
    this.requests = [];
    void this.alone(this.run(round, requests));
  }

  /** What a commit takes now. */
  private capture(partitions: Iterable<AssignedPartition>): Round {
    const round: Round = { offsets: [], states: [] };
    if (this.options.isTransactional) return round;
    for (const partition of partitions) {
      const entry = this.partitions.get(partition);
      if (entry === undefined || !partition.isAssigned) continue;
      const { doneRecords, watermark, watermarkLeaderEpoch: leaderEpoch } = entry.tracker;
      if (watermark === null || watermark === entry.committed) continue;
      round.offsets.push({ partition, offset: watermark, leaderEpoch });
      round.states.push({ entry, doneRecords });
    }
    return round;
  }

  /** Nothing else is sent meanwhile. What was asked for meanwhile follows. */
  private async alone<T>(work: Promise<T>): Promise<T> {
    const ended = work.then(
      () => undefined,
      () => undefined,
    );
    this.inFlight = ended.then(() => {
      this.inFlight = null;
      this.goOn();
    });
    return work;
  }

  private async run(round: Round, requests: readonly CommitRequest[]): Promise<void> {
    const error = await this.send(round, this.deadlineFor(requests));
    if (error === null) for (const request of requests) request.settle(null, round.offsets, false);
    else this.failed(error, round, requests);
  }

  /** The earliest of those who wait: it is for them that it ends in time, and for the others it is tried again. */
  private deadlineFor(requests: readonly CommitRequest[]): number {
    let earliest = Date.now() + this.options.defaultApiTimeoutMs;
    for (const { deadline } of requests) {
      if (deadline !== null && deadline < earliest) earliest = deadline;
    }
    return earliest;
  }

  /** Never rejects. @returns what went wrong */
  private async send({ offsets, states }: Round, deadline: number): Promise<Error | null> {
    if (offsets.length === 0) return null;
    try {
      await this.options.commit(offsets, deadline);
    } catch (error) {
      this.lastFailure = error instanceof Error ? error : new Error(String(error));
      return this.lastFailure;
    }
    offsets.forEach(({ offset, partition }, index) => {
      // After a seek this is another entry: it has done nothing yet, but what the broker holds is the same.
      const entry = this.partitions.get(partition);
      if (entry === undefined) return;
      const state = states[index];
      entry.committed = offset;
      if (state?.entry === entry) entry.committedRecords = state.doneRecords;
    });
    this.failures = 0;
    return null;
  }

  private failed(error: Error, round: Round, requests: readonly CommitRequest[]): void {
    const movedOn = hasMovedOn(error, round);
    const isAgain = isRetriable(error) && !movedOn && !this.isClosed;
    const mayWait = ({ deadline }: CommitRequest): boolean => isAgain && deadline !== null && deadline > Date.now();
    const ended = requests.filter((request) => !mayWait(request));
    this.requests.unshift(...requests.filter(mayWait));
    if (isAgain) this.isWanted = true;
    if (!this.isClosed) this.retryLater();
    for (const request of ended) request.settle(error, round.offsets, movedOn);
    if (!movedOn) this.options.onFailure(error, ended.length > 0);
  }

  private retryLater(): void {
    this.failures++;
    this.retryTimer = setTimeout(() => {
      this.retryTimer = null;
      this.goOn();
    }, this.backoff.delay(this.failures));
    if (this.requests.length === 0) this.retryTimer.unref();
  }

  /** Commits for partitions where nothing but the position has changed since the last commit; when to commit others is the strategy's decision. */
  private commitSkipped(): void {
    if (this.inFlight !== null || this.retryTimer !== null) {
      this.skipped();
      return;
    }
    const quiet = [...this.partitions].filter(([, entry]) => entry.tracker.doneRecords === entry.committedRecords);
    const round = this.capture(quiet.map(([partition]) => partition));
    if (round.offsets.length > 0) void this.alone(this.run(round, []));
  }

  private callbackThrew(cause: unknown): void {
    this.options.onFailure(
      new KafkaError(`The commit callback of ${this.listenerId} has thrown. Callbacks should not.`, { cause }),
      false,
    );
  }
}

function isRetriable(error: Error): boolean {
  return error instanceof KafkaError && error.retriable;
}

/** Whether nothing is lost by the failure: somebody else goes on with the partitions, from what was committed before. */
function hasMovedOn(error: Error, { offsets }: Round): boolean {
  return error instanceof CommitFailedError || offsets.every(({ partition }) => !partition.isAssigned);
}
