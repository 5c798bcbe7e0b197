import { BrokerResponseError } from '../../../wire/broker-response-error.js';
import { turns } from '../../../wire/spec-support/until.js';
import type { ConsumedRecord } from '../../consumed-record.js';
import type { AssignedPartition, OffsetToCommit } from '../../consumer-engine-api.js';
import { ListenerCommits, type ListenerCommitsOptions } from '../listener-commits.js';
import type { OffsetTracker } from '../offset-tracker.js';

export const COORDINATOR_LOADING = 14;
export const TOPIC_AUTHORIZATION_FAILED = 29;
export const API_TIMEOUT_MS = 60_000;

/** What is tried again. */
export const retriable = (): Error => new BrokerResponseError(COORDINATOR_LOADING);
/** What is not. */
export const final = (): Error => new BrokerResponseError(TOPIC_AUTHORIZATION_FAILED);

export interface TestPartition extends AssignedPartition {
  isAssigned: boolean;
}

export function assigned(partition: number): TestPartition {
  return {
    topic: 'flights',
    partition,
    membership: { groupId: 'board', generationId: 1, memberId: 'member', groupInstanceId: null },
    isAssigned: true,
    position: 0n,
    endOffset: 0n,
    pause: () => undefined,
    resume: () => undefined,
    seek: () => undefined,
  };
}

export function record(offset: number): ConsumedRecord {
  return {
    topic: 'flights',
    partition: 0,
    offset: BigInt(offset),
    timestamp: 0,
    timestampType: 'CreateTime',
    leaderEpoch: 7,
    key: null,
    value: null,
    headers: [],
    sizeInBytes: 0,
  };
}

/** Receives so many records, and has them done. */
export function handle(tracker: OffsetTracker, count: number): void {
  const from = Number(tracker.watermark ?? 0n);
  const records = Array.from({ length: count }, (_, index) => record(from + index));
  tracker.received(records, BigInt(from + count));
  for (const one of records) tracker.done(one);
}

/** A commit that the test answers. */
export class SentCommit {
  public constructor(
    public readonly offsets: readonly OffsetToCommit[],
    public readonly deadline: number,
    private readonly resolve: () => void,
    private readonly reject: (error: Error) => void,
  ) {}

  /** `partition: offset` */
  public get values(): string[] {
    return this.offsets.map(({ offset, partition }) => `${partition.partition}: ${offset}`);
  }

  public async succeed(): Promise<void> {
    this.resolve();
    await turns(3);
  }

  public async fail(error: Error): Promise<void> {
    this.reject(error);
    await turns(3);
  }
}

export class CommitBench {
  public readonly sent: SentCommit[] = [];
  public readonly failures: [string, boolean][] = [];
  public readonly commits: ListenerCommits;

  public constructor(options: Partial<ListenerCommitsOptions> = {}) {
    this.commits = new ListenerCommits({
      listenerId: 'Board.show',
      commit: (offsets, deadline) =>
        new Promise((resolve, reject) => {
          this.sent.push(new SentCommit(offsets, deadline, resolve, reject));
        }),
      isTransactional: false,
      defaultApiTimeoutMs: API_TIMEOUT_MS,
      retryBackoffMs: 100,
      retryBackoffMaxMs: 1_000,
      onFailure: (error, wasReported) => this.failures.push([error.message, wasReported]),
      ...options,
    });
  }

  public get last(): SentCommit {
    const last = this.sent.at(-1);
    if (last === undefined) throw new Error('nothing was sent');
    return last;
  }

  public get values(): string[][] {
    return this.sent.map(({ values }) => values);
  }
}

/** How a promise stands. */
export function watch(promise: Promise<unknown>): { state: 'open' | 'resolved' | 'rejected'; error: unknown } {
  const watched: ReturnType<typeof watch> = { state: 'open', error: null };
  promise.then(
    () => {
      watched.state = 'resolved';
    },
    (error: unknown) => {
      watched.state = 'rejected';
      watched.error = error;
    },
  );
  return watched;
}
