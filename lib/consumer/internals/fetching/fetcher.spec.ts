import { afterEach, describe, expect, it } from '@jest/globals';
import { CommitFailedError } from '../../../wire/commit-failed-error.js';
import { UnsupportedBrokerError } from '../../../wire/connection-errors.js';
import type { ConsumerConfig } from '../../consumer-config.js';
import { turns, until } from '../../../wire/spec-support/until.js';
import { FetchBench, values } from './spec-support/fetch-bench.js';

const NOT_LEADER = 6;
const OUT_OF_RANGE = 1;

describe('Fetcher', () => {
  const benches: FetchBench[] = [];
  const start = (leaders: readonly number[], config: Partial<ConsumerConfig> = {}): FetchBench => {
    const bench = new FetchBench(leaders, config);
    benches.push(bench);
    for (const index of leaders.keys()) bench.committed.set(index, 5n);
    bench.assign();
    return bench;
  };
  afterEach(async () => {
    await Promise.all(benches.splice(0).map(({ fetcher }) => fetcher.close()));
  });

  it('asks each broker for its partitions, one request at a time', async () => {
    const bench = start([1, 2, 1]);
    const first = await bench.next(1);
    expect(first.summary).toBe('t-0@5 t-2@5');
    expect((await bench.next(2)).summary).toBe('t-1@5');
    bench.fetcher.metadataChanged();
    await turns();
    expect(bench.sent.length).toBe(2);
    first.answer({ 0: values(5, 'a', 'b'), 2: values(5, 'c') });
    expect((await bench.next(1)).summary).toMatch(/^(t-0@7 t-2@6|t-2@6 t-0@7)$/);
    expect(bench.records.sort()).toEqual(['0:a', '0:b', '2:c']);
  });

  it('does not let one partition that fails cost the others anything', async () => {
    const bench = start([1, 1, 1], { retryBackoffMs: 300, retryBackoffMaxMs: 300 });
    const first = await bench.next();
    first.answer({ 0: values(5, 'a'), 1: { errorCode: NOT_LEADER }, 2: { errorCode: 75 } });
    const second = await bench.next();
    expect(bench.records).toEqual(['0:a']);
    expect(second.summary).toBe('t-0@6');
    // Those that wait come back soon: idle partitions must not hold them up.
    expect(second.request.maxWaitMs).toBe(50);
    expect(bench.metadataRequests).toBeGreaterThan(0);
    let next = second;
    while (!next.summary.includes('t-1@5 t-2@5')) {
      next.answer({});
      next = await bench.next();
    }
    expect(bench.troubles).toEqual([]);
  });

  it('goes at once to the leader that the former one has named', async () => {
    const bench = start([1]);
    const first = await bench.next(1);
    first.answer({ 0: { errorCode: NOT_LEADER, currentLeader: { leaderId: 2, leaderEpoch: 7 } } });
    const second = await bench.next(2);
    expect(second.request.topics[0]?.partitions[0]).toMatchObject({ fetchOffset: 5n, currentLeaderEpoch: 7 });
  });

  it('drops what the former leader gives when the new one has given it already', async () => {
    const bench = start([1]);
    const former = await bench.next(1);
    bench.lead([2], 1);
    bench.fetcher.metadataChanged();
    (await bench.next(2)).answer({ 0: values(5, 'a') });
    expect((await bench.next(2)).summary).toBe('t-0@6');
    former.answer({ 0: values(5, 'a', 'b') });
    await turns();
    expect(bench.records).toEqual(['0:a']);
  });

  it('leaves a broker that does not answer when another one leads', async () => {
    const bench = start([1], { fetchMaxWaitMs: 10 });
    await until(() => bench.open.length === 1);
    bench.lead([2], 1);
    bench.fetcher.metadataChanged();
    expect((await bench.next(2)).summary).toBe('t-0@5');
    expect(bench.disconnected).toEqual([]);
    await until(() => bench.disconnected.length > 0);
    expect(bench.disconnected).toEqual([1]);
  });

  it('asks for metadata while a broker does not answer', async () => {
    const bench = start([1], { fetchMaxWaitMs: 10 });
    await until(() => bench.metadataRequests > 0);
    expect(bench.disconnected).toEqual([]);
  });

  it('drops what comes for a partition that was sought elsewhere meanwhile', async () => {
    const bench = start([1]);
    const first = await bench.next();
    const [partition] = bench.fetcher.assigned;
    partition?.seek(3n);
    partition?.seek(5n);
    first.answer({ 0: values(5, 'old') });
    const second = await bench.next();
    expect(second.summary).toBe('t-0@5');
    expect(bench.records).toEqual([]);
    second.answer({ 0: values(5, 'new') });
    await until(() => bench.records.length > 0);
    expect(bench.records).toEqual(['0:new']);
  });

  it('drops what comes for a partition that was revoked meanwhile, and assigned anew', async () => {
    const bench = start([1]);
    const first = await bench.next();
    const [partition] = bench.fetcher.assigned;
    bench.fetcher.unassign(bench.fetcher.assigned);
    expect(partition?.isAssigned).toBe(false);
    bench.assign();
    await turns();
    first.answer({ 0: values(5, 'old') });
    expect((await bench.next()).summary).toBe('t-0@5');
    expect(bench.records).toEqual([]);
  });

  it('keeps what comes for a paused partition, and asks for no more of it', async () => {
    const bench = start([1, 1]);
    const first = await bench.next();
    const [paused] = bench.fetcher.assigned;
    paused?.pause('x');
    first.answer({ 0: values(5, 'kept') });
    const second = await bench.next();
    expect(second.summary).toBe('t-1@5');
    expect(second.request.maxWaitMs).toBe(50);
    expect(bench.records).toEqual([]);
    paused?.resume('y');
    await turns();
    expect(bench.records).toEqual([]);
    paused?.resume('x');
    await until(() => bench.records.length > 0);
    expect(bench.records).toEqual(['0:kept']);
    second.answer({});
    const third = await bench.next();
    expect(third.request.topics[0]?.partitions.length).toBe(2);
    expect(third.request.maxWaitMs).toBe(500);
  });

  it('stops in the middle of a fetch when the partition is paused by who gets the records', async () => {
    const bench = start([1]);
    bench.onRecords = (partition) => partition.pause('full');
    const first = await bench.next();
    first.answer({ 0: values(5, ...Array.from({ length: 2_500 }, String)) });
    await until(() => bench.records.length > 0);
    await turns();
    expect(bench.records.length).toBe(1_000);
    expect(bench.fetcher.assigned[0]?.position).toBe(1_005n);
    bench.fetcher.assigned[0]?.resume('full');
    await until(() => bench.records.length === 2_000);
    bench.fetcher.assigned[0]?.seek(7n);
    bench.fetcher.assigned[0]?.resume('full');
    expect((await bench.next()).summary).toBe('t-0@7');
    expect(bench.records.length).toBe(2_000);
  });

  it('goes on after a callback has thrown', async () => {
    const bench = start([1]);
    bench.onRecords = () => {
      throw new Error('on purpose');
    };
    (await bench.next()).answer({ 0: values(5, 'a') });
    expect((await bench.next()).summary).toBe('t-0@6');
  });

  it('asks for no more while it hands out, except where more is certain', async () => {
    const bench = start([1, 1]);
    const first = await bench.next();
    first.answer({ 0: values(5, ...Array.from({ length: 3_000 }, String)) });
    await until(() => bench.records.length === 2_000);
    expect(bench.open).toEqual([]);
    const second = await bench.next();
    expect(bench.records.length).toBe(3_000);
    second.answer({
      0: values(3_005, ...Array.from({ length: 3_000 }, String)),
      1: { ...values(5, 'x'), lastStableOffset: 1_000n, highWatermark: 1_000n },
    });
    const third = await bench.next();
    expect(bench.records.length).toBeLessThan(6_001);
    expect(third.summary).toBe('t-1@6');
    expect(third.request.maxWaitMs).toBe(50);
  });

  it('puts those first that have waited longest for something', async () => {
    const bench = start([1, 1, 1]);
    const first = await bench.next();
    first.answer({ 0: values(5, 'a') });
    const second = await bench.next();
    expect(second.summary).toBe('t-1@5 t-2@5 t-0@6');
    second.answer({ 1: values(5, 'b') });
    expect((await bench.next()).summary).toBe('t-2@5 t-0@6 t-1@6');
  });

  it('does not jump when a leader refuses an offset that is in the log', async () => {
    const bench = start([1], { autoOffsetReset: 'latest' });
    (await bench.next()).answer({ 0: { errorCode: OUT_OF_RANGE } });
    const second = await bench.next();
    expect(second.summary).toBe('t-0@5');
    expect(bench.commits).toEqual([]);
  });

  it('jumps when it is not, and with latest commits where to before it reads', async () => {
    const bench = start([1], { autoOffsetReset: 'latest' });
    bench.logRange = [50n, 80n];
    let release = (): void => undefined;
    bench.onCommit = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    (await bench.next()).answer({ 0: { errorCode: OUT_OF_RANGE } });
    await until(() => bench.commits.length === 1);
    await turns();
    expect(bench.open).toEqual([]);
    release();
    expect((await bench.next()).summary).toBe('t-0@80');
    expect(bench.commits).toEqual([[{ topic: 't', partition: 0, offset: 80n, leaderEpoch: -1 }]]);
  });

  it('reads nothing from an end that could not be committed, and tries again', async () => {
    const bench = new FetchBench([1], { autoOffsetReset: 'latest' });
    benches.push(bench);
    let refusals = 2;
    bench.onCommit = () => (refusals-- > 0 ? Promise.reject(new CommitFailedError('gone')) : Promise.resolve());
    bench.assign();
    expect((await bench.next()).summary).toBe('t-0@100');
    expect(bench.commits.length).toBe(3);
    expect(bench.troubles).toEqual(['gone', null]);
    expect(bench.fatal).toEqual([]);
  });

  it('does not lead a partition back that was sought while its position was looked up', async () => {
    const bench = new FetchBench([1]);
    benches.push(bench);
    bench.committed.set(0, 5n);
    const [partition] = bench.assign();
    await new Promise((resolve) => setImmediate(resolve));
    partition?.seek(42n);
    expect((await bench.next()).summary).toBe('t-0@42');
    expect(partition?.position).toBe(42n);
  });

  it('reads from the replica that the leader recommends, and from the leader again when that fails', async () => {
    const bench = start([1], { clientRack: 'b' });
    const first = await bench.next(1);
    expect(first.request.rackId).toBe('b');
    first.answer({ 0: { preferredReadReplica: 2 } });
    const second = await bench.next(2);
    second.answer({ 0: { errorCode: OUT_OF_RANGE } });
    expect((await bench.next(1)).summary).toBe('t-0@5');
  });

  it('waits as long as a broker asks it to', async () => {
    const bench = start([1]);
    const before = Date.now();
    (await bench.next()).answer({ 0: values(5, 'a') }, { throttleTimeMs: 60 });
    await until(() => bench.records.length === 1);
    await bench.next();
    expect(Date.now() - before).toBeGreaterThanOrEqual(58);
  });

  it('tells of trouble once, and when it has passed', async () => {
    const bench = start([-1]);
    await until(() => bench.troubles.length > 0);
    expect(bench.troubles).toEqual(['t-0 has no leader at the moment.']);
    bench.lead([1], 1);
    bench.fetcher.metadataChanged();
    (await bench.next()).answer({});
    await until(() => bench.troubles.length > 1);
    expect(bench.troubles).toEqual(['t-0 has no leader at the moment.', null]);
  });

  it('has no trouble with a partition that is paused: nobody asks about it', async () => {
    const bench = start([1]);
    await bench.next();
    bench.lead([-1], 1);
    bench.fetcher.metadataChanged();
    for (const fetch of bench.open.splice(0)) fetch.fail();
    await until(() => bench.troubles.length > 0);
    bench.fetcher.assigned[0]?.pause('listener');
    await until(() => bench.troubles.length > 1);
    bench.fetcher.assigned[0]?.resume('listener');
    await until(() => bench.troubles.length > 2);
    const trouble = 't-0 has no leader at the moment.';
    expect(bench.troubles).toEqual([trouble, null, trouble]);
  });

  it('counts a broker that refuses connections as trouble until it is reached, or not needed any more', async () => {
    const bench = new FetchBench([1]);
    benches.push(bench);
    bench.down.add(1);
    bench.assign();
    await until(() => bench.troubles.length > 0);
    bench.down.delete(1);
    await bench.next(1);
    expect(bench.troubles).toEqual(['refused', null]);
    expect(bench.metadataRequests).toBeGreaterThan(0);

    const other = new FetchBench([2]);
    benches.push(other);
    other.down.add(2);
    other.assign();
    await until(() => other.troubles.length > 0);
    other.lead([1], 1);
    other.fetcher.metadataChanged();
    await other.next(1);
    expect(other.troubles).toEqual(['refused', null]);
  });

  it.each([
    ['a topic that may not be read', { 0: { errorCode: 29 } }, null],
    ['a broker that is too old', {}, new UnsupportedBrokerError('too old')],
  ])('ends for good with %s', async (_, answer, error) => {
    const bench = start([1]);
    const first = await bench.next();
    if (error === null) first.answer(answer);
    else first.fail(error);
    await until(() => bench.fatal.length > 0);
    await turns();
    expect(bench.fatal.length).toBe(1);
    expect(bench.sent.length).toBe(1);
  });
});
