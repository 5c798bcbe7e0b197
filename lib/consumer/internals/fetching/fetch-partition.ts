import type { FetchedBatches } from '../../../wire/fetched-batches.js';
import type { AssignedPartition, GroupMembershipIdentity, SeekTarget } from '../../consumer-engine-api.js';

/**
 * Where the position has to be looked up: what the group has committed; the ends of the log, where `pinned-latest` is committed before anything is read;
 * or `in-range`: whether the position that a leader has refused lies in the log at all.
 */
export type PositionSource = 'committed' | 'earliest' | 'latest' | 'pinned-latest' | 'in-range';

/** A replica to read from instead of the leader (KIP-392). */
export interface ReadReplica {
  readonly nodeId: number;
  /** Milliseconds since the epoch; afterwards the leader is asked again. */
  readonly until: number;
}

/** A partition as the fetcher reads it, from its assignment to its end. */
export class FetchPartition implements AssignedPartition {
  public isAssigned = true;
  public position = -1n;
  public endOffset = -1n;
  /** null while the position is known. */
  public wanted: PositionSource | null = 'committed';
  /** The position is being looked up, or what was fetched is being made readable. */
  public isBusy = false;
  /** Fetched and not handed out; of one fetch at most. */
  public kept: FetchedBatches | null = null;
  public readReplica: ReadReplica | null = null;
  /** Failures in a row. */
  public failures = 0;
  /** Nothing is asked about it before, in milliseconds since the epoch. */
  public retryAt = 0;
  /** Grows with every seek: what was asked for before is known by it. */
  public epoch = 0;
  /** Grows with every answer that has brought something: those who have waited longest come first. */
  public servedAs = 0;
  private readonly pauseReasons = new Set<string>();

  /** @param onChange there may be something to do about it */
  public constructor(
    public readonly topic: string,
    public readonly partition: number,
    public readonly membership: GroupMembershipIdentity,
    private readonly onChange: () => void,
  ) {}

  /** topic-partition */
  public get name(): string {
    return `${this.topic}-${this.partition}`;
  }

  public get isPaused(): boolean {
    return this.pauseReasons.size > 0;
  }

  /** Whether the last fetch has left something behind: the next one is answered at once. */
  public get lags(): boolean {
    return this.position < this.endOffset || this.endOffset === -1n;
  }

  public pause(reason: string): void {
    this.pauseReasons.add(reason);
  }

  public resume(reason: string): void {
    if (this.pauseReasons.delete(reason) && !this.isPaused) this.onChange();
  }

  public seek(target: SeekTarget): void {
    if (!this.isAssigned) return;
    this.forget();
    this.wanted = typeof target === 'bigint' ? null : target;
    this.position = typeof target === 'bigint' ? target : -1n;
    this.onChange();
  }

  /** Revoked or lost. */
  public end(): void {
    this.forget();
    this.isAssigned = false;
  }

  /** Whether an answer to something that was asked under this epoch still counts. */
  public isCurrent(epoch: number): boolean {
    return this.isAssigned && this.epoch === epoch;
  }

  /** Reading goes on from here. */
  public resolve(position: bigint): void {
    this.position = position;
    this.wanted = null;
  }

  private forget(): void {
    this.epoch++;
    this.kept = null;
    this.isBusy = false;
    this.failures = 0;
    this.retryAt = 0;
  }
}
