import type { Propagation } from '../producer/transaction.js';
import { deferred, expectNoUnhandledRejections, TransactionBench } from './spec-support/transaction-bench.js';

describe('propagation', () => {
  expectNoUnhandledRejections();

  const run = async (outer: boolean, propagation: Propagation): Promise<{ calls: string[]; error: unknown }> => {
    const bench = new TransactionBench();
    await bench.warmUp(2);
    const inner = () => bench.producer.transaction(() => bench.send('inner'), { propagation });
    const around = async (): Promise<void> => {
      await bench.send('before');
      await inner();
      await bench.send('after');
    };
    const error: unknown = await (outer ? bench.producer.transaction(around) : around()).catch(
      (thrown: unknown) => thrown,
    );
    return { calls: bench.calls, error };
  };

  it.each<[Propagation, string[]]>([
    ['REQUIRED', ['plain send before', 't0 begin', 't0 send inner', 't0 commit', 'plain send after']],
    ['REQUIRES_NEW', ['plain send before', 't0 begin', 't0 send inner', 't0 commit', 'plain send after']],
    ['SUPPORTS', ['plain send before', 'plain send inner', 'plain send after']],
    ['NOT_SUPPORTED', ['plain send before', 'plain send inner', 'plain send after']],
    ['NEVER', ['plain send before', 'plain send inner', 'plain send after']],
  ])('%s outside of a transaction', async (propagation, calls) => {
    expect(await run(false, propagation)).toEqual({ calls, error: undefined });
  });

  it.each<[Propagation, string[]]>([
    ['REQUIRED', ['t0 begin', 't0 send before', 't0 send inner', 't0 send after', 't0 commit']],
    ['SUPPORTS', ['t0 begin', 't0 send before', 't0 send inner', 't0 send after', 't0 commit']],
    ['MANDATORY', ['t0 begin', 't0 send before', 't0 send inner', 't0 send after', 't0 commit']],
    ['NOT_SUPPORTED', ['t0 begin', 't0 send before', 'plain send inner', 't0 send after', 't0 commit']],
    [
      'REQUIRES_NEW',
      ['t0 begin', 't0 send before', 't1 begin', 't1 send inner', 't1 commit', 't0 send after', 't0 commit'],
    ],
  ])('%s inside of a transaction', async (propagation, calls) => {
    expect(await run(true, propagation)).toEqual({ calls, error: undefined });
  });

  it('MANDATORY outside of a transaction is refused', async () => {
    const { calls, error } = await run(false, 'MANDATORY');

    expect(error).toMatchObject({ name: 'IllegalTransactionStateError', retriable: false });
    expect(calls).toEqual(['plain send before']);
  });

  it('NEVER inside of a transaction is refused', async () => {
    const { calls, error } = await run(true, 'NEVER');

    expect(error).toMatchObject({ name: 'IllegalTransactionStateError' });
    expect(calls).toEqual(['t0 begin', 't0 send before', 't0 abort']);
  });

  it.each(['NESTED', 'required', 5, null])('%p is refused', async (propagation) => {
    const bench = new TransactionBench();
    const options: object = { propagation };

    await expect(bench.producer.transaction(() => bench.send('1'), options)).rejects.toMatchObject({
      name: 'ConfigError',
      setting: 'propagation',
    });
    expect(bench.calls).toEqual([]);
  });

  it('says why there is no NESTED', async () => {
    const options: object = { propagation: 'NESTED' };

    await expect(new TransactionBench().producer.transaction(() => 1, options)).rejects.toThrow(
      /savepoints.*REQUIRES_NEW/,
    );
  });

  it('gives a joined call the very transaction of the outer', async () => {
    const { producer } = new TransactionBench();
    await producer.transaction(async (outer) => {
      expect(producer.currentTransaction()).toBe(outer);
      expect(outer.transactionalId).toBe('t0');
      await producer.transaction((inner) => expect(inner).toBe(outer));
      await producer.transaction((inner) => expect(inner.transactionalId).toBe('t1'), { propagation: 'REQUIRES_NEW' });
      await producer.transaction(() => expect(producer.currentTransaction()).toBeNull(), {
        propagation: 'NOT_SUPPORTED',
      });
      expect(producer.currentTransaction()).toBe(outer);
    });

    expect(producer.currentTransaction()).toBeNull();
  });

  it('leaves it to the outer to commit a REQUIRES_NEW that has failed, if its error is caught', async () => {
    const bench = new TransactionBench();
    await bench.warmUp(2);
    await bench.producer.transaction(async () => {
      await bench.send('outer');
      await bench.producer
        .transaction(() => Promise.reject(new Error('inner')), { propagation: 'REQUIRES_NEW' })
        .catch(() => undefined);
    });

    expect(bench.calls).toEqual(['t0 begin', 't0 send outer', 't1 begin', 't1 abort', 't0 commit']);
  });

  it('keeps a REQUIRES_NEW that has committed when the outer fails', async () => {
    const bench = new TransactionBench();
    await bench.warmUp(2);
    const failed = bench.producer.transaction(async () => {
      await bench.producer.transaction(() => bench.send('inner'), { propagation: 'REQUIRES_NEW' });
      throw new Error('outer');
    });

    await expect(failed).rejects.toThrow('outer');
    expect(bench.calls).toEqual(['t0 begin', 't1 begin', 't1 send inner', 't1 commit', 't0 abort']);
  });

  it.each([1, 2])(
    'refuses at once a transaction inside of as many as the pool of %i has producers',
    async (poolSize) => {
      const bench = new TransactionBench({ poolSize, maxBlockMs: 60_000 });
      const options = { propagation: 'REQUIRES_NEW' } as const;
      const nest = (depth: number): Promise<void> =>
        bench.producer.transaction(() => (depth > 0 ? nest(depth - 1) : undefined), options);

      await nest(poolSize - 1);
      await expect(nest(poolSize)).rejects.toMatchObject({
        name: 'IllegalTransactionStateError',
        message: expect.stringContaining(`Set transactions.poolSize to ${poolSize + 1} or more`) as unknown,
      });
    },
  );

  it('refuses it through a NOT_SUPPORTED call in between, too', async () => {
    const { producer } = new TransactionBench({ poolSize: 1, maxBlockMs: 60_000 });
    const call = producer.transaction(() =>
      producer.transaction(() => producer.transaction(() => 1), { propagation: 'NOT_SUPPORTED' }),
    );

    await expect(call).rejects.toMatchObject({ name: 'IllegalTransactionStateError' });
  });

  it('does not count a transaction that has ended meanwhile', async () => {
    const { producer } = new TransactionBench({ poolSize: 1 });
    const { promise: ended, resolve } = deferred();
    let escaped: Promise<number> | undefined;
    await producer.transaction(() => {
      escaped = ended.then(() => producer.transaction(() => 1, { propagation: 'REQUIRES_NEW' }));
    });
    resolve();

    await expect(escaped).resolves.toBe(1);
  });

  describe('without a transaction', () => {
    const options = { propagation: 'SUPPORTS' } as const;

    it('gives the work something that has no id, no signal and takes no offsets', async () => {
      const { producer } = new TransactionBench();
      await producer.transaction(async ({ sendOffsets, signal, transactionalId }) => {
        expect([transactionalId, signal.aborted]).toEqual(['', false]);
        await expect(sendOffsets([], 'group')).rejects.toMatchObject({ name: 'IllegalTransactionStateError' });
        expect(producer.currentTransaction()).toBeNull();
      }, options);
    });

    it('runs the hooks as the work has ended', async () => {
      const { producer } = new TransactionBench();
      const seen: unknown[] = [];
      const hook = (name: string) => (error?: Error) => seen.push([name, error?.message]);
      await producer.transaction((transaction) => {
        transaction.afterCommit(hook('commit'));
        transaction.afterAbort(hook('abort'));
      }, options);
      const failed = producer.transaction((transaction) => {
        transaction.afterCommit(hook('commit'));
        transaction.afterAbort(hook('abort'));
        throw new Error('oops');
      }, options);

      await expect(failed).rejects.toThrow('oops');
      expect(seen).toEqual([
        ['commit', undefined],
        ['abort', 'oops'],
      ]);
    });
  });

  it('keeps the transactions of two producers apart', async () => {
    const a = new TransactionBench({ prefix: 'a' });
    const b = new TransactionBench({ prefix: 'b' });
    await a.warmUp();
    await b.warmUp();
    await a.producer.transaction(async () => {
      await b.send('outside of b');
      await b.producer.transaction(async () => {
        await Promise.all([a.send('1'), b.send('2')]);
      });
      await a.send('3');
    });

    expect(a.calls).toEqual(['a0 begin', 'a0 send 1', 'a0 send 3', 'a0 commit']);
    expect(b.calls).toEqual(['plain send outside of b', 'b0 begin', 'b0 send 2', 'b0 commit']);
  });

  it('keeps transactions apart that run at the same time', async () => {
    const bench = new TransactionBench({ poolSize: 4 });
    const both = [deferred(), deferred()];
    const run = (value: string, mine: number) =>
      bench.producer.transaction(async (transaction) => {
        both[mine]?.resolve();
        await Promise.all(both.map(({ promise }) => promise));
        await bench.send(value);
        return transaction.transactionalId;
      });

    expect(await Promise.all([run('left', 0), run('right', 1)])).toEqual(['t0', 't1']);
    expect(bench.calls).toEqual(expect.arrayContaining(['t0 send left', 't1 send right']));
  });
});
