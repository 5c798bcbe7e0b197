import { BrokerUnavailableError, ProducerFatalError } from '../producer/errors.js';
import { ProducerFencedError, TransactionOutcomeUnknownError } from '../producer/transaction-errors.js';
import { turns, until } from '../wire/spec-support/until.js';
import {
  deferred,
  expectNoUnhandledRejections,
  failureOf,
  TransactionBench,
} from './spec-support/transaction-bench.js';

describe('the producers of transactions', () => {
  expectNoUnhandledRejections();

  it('are made when they are first needed, and kept', async () => {
    const bench = new TransactionBench({ prefix: 'orders-' });
    expect(bench.engines).toEqual([]);
    await bench.producer.transaction(() => bench.send('1'));
    await bench.producer.transaction(() => bench.send('2'));

    expect(bench.calls.filter((call) => !call.includes('send'))).toEqual([
      'orders-0 init',
      'orders-0 begin',
      'orders-0 commit',
      'orders-0 begin',
      'orders-0 commit',
    ]);
  });

  it('are no more than there are transactions at a time', async () => {
    const bench = new TransactionBench({ poolSize: 5 });
    const run = () => bench.producer.transaction(() => bench.send('1'));
    await Promise.all([run(), run()]);
    await Promise.all([run(), run()]);

    expect(bench.engines.map(({ id }) => id)).toEqual(['t0', 't1']);
  });

  it('are chosen for having rested, before one that the broker is not done with', async () => {
    const bench = new TransactionBench({ poolSize: 3 });
    await bench.warmUp(3);
    const idOfNext = () => bench.producer.transaction(({ transactionalId }) => transactionalId);
    bench.engine('t0').restedAt = Number.MAX_VALUE;
    expect(await idOfNext()).toBe('t1');
    bench.engine('t1').restedAt = performance.now() + 60_000;
    bench.engine('t2').restedAt = performance.now() + 30_000;

    expect(await idOfNext()).toBe('t2');
    expect(bench.engines).toHaveLength(3);
  });

  it('get company, one at a time, while transactions follow each other faster than the broker is done with them', async () => {
    const bench = new TransactionBench({ poolSize: 3 });
    await bench.warmUp(1);
    bench.engine('t0').restedAt = Number.MAX_VALUE;
    await bench.producer.transaction(() => undefined);
    await turns();
    expect(bench.engines).toHaveLength(2);

    // There is a rested one now.
    await bench.producer.transaction(() => undefined);
    await turns();
    expect(bench.engines).toHaveLength(2);
  });

  it('are given to those who wait in the order in which they came', async () => {
    const bench = new TransactionBench({ poolSize: 2 });
    const order: number[] = [];
    const run = (index: number) =>
      bench.producer.transaction(async () => {
        order.push(index);
        await turns(1);
      });
    const runs = Array.from({ length: 20 }, (_, index) => run(index));
    expect(bench.producer.status().transactions).toMatchObject({ poolSize: 2, leased: 2, waiting: 18, fenced: false });
    await Promise.all(runs);

    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(bench.producer.status().transactions).toEqual({
      poolSize: 2,
      leased: 0,
      waiting: 0,
      fenced: false,
      failed: 0,
      lastError: null,
      oldestPendingMs: 0,
      pendingWork: [],
    });
  });

  it('do not let a later call pass one that waits', async () => {
    const bench = new TransactionBench({ poolSize: 1 });
    const order: string[] = [];
    const { promise, resolve } = deferred();
    const first = bench.producer.transaction(() => promise);
    const second = bench.producer.transaction(() => void order.push('second'));
    await turns();
    const third = first.then(() => bench.producer.transaction(() => void order.push('third')));
    resolve();
    await Promise.all([second, third]);

    expect(order).toEqual(['second', 'third']);
  });

  it('when all are in use for maxBlockMs, say so', async () => {
    const bench = new TransactionBench({ poolSize: 1, maxBlockMs: 20 });
    const { promise, resolve } = deferred();
    const holding = bench.producer.transaction(() => promise);
    const waiting = bench.producer.transaction(() => bench.send('never'));

    await expect(waiting).rejects.toMatchObject({
      name: 'TransactionPoolExhaustedError',
      retriable: true,
      message: expect.stringMatching(/maxBlockMs \(20 ms\): all 1 were in use.*transactions\.poolSize/) as unknown,
    });
    resolve();
    await holding;
    await bench.producer.transaction(() => bench.send('next'));
    expect(bench.calls).not.toContain('t0 send never');
    expect(bench.calls).toContain('t0 send next');
  });

  it('are given back when they cannot be initialized, and tried again', async () => {
    const bench = new TransactionBench({ poolSize: 1 });
    await bench.warmUp();
    const failure = new BrokerUnavailableError('no coordinator');
    bench.engine().fail('init', failure, 'uninitialized');
    bench.engine().become('uninitialized');
    await expect(bench.producer.transaction(() => bench.send('1'))).rejects.toBe(failure);
    expect(bench.producer.status().transactions?.lastError).toBe('no coordinator');
    bench.engine().scripts.clear();
    await bench.producer.transaction(() => bench.send('2'));
    expect(bench.producer.status().transactions?.lastError).toBeNull();

    expect(bench.calls).toEqual(['t0 init', 't0 init', 't0 begin', 't0 send 2', 't0 commit']);
  });

  it('are given back when they cannot be made, to the next who waits', async () => {
    let attempts = 0;
    const bench = new TransactionBench({
      poolSize: 1,
      createEngine: (_, make) => (++attempts === 1 ? Promise.reject(new Error('no parts')) : Promise.resolve(make())),
    });
    const failing = bench.producer.transaction(() => bench.send('1'));
    const waiting = bench.producer.transaction(() => bench.send('2'));

    await expect(failing).rejects.toThrow('no parts');
    await expect(waiting).resolves.toBeUndefined();
  });

  it('are given back when a transaction cannot begin', async () => {
    const bench = new TransactionBench({ poolSize: 1 });
    await bench.warmUp();
    const engine = bench.engine();
    const { beginTransaction } = engine;
    engine.beginTransaction = () => {
      engine.beginTransaction = beginTransaction;
      throw new Error('not now');
    };

    await expect(bench.producer.transaction(() => 1)).rejects.toThrow('not now');
    await expect(bench.producer.transaction(() => 2)).resolves.toBe(2);
  });

  describe('after an end that was not confirmed', () => {
    const unconfirmed = async (poolSize: number): Promise<TransactionBench> => {
      const bench = new TransactionBench({ poolSize });
      await bench.warmUp(poolSize);
      bench.engine().fail('commit', new TransactionOutcomeUnknownError('who knows'), 'uninitialized');
      return bench;
    };
    const fail = (bench: TransactionBench): Promise<unknown> =>
      bench.producer.transaction(() => bench.send('1')).catch(() => undefined);

    it('are initialized again at once, not only for the next transaction', async () => {
      const bench = await unconfirmed(1);
      await fail(bench);
      await until(() => bench.engine().transactionalState === 'ready');

      expect(bench.calls).toEqual(['t0 begin', 't0 send 1', 't0 commit', 't0 init']);
    });

    it('are never initialized twice at once', async () => {
      const bench = await unconfirmed(1);
      const release = bench.engine().hold('init');
      await fail(bench);
      bench.engine().scripts.delete('commit');
      const next = bench.producer.transaction(() => bench.send('2'));
      await turns();
      expect(bench.calls.slice(3)).toEqual(['t0 init']);
      release();
      await next;

      expect(bench.calls.slice(3)).toEqual(['t0 init', 't0 begin', 't0 send 2', 't0 commit']);
    });

    it('are not waited for while another is ready', async () => {
      const bench = await unconfirmed(2);
      const release = bench.engine().hold('init');
      await fail(bench);
      await bench.producer.transaction(() => bench.send('2'));

      expect(bench.calls).toContain('t1 send 2');
      release();
    });

    it('are tried again by the next transaction when that has failed', async () => {
      const bench = await unconfirmed(1);
      bench.engine().fail('init', new BrokerUnavailableError('down'), 'uninitialized');
      await fail(bench);
      await until(() => bench.lines.length > 0);
      expect(bench.lines).toEqual([
        expect.stringMatching(/^debug 't0' is not ready for its next transaction yet: down/),
      ]);
      bench.engine().scripts.clear();

      await expect(bench.producer.transaction(() => bench.send('2'))).resolves.toBeUndefined();
    });
  });

  it('are replaced when they cannot go on', async () => {
    const bench = new TransactionBench();
    await bench.warmUp();
    const broken = bench.engine();
    const fatal = new ProducerFatalError('no rights');
    broken.fail('commit', fatal, 'fatal', fatal);
    await expect(bench.producer.transaction(() => bench.send('1'))).rejects.toBe(fatal);
    expect(bench.producer.status().transactions).toMatchObject({ failed: 1, fenced: false });
    await bench.producer.transaction(() => bench.send('2'));
    expect(bench.producer.status().transactions).toMatchObject({ failed: 0 });

    expect(bench.calls.slice(3)).toEqual(['t0 close 0', 't0 init', 't0 begin', 't0 send 2', 't0 commit']);
    expect(bench.engine()).not.toBe(broken);
    expect(bench.producer.status().transactions?.fenced).toBe(false);
  });

  it('keep counting the records of one that was replaced', async () => {
    const bench = new TransactionBench();
    await bench.warmUp();
    await bench.producer.transaction(() => bench.send('1'));
    bench.engine().become('fatal', new ProducerFatalError('no rights'));
    const sends = bench.producer.metrics()['record-send-total'];
    await bench.producer.transaction(() => undefined);

    expect(sends).toBe(1);
    // The fake counts by its id, so the new one counts the same record again.
    expect(bench.producer.metrics()['record-send-total']).toBe(2);
  });

  it('are replaced when an abort has left them in the middle of something', async () => {
    const bench = new TransactionBench();
    await bench.warmUp();
    bench.engine().fail('abort', new Error('no answer'), 'completing');
    await bench.producer.transaction(() => Promise.reject(new Error('oops'))).catch(() => undefined);
    await bench.producer.transaction(() => bench.send('2'));

    expect(bench.calls).toEqual([
      't0 begin',
      't0 abort',
      't0 close 0',
      't0 init',
      't0 begin',
      't0 send 2',
      't0 commit',
    ]);
  });

  describe('when another process has taken over', () => {
    const fenced = new ProducerFencedError('epoch 7 is not the latest');

    it('refuse every later transaction at once, and say so once', async () => {
      const bench = new TransactionBench({ poolSize: 2, prefix: 'orders-' });
      await bench.warmUp(2);
      bench.engine('orders-0').fail('commit', fenced, 'fatal', fenced);
      await expect(bench.producer.transaction(() => bench.send('1'))).rejects.toBe(fenced);
      bench.calls.length = 0;

      for (let attempt = 0; attempt < 2; attempt++) {
        await expect(bench.producer.transaction(() => bench.send('2'))).rejects.toMatchObject({
          name: 'ProducerFencedError',
          cause: fenced,
          message: expect.stringContaining("transactionalIdPrefix 'orders-'") as unknown,
        });
      }
      expect(bench.calls).toEqual([]);
      expect(bench.lines.filter((line) => line.startsWith('error'))).toEqual([
        expect.stringContaining("uses transactionalIdPrefix 'orders-'"),
      ]);
      expect(bench.producer.status().transactions?.fenced).toBe(true);
    });

    it('are never initialized again, so that the newer process keeps them', async () => {
      const bench = new TransactionBench({ poolSize: 1 });
      await bench.warmUp();
      bench.engine().become('fatal', fenced);

      await expect(bench.producer.transaction(() => 1)).rejects.toMatchObject({ name: 'ProducerFencedError' });
      await expect(bench.producer.transaction(() => 1)).rejects.toMatchObject({ name: 'ProducerFencedError' });
      expect(bench.calls).toEqual([]);
      expect(bench.engines).toHaveLength(1);
    });

    it('refuse who waits', async () => {
      const bench = new TransactionBench({ poolSize: 1, maxBlockMs: 60_000 });
      await bench.warmUp();
      bench.engine().fail('commit', fenced, 'fatal', fenced);
      const first = bench.producer.transaction(() => bench.send('1'));
      const waiting = bench.producer.transaction(() => bench.send('2'));

      await expect(Promise.allSettled([first, waiting])).resolves.toEqual([
        { status: 'rejected', reason: fenced },
        {
          status: 'rejected',
          reason: expect.objectContaining({ name: 'ProducerFencedError', cause: fenced }) as unknown,
        },
      ]);
    });

    it('refuse when it turns out at the initialization', async () => {
      const bench = new TransactionBench({ poolSize: 2 });
      await bench.warmUp();
      bench.engine().become('uninitialized');
      bench.engine().fail('init', fenced, 'fatal', fenced);

      await expect(bench.producer.transaction(() => 1)).rejects.toMatchObject({ name: 'ProducerFencedError' });
      expect(bench.producer.status().transactions?.fenced).toBe(true);
    });

    it('say so once, however many of them it has happened to', async () => {
      const bench = new TransactionBench({ poolSize: 2 });
      await bench.warmUp(2);
      for (const id of ['t0', 't1']) bench.engine(id).fail('commit', fenced, 'fatal', fenced);
      const calls = ['1', '2'].map((value) => bench.producer.transaction(() => bench.send(value)));

      expect(await Promise.all(calls.map(failureOf))).toEqual([fenced, fenced]);
      expect(bench.lines).toEqual([expect.stringMatching(/^error Another producer/)]);
    });

    it('initialize none of the others either, so that the newer process keeps them all', async () => {
      const { promise: made, resolve } = deferred();
      const bench = new TransactionBench({
        poolSize: 3,
        createEngine: (id, make) => (id === 't2' ? made.then(make) : Promise.resolve(make())),
      });
      await bench.warmUp(2);
      bench.engine('t0').fail('commit', fenced, 'fatal', fenced);
      bench.engine('t1').fail('commit', new TransactionOutcomeUnknownError('who knows'), 'uninitialized');
      const { promise: isFenced, resolve: goOn } = deferred();
      const calls = [
        bench.producer.transaction(() => bench.send('1')),
        bench.producer.transaction(() => isFenced),
        bench.producer.transaction(() => bench.send('3')),
      ].map(failureOf);
      expect(await calls[0]).toBe(fenced);
      goOn();
      resolve();

      expect(await calls[1]).toMatchObject({ name: 'TransactionOutcomeUnknownError' });
      expect(await calls[2]).toMatchObject({ name: 'ProducerFencedError', cause: fenced });
      await turns();
      expect(bench.calls.filter((call) => call.endsWith('init'))).toEqual([]);
    });

    it('refuse one that was still waiting for its initialization', async () => {
      const bench = new TransactionBench({ poolSize: 2 });
      await bench.warmUp(2);
      bench.engine('t0').fail('commit', fenced, 'fatal', fenced);
      bench.engine('t1').become('uninitialized');
      const release = bench.engine('t1').hold('init');
      const first = failureOf(bench.producer.transaction(() => bench.send('1')));
      const second = failureOf(bench.producer.transaction(() => bench.send('2')));
      expect(await first).toBe(fenced);
      release();

      expect(await second).toMatchObject({ name: 'ProducerFencedError', cause: fenced });
      expect(bench.calls).not.toContain('t1 begin');
    });

    it('let transactions on others of them end by themselves', async () => {
      const bench = new TransactionBench({ poolSize: 2 });
      await bench.warmUp(2);
      const { promise, resolve } = deferred();
      const first = bench.producer.transaction(() => promise);
      bench.engine('t1').fail('commit', fenced, 'fatal', fenced);
      await expect(bench.producer.transaction(() => bench.send('2'))).rejects.toBe(fenced);
      resolve();

      await expect(first).resolves.toBeUndefined();
    });

    it('give the error of the work, if it is that which has failed', async () => {
      const bench = new TransactionBench();
      await bench.warmUp();
      const oops = new Error('oops');
      const call = bench.producer.transaction(() => {
        bench.engine().become('fatal', fenced);
        throw oops;
      });

      await expect(call).rejects.toBe(oops);
      expect(bench.calls).toEqual(['t0 begin']);
    });

    it('say so rather than that a record has failed', async () => {
      const bench = new TransactionBench();
      await bench.warmUp();
      bench.engine().failNextSend(fenced);
      const call = bench.producer.transaction(() => {
        bench.producer.emit({ topic: 'topic', value: '1' });
        bench.engine().become('fatal', fenced);
      });

      await expect(call).rejects.toBe(fenced);
    });
  });

  it('do nothing inside of the transaction that has needed them first', async () => {
    const bench = new TransactionBench({
      createEngine: async (id, make) => {
        seen.push([id, bench.producer.currentTransaction()]);
        await turns(1);
        seen.push([id, bench.producer.currentTransaction()]);
        return make();
      },
    });
    const seen: unknown[] = [];
    await bench.producer.transaction(() => bench.producer.transaction(() => 1, { propagation: 'REQUIRES_NEW' }));

    expect(seen).toEqual([
      ['t0', null],
      ['t0', null],
      ['t1', null],
      ['t1', null],
    ]);
  });
});
