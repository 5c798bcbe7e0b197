import { describe, expect, it } from '@jest/globals';
import type { AssignedPartition, OffsetToCommit } from '../../consumer/consumer-engine-api.js';
import { RebalanceInProgressError } from '../../consumer/internals/offsets/offset-errors.js';
import { CommitFailedError } from '../../wire/commit-failed-error.js';
import { KafkaError } from '../../wire/kafka-error.js';
import { PrintedOffsets } from './printed-offsets.js';

function partition(index: number, isAssigned = true): AssignedPartition {
  const membership = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null };
  const calls = { pause: () => undefined, resume: () => undefined, seek: () => undefined };
  return { topic: 't', partition: index, isAssigned, membership, position: 0n, endOffset: 0n, ...calls };
}

function bench() {
  const commits: (readonly [number, bigint][])[] = [];
  const warnings: string[] = [];
  const answers: (() => Promise<void>)[] = [];
  const engine = {
    commit: async (offsets: readonly OffsetToCommit[]): Promise<void> => {
      commits.push(offsets.map(({ offset, partition }) => [partition.partition, offset] as [number, bigint]));
      await answers.shift()?.();
    },
  };
  const ignore = (): void => undefined;
  const log = { debug: ignore, info: ignore, error: ignore, warn: (line: string) => void warnings.push(line) };
  const offsets = new PrintedOffsets(engine, log);
  const note = (of: AssignedPartition, offset: bigint): void => offsets.note({ partition: of, offset, leaderEpoch: 0 });
  return { commits, warnings, answers, offsets, note };
}

describe('PrintedOffsets', () => {
  it('commits the last of each partition once, and none that was given away', async () => {
    const { commits, note, offsets } = bench();
    const first = partition(0);
    note(first, 1n);
    note(first, 2n);
    note(partition(1, false), 5n);
    await offsets.commit();
    await offsets.commit();
    expect(commits).toEqual([[[0, 2n]]]);
  });

  it('has one commit under way, and waits for it before another', async () => {
    const { answers, commits, note, offsets } = bench();
    let release: () => void = () => undefined;
    answers.push(() => new Promise((resolve) => (release = resolve)));
    note(partition(0), 1n);
    offsets.commitSoon();
    note(partition(0), 2n);
    offsets.commitSoon();
    const last = offsets.commit();
    await Promise.resolve();
    expect(commits.length).toBe(1);
    release();
    await last;
    expect(commits).toEqual([[[0, 1n]], [[0, 2n]]]);
  });

  it('keeps what could not be committed while the group rebalances', async () => {
    const { answers, commits, note, offsets } = bench();
    answers.push(() => Promise.reject(new RebalanceInProgressError('rebalancing')));
    note(partition(0), 1n);
    await offsets.commit();
    await offsets.commit();
    expect(commits).toEqual([[[0, 1n]], [[0, 1n]]]);
  });

  it('leaves to others what the group has moved on with', async () => {
    const { answers, commits, note, offsets, warnings } = bench();
    answers.push(() => Promise.reject(new CommitFailedError('moved on.')));
    note(partition(0), 1n);
    await offsets.commit();
    await offsets.commit();
    expect(commits.length).toBe(1);
    expect(warnings).toEqual([expect.stringContaining('moved on.')]);
  });

  it('tells any other failure to who waits, and warns where nobody does', async () => {
    const { answers, note, offsets, warnings } = bench();
    for (let i = 0; i < 2; i++) answers.push(() => Promise.reject(new KafkaError('no rights')));
    note(partition(0), 1n);
    await expect(offsets.commit()).rejects.toThrow('no rights');
    offsets.commitSoon();
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([expect.stringContaining('no rights')]);
  });
});
