import { CommitFailedError } from '../../wire/commit-failed-error.js';
import { KafkaTimeoutError } from '../../wire/kafka-timeout-error.js';
import { turns, until } from '../../wire/spec-support/until.js';
import { retriable, final, assigned, handle, CommitBench, watch } from './spec-support/commit-bench.js';

describe('The final commit', () => {
  const soon = (): number => Date.now() + 5_000;

  it('waits for what is in flight, then commits the rest', async () => {
    const bench = new CommitBench();
    const partition = assigned(0);
    const tracker = bench.commits.add(partition);
    handle(tracker, 5);
    bench.commits.commitAsync();
    handle(tracker, 3);
    const deadline = soon();
    const outcome = watch(bench.commits.commitFinal([partition], deadline));
    await turns();
    expect(bench.values).toEqual([['0: 5']]);
    await bench.last.succeed();
    expect(bench.values).toEqual([['0: 5'], ['0: 8']]);
    expect(bench.last.deadline).toBe(deadline);
    expect(outcome.state).toBe('open');
    await bench.last.succeed();
    expect(outcome.state).toBe('resolved');
  });

  it('sends nothing when what was in flight was all', async () => {
    const bench = new CommitBench();
    const partition = assigned(0);
    handle(bench.commits.add(partition), 5);
    bench.commits.commitAsync();
    const outcome = watch(bench.commits.commitFinal([partition], soon()));
    await bench.last.succeed();
    expect(outcome.state).toBe('resolved');
    await bench.commits.commitFinal([partition], soon());
    expect(bench.sent).toHaveLength(1);
  });

  it('takes only the partitions that are given away', async () => {
    const bench = new CommitBench();
    const [given, kept] = [assigned(0), assigned(1)];
    for (const partition of [given, kept]) handle(bench.commits.add(partition), 5);
    void bench.commits.commitFinal([given], soon());
    expect(bench.last.values).toEqual(['0: 5']);
    await bench.last.succeed();
    expect(bench.commits.uncommittedRecords).toBe(10);
  });

  it('makes up for a commit that has failed, without its back-off', async () => {
    const bench = new CommitBench({ retryBackoffMs: 60_000, retryBackoffMaxMs: 60_000 });
    const partition = assigned(0);
    handle(bench.commits.add(partition), 5);
    bench.commits.commitAsync();
    await bench.last.fail(retriable());
    void bench.commits.commitFinal([partition], soon());
    await turns();
    expect(bench.values).toEqual([['0: 5'], ['0: 5']]);
    bench.commits.close();
  });

  it('retries until the deadline', async () => {
    const bench = new CommitBench({ retryBackoffMs: 1, retryBackoffMaxMs: 2 });
    const partition = assigned(0);
    handle(bench.commits.add(partition), 5);
    const outcome = watch(bench.commits.commitFinal([partition], soon()));
    for (let count = 1; count <= 3; count++) {
      await until(() => bench.sent.length === count);
      await bench.last.fail(retriable());
    }
    await until(() => bench.sent.length === 4);
    await bench.last.succeed();
    expect(outcome.state).toBe('resolved');
  });

  it('throws what went wrong when its time is over', async () => {
    const bench = new CommitBench({ retryBackoffMs: 1, retryBackoffMaxMs: 2 });
    const partition = assigned(0);
    handle(bench.commits.add(partition), 5);
    const outcome = watch(bench.commits.commitFinal([partition], Date.now() + 30));
    for (let count = 1; outcome.state === 'open'; count++) {
      await until(() => bench.sent.length === count || outcome.state !== 'open');
      if (outcome.state === 'open') await bench.last.fail(retriable());
    }
    expect(outcome).toMatchObject({ state: 'rejected', error: { codeName: 'COORDINATOR_LOAD_IN_PROGRESS' } });
    expect(bench.sent.length).toBeGreaterThan(1);
  });

  it('throws at once what cannot succeed', async () => {
    const bench = new CommitBench();
    const partition = assigned(0);
    handle(bench.commits.add(partition), 5);
    const outcome = watch(bench.commits.commitFinal([partition], soon()));
    await bench.last.fail(final());
    expect(outcome).toMatchObject({ state: 'rejected', error: { codeName: 'TOPIC_AUTHORIZATION_FAILED' } });
  });

  it('does not wait longer than its time for what is in flight', async () => {
    const bench = new CommitBench();
    const partition = assigned(0);
    handle(bench.commits.add(partition), 5);
    bench.commits.commitAsync();
    await expect(bench.commits.commitFinal([partition], Date.now() + 20)).rejects.toBeInstanceOf(KafkaTimeoutError);
    expect(bench.sent).toHaveLength(1);
  });

  it('is content when the partitions are lost meanwhile', async () => {
    const bench = new CommitBench();
    const partition = assigned(0);
    handle(bench.commits.add(partition), 5);
    const refused = watch(bench.commits.commitFinal([partition], soon()));
    await bench.last.fail(new CommitFailedError('the group has moved on'));
    expect(refused.state).toBe('resolved');
    partition.isAssigned = false;
    await bench.commits.commitFinal([partition], soon());
    expect(bench.sent).toHaveLength(1);
  });

  it('lets those follow who have asked for a commit meanwhile', async () => {
    const bench = new CommitBench();
    const [given, kept] = [assigned(0), assigned(1)];
    handle(bench.commits.add(given), 5);
    void bench.commits.commitFinal([given], soon());
    handle(bench.commits.add(kept), 3);
    const outcome = watch(bench.commits.commitSync());
    expect(bench.sent).toHaveLength(1);
    await bench.last.succeed();
    expect(bench.values).toEqual([['0: 5'], ['1: 3']]);
    await bench.last.succeed();
    expect(outcome.state).toBe('resolved');
  });
});
