import { BrokerUnavailableError, ProducerFatalError } from '../producer/errors.js';
import { turns } from '../wire/spec-support/until.js';
import type { FakeTransactionalEngine } from './spec-support/fake-transactional-engine.js';
import {
  deferred,
  expectNoUnhandledRejections,
  failureOf,
  TransactionBench,
} from './spec-support/transaction-bench.js';

const down = new BrokerUnavailableError('no coordinator');

/** A pool of which some cannot be initialized until the test says otherwise. */
function benchWithout(failing: Set<string>, poolSize: number, failure: Error = down): TransactionBench {
  return new TransactionBench({
    poolSize,
    createEngine: async (id, make): Promise<FakeTransactionalEngine> => {
      const engine = make();
      const { initTransactions } = engine;
      engine.initTransactions = () => {
        if (!failing.has(id)) return initTransactions.call(engine);
        if (failure instanceof ProducerFatalError) engine.become('fatal', failure);
        return Promise.reject(failure);
      };
      return Promise.resolve(engine);
    },
  });
}

const idOfNext = (bench: TransactionBench): Promise<string> =>
  bench.producer.transaction(({ transactionalId }) => transactionalId);

describe('the producers of transactions, while some have no coordinator', () => {
  expectNoUnhandledRejections();

  it('are passed over for one that was not tried yet', async () => {
    const bench = benchWithout(new Set(['t0']), 3);
    expect(await failureOf(idOfNext(bench))).toBe(down);

    expect(await idOfNext(bench)).toBe('t1');
    expect(await idOfNext(bench)).toBe('t1');
    expect(bench.engines.map(({ id }) => id)).toEqual(['t0', 't1']);
  });

  it('are tried in turn when all have failed', async () => {
    const failing = new Set(['t0', 't1', 't2']);
    const bench = benchWithout(failing, 3);
    for (let attempt = 0; attempt < 4; attempt++) expect(await failureOf(idOfNext(bench))).toBe(down);
    failing.delete('t1');

    expect(await idOfNext(bench)).toBe('t1');
    expect(bench.engines.map(({ id }) => id)).toEqual(['t0', 't1', 't2']);
  });

  it('are passed over for one that is being prepared', async () => {
    const bench = benchWithout(new Set(['t0']), 2);
    await failureOf(idOfNext(bench));
    expect(await idOfNext(bench)).toBe('t1');
    const engine = bench.engine('t1');
    engine.fail('commit', down, 'uninitialized');
    const { promise, resolve } = deferred();
    const { initTransactions } = engine;
    engine.initTransactions = () => promise.then(() => initTransactions.call(engine));
    await failureOf(idOfNext(bench));
    engine.scripts.clear();
    const next = idOfNext(bench);
    await turns();
    resolve();

    expect(await next).toBe('t1');
  });

  it('are used again like the others once they have been initialized', async () => {
    const failing = new Set(['t0']);
    const bench = benchWithout(failing, 2);
    await failureOf(idOfNext(bench));
    failing.clear();
    await bench.warmUp(2);
    bench.engine('t0').become('uninitialized');
    bench.engine('t1').become('uninitialized');

    expect(await idOfNext(bench)).toBe('t0');
  });

  it('are not made one after the other when they cannot go on, which the next could not either', async () => {
    const fatal = new ProducerFatalError('no rights');
    const bench = benchWithout(new Set(['t0']), 3, fatal);
    for (let attempt = 0; attempt < 3; attempt++) expect(await failureOf(idOfNext(bench))).toBe(fatal);

    expect(new Set(bench.engines.map(({ id }) => id))).toEqual(new Set(['t0']));
  });
});
