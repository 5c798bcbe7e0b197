import { describe, expect, it } from '@jest/globals';
import type { AssignedPartition } from '../../consumer/consumer-engine-api.js';
import type { RecordSlice } from './record-slice.js';
import { SliceQueue } from './slice-queue.js';

class FakePartition implements AssignedPartition {
  public readonly topic = 'orders';
  public readonly membership = { groupId: '', generationId: -1, memberId: '', groupInstanceId: null };
  public isAssigned = true;
  public position = 0n;
  public endOffset = 0n;
  public readonly paused = new Set<string>();

  public constructor(public readonly partition: number) {}

  public pause(reason: string): void {
    this.paused.add(reason);
  }

  public resume(reason: string): void {
    this.paused.delete(reason);
  }

  public seek(): void {
    throw new Error('not expected');
  }
}

const GO_ON = new AbortController().signal;

function slice(partition: AssignedPartition, nextOffset: bigint): RecordSlice {
  return { partition, records: [], nextOffset };
}

describe('SliceQueue', () => {
  it('pauses a partition until its slice is done with', async () => {
    const queue = new SliceQueue();
    const partition = new FakePartition(0);
    const given = slice(partition, 5n);
    const waiting = queue.next(null, GO_ON);
    queue.push(given);
    expect(await waiting).toBe(given);
    expect(partition.paused.size).toBe(1);
    await queue.next(0, GO_ON);
    expect(partition.paused.size).toBe(0);
  });

  it('leaves out what was given away or dropped meanwhile', async () => {
    const queue = new SliceQueue();
    const [gone, dropped, kept] = [new FakePartition(0), new FakePartition(1), new FakePartition(2)];
    for (const partition of [gone, dropped, kept]) queue.push(slice(partition, 1n));
    gone.isAssigned = false;
    queue.drop([dropped]);
    expect((await queue.next(0, GO_ON))?.partition).toBe(kept);
    expect(await queue.next(0, GO_ON)).toBeNull();
  });

  it('ends the waiting after its time, and when it is to stop', async () => {
    const queue = new SliceQueue();
    expect(await queue.next(1, GO_ON)).toBeNull();
    const stop = new AbortController();
    const waiting = queue.next(null, stop.signal);
    stop.abort();
    expect(await waiting).toBeNull();
    queue.push(slice(new FakePartition(0), 1n));
    expect(await queue.next(null, stop.signal)).toBeNull();
  });

  it('hands out what was there before a failure', async () => {
    const queue = new SliceQueue();
    queue.push(slice(new FakePartition(0), 1n));
    queue.fail(new Error('no rights'));
    expect(await queue.next(null, GO_ON)).not.toBeNull();
    await expect(queue.next(null, GO_ON)).rejects.toThrow('no rights');
    await expect(queue.failed()).rejects.toThrow('no rights');
  });
});
