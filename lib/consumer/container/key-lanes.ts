import { Fifo } from '../../wire/fifo.js';

/** What stays in order: the records of one key of one partition. */
export interface LaneKey {
  /** The assigned partition; told by its identity. */
  readonly partition: object;
  /** Told by its bytes. Records without a key share a lane per partition. */
  readonly key: Buffer | null;
}

/** Waits without counting against the limit: another lane may work meanwhile. Ends when the wait has ended and there is room again. */
export type Park = (wait: () => Promise<void>) => Promise<void>;

/** Takes one record through its handler. Should not reject. */
export type LaneTask = (park: Park) => Promise<void>;

interface QueuedTask {
  readonly task: LaneTask;
  next: QueuedTask | null;
}

interface Lane {
  readonly group: LaneGroup;
  readonly name: string | null;
  head: QueuedTask | null;
  tail: QueuedTask | null;
  /** A task has been started and has not ended, parked or not. */
  isBusy: boolean;
}

/** The lanes of one partition. */
interface LaneGroup {
  readonly partition: object;
  readonly lanes: Map<string | null, Lane>;
  /** Tasks that wait, run or are parked. */
  size: number;
  readonly onDrained: (() => void)[];
}

/** Something that waits for room: the next task of a lane, or a parked one that wants to go on. */
type Turn = Lane | (() => void);

/**
 * Runs tasks: those of a lane one after the other, those of different lanes side by side, so many at a time, in fair turns. Every operation costs the same however many
 * tasks and lanes there are.
 */
export class KeyLanes {
  private readonly groups = new Map<object, LaneGroup>();
  private readonly turns = new Fifo<Turn>();
  private running = 0;
  private total = 0;
  private isStarting = false;
  private readonly onDrained: (() => void)[] = [];

  /**
   * @param limit tasks that run at a time, parked ones not counted; at least 1
   * @param onTaskError for tasks that reject although they should not; called before anything else is started
   */
  public constructor(
    private readonly limit: number,
    private readonly onTaskError: (error: unknown) => void,
  ) {}

  /** Tasks that wait, run or are parked. */
  public get size(): number {
    return this.total;
  }

  /** May start the task before it returns. */
  public push({ key, partition }: LaneKey, task: LaneTask): void {
    const group = this.groupOf(partition);
    const lane = laneOf(group, key);
    const queued: QueuedTask = { task, next: null };
    const isFirst = lane.tail === null;
    if (lane.tail === null) lane.head = queued;
    else lane.tail.next = queued;
    lane.tail = queued;
    group.size++;
    this.total++;
    if (!isFirst || lane.isBusy) return;
    this.turns.push(lane);
    this.start();
  }

  /** Resolves when no task waits, runs or is parked; of one partition, or of all. */
  public drained(partition?: object): Promise<void> {
    const group =
      partition === undefined ? { size: this.total, onDrained: this.onDrained } : this.groups.get(partition);
    if (group === undefined || group.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      group.onDrained.push(resolve);
    });
  }

  /** Drops the tasks that wait, of one partition or of all. Those that were started go on, and their lanes wait for them. */
  public clear(partition?: object): void {
    const groups = partition === undefined ? [...this.groups.values()] : [this.groups.get(partition)];
    for (const group of groups) {
      if (group !== undefined) this.clearGroup(group);
    }
  }

  private clearGroup(group: LaneGroup): void {
    let dropped = 0;
    for (const lane of group.lanes.values()) {
      for (let queued = lane.head; queued !== null; queued = queued.next) dropped++;
      lane.head = null;
      lane.tail = null;
      if (!lane.isBusy) group.lanes.delete(lane.name);
    }
    this.ended(group, dropped);
  }

  private groupOf(partition: object): LaneGroup {
    let group = this.groups.get(partition);
    if (group === undefined) {
      group = { partition, lanes: new Map(), size: 0, onDrained: [] };
      this.groups.set(partition, group);
    }
    return group;
  }

  /** A loop instead of a recursion, however many tasks are started from within others. */
  private start(): void {
    if (this.isStarting) return;
    this.isStarting = true;
    while (this.running < this.limit) {
      const turn = this.turns.shift();
      if (turn === undefined) break;
      if (typeof turn === 'object') this.startNext(turn);
      else {
        this.running++;
        turn();
      }
    }
    this.isStarting = false;
  }

  private startNext(lane: Lane): void {
    const queued = lane.head;
    // What it waited for was dropped.
    if (queued === null) return;
    lane.head = queued.next;
    if (lane.head === null) lane.tail = null;
    lane.isBusy = true;
    this.running++;
    void this.run(lane, queued.task);
  }

  private async run(lane: Lane, task: LaneTask): Promise<void> {
    let isParked = false;
    let hasEnded = false;
    const park: Park = async (wait) => {
      if (isParked || hasEnded) return wait();
      isParked = true;
      this.running--;
      this.start();
      try {
        await wait();
      } finally {
        await new Promise<void>((resolve) => {
          this.turns.push(() => {
            // It has ended without waiting for the end of the wait.
            if (hasEnded) this.running--;
            isParked = false;
            resolve();
          });
          this.start();
        });
      }
    };
    try {
      await task(park);
    } catch (error) {
      this.onTaskError(error);
    }
    hasEnded = true;
    if (!isParked) this.running--;
    this.laneEnded(lane);
  }

  private laneEnded(lane: Lane): void {
    lane.isBusy = false;
    if (lane.head === null) lane.group.lanes.delete(lane.name);
    else this.turns.push(lane);
    this.ended(lane.group, 1);
    this.start();
  }

  private ended(group: LaneGroup, count: number): void {
    group.size -= count;
    this.total -= count;
    if (group.size === 0) {
      this.groups.delete(group.partition);
      for (const resolve of group.onDrained.splice(0)) resolve();
    }
    if (this.total > 0) return;
    for (const resolve of this.onDrained.splice(0)) resolve();
  }
}

/** Tells lanes of a partition apart. */
export function laneName(key: Buffer | null): string | null {
  return key === null ? null : key.toString('latin1');
}

function laneOf(group: LaneGroup, key: Buffer | null): Lane {
  const name = laneName(key);
  let lane = group.lanes.get(name);
  if (lane === undefined) {
    lane = { group, name, head: null, tail: null, isBusy: false };
    group.lanes.set(name, lane);
  }
  return lane;
}
