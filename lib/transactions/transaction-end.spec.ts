import { Observable } from 'rxjs';
import { ProducerClosedError } from '../producer/errors.js';
import { TransactionTimeoutError } from '../producer/transaction-errors.js';
import type { KafkaTransaction, Propagation } from '../producer/transaction.js';
import { turns, until } from '../wire/spec-support/until.js';
import {
  deferred,
  expectNoUnhandledRejections,
  failureOf,
  TransactionBench,
} from './spec-support/transaction-bench.js';

const record = (value: string) => ({ topic: 'topic', value });

describe('a transaction that ends before its work', () => {
  expectNoUnhandledRejections();
  let bench: TransactionBench;

  beforeEach(async () => {
    bench = new TransactionBench();
    await bench.warmUp(2);
  });

  describe('by its timeout', () => {
    const options = { timeoutMs: 20 };

    it('is aborted at once, and the call fails while the work still runs', async () => {
      const { promise, resolve } = deferred();
      const call = bench.producer.transaction(() => promise, options);

      await expect(call).rejects.toMatchObject({
        name: 'TransactionTimeoutError',
        retriable: true,
        message: expect.stringContaining('20 ms') as unknown,
      });
      expect(bench.calls).toEqual(['t0 begin', 't0 abort']);
      resolve();
    });

    it('triggers the signal, with the error for a reason', async () => {
      const reasons: unknown[] = [];
      const call = bench.producer.transaction(
        ({ signal }) =>
          new Promise<void>((resolve) => {
            signal.addEventListener('abort', () => {
              reasons.push(signal.reason);
              resolve();
            });
          }),
        options,
      );
      const error: unknown = await call.catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(TransactionTimeoutError);
      expect(reasons).toEqual([error]);
    });

    it('survives an Observable whose teardown fails', async () => {
      const stuck = new Observable<never>(() => () => {
        throw new Error('teardown');
      });
      await expect(bench.producer.transaction(() => stuck, options)).rejects.toBeInstanceOf(TransactionTimeoutError);
      expect(bench.lines).toEqual([expect.stringMatching(/^error .*teardown/)]);
    });

    it('tells in its error what the transaction was waiting for', async () => {
      bench.engine().pendingWork = 'AddPartitionsToTxn for t0';
      const call = bench.producer.transaction(() => new Promise(() => undefined), options);
      await expect(call).rejects.toThrow('It was waiting for the brokers: AddPartitionsToTxn for t0.');
    });

    it('calls the hooks of an abort', async () => {
      const seen: unknown[] = [];
      const call = bench.producer.transaction((transaction) => {
        transaction.afterAbort((error) => seen.push(error.name));
        transaction.afterCommit(() => seen.push('commit'));
        return new Promise(() => undefined);
      }, options);

      await expect(call).rejects.toBeInstanceOf(TransactionTimeoutError);
      expect(seen).toEqual(['TransactionTimeoutError']);
    });

    it('leaves no failure of the work unhandled, and gives the producer to the next', async () => {
      const { promise, reject } = deferred();
      const call = bench.producer.transaction(() => promise, options);
      await expect(call).rejects.toBeInstanceOf(TransactionTimeoutError);
      await bench.producer.transaction(() => bench.send('next'));
      reject(new Error('late'));
      await turns();

      expect(bench.calls).toEqual(['t0 begin', 't0 abort', 't0 begin', 't0 send next', 't0 commit']);
    });

    it('also counts what the work has started and not awaited', async () => {
      const call = bench.producer.transaction(() => {
        void bench.producer.transaction(() => new Promise(() => undefined));
      }, options);

      await expect(call).rejects.toBeInstanceOf(TransactionTimeoutError);
    });

    it('is found at the end when the work has blocked the event loop', async () => {
      const call = bench.producer.transaction(() => {
        const startedAt = performance.now();
        while (performance.now() - startedAt < 30);
      }, options);

      await expect(call).rejects.toBeInstanceOf(TransactionTimeoutError);
      expect(bench.calls).toEqual(['t0 begin', 't0 abort']);
    });

    it('leaves no timer behind when it was not needed', async () => {
      const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
      const before = timers();
      await bench.producer.transaction(() => bench.send('1'));
      await failureOf(bench.producer.transaction(() => Promise.reject(new Error('oops'))));

      expect(timers()).toBe(before);
    });

    it('does not limit the commit', async () => {
      const release = bench.engine().hold('commit');
      const call = bench.producer.transaction(() => bench.send('1'), options);
      await new Promise((resolve) => setTimeout(resolve, 40));
      release();

      await expect(call).resolves.toBeUndefined();
    });

    it('of a joined call is of no account', async () => {
      await bench.producer.transaction(() =>
        bench.producer.transaction(() => new Promise((resolve) => setTimeout(resolve, 30)), options),
      );

      expect(bench.calls).toEqual(['t0 begin', 't0 commit']);
    });

    it('is the one of the module by default', async () => {
      bench = new TransactionBench({ timeoutMs: 20 });

      await expect(bench.producer.transaction(() => new Promise(() => undefined))).rejects.toThrow(/\(20 ms\)/);
    });

    it.each([0, -1, 1.5, '20', Number.NaN])('refuses a limit of %p', async (timeoutMs) => {
      await expect(bench.producer.transaction(() => 1, { timeoutMs: timeoutMs as number })).rejects.toMatchObject({
        name: 'ConfigError',
        setting: 'timeoutMs',
      });
    });

    it('refuses a limit that the broker would not wait for', async () => {
      await expect(bench.producer.transaction(() => 1, { timeoutMs: 10_001 })).rejects.toMatchObject({
        name: 'ConfigError',
        message: expect.stringMatching(/may be 10000 at the most.*transactions\.timeoutMs = 20000/) as unknown,
      });
    });

    describe('while the work goes on', () => {
      /** Runs code as the rest of a work whose transaction has timed out. */
      const late = async (rest: (transaction: KafkaTransaction) => Promise<unknown>): Promise<unknown> => {
        const { promise, resolve } = deferred();
        const seen = deferred<unknown>();
        const call = bench.producer.transaction(async (transaction) => {
          await promise;
          seen.resolve(await rest(transaction).catch((error: unknown) => error));
        }, options);
        await expect(call).rejects.toBeInstanceOf(TransactionTimeoutError);
        bench.calls.length = 0;
        resolve();
        return seen.promise;
      };

      it.each<[string, (transaction: KafkaTransaction) => Promise<unknown>]>([
        ['send', () => bench.producer.send(record('late'))],
        ['sendOffsets', (transaction) => transaction.sendOffsets([], 'group')],
        ['a transaction to join', () => bench.producer.transaction(() => bench.send('late'))],
        [
          'a transaction to support',
          () => bench.producer.transaction(() => bench.send('late'), { propagation: 'SUPPORTS' }),
        ],
        ['a callback', () => new Promise((_, reject) => bench.producer.send(record('late'), reject))],
      ])('%s fails with TransactionEndedError', async (_name, rest) => {
        expect(await late(rest)).toMatchObject({ name: 'TransactionEndedError' });
        expect(bench.calls).toEqual([]);
      });

      it.each<[Propagation, string]>([
        ['REQUIRES_NEW', 't0 send late'],
        ['NOT_SUPPORTED', 'plain send late'],
      ])('%s is on its own, as ever', async (propagation, sent) => {
        await late(() => bench.producer.transaction(() => bench.send('late'), { propagation }));

        expect(bench.calls).toContain(sent);
      });

      it('there is no current transaction, and nothing to flush', async () => {
        expect(await late(async () => [bench.producer.currentTransaction(), await bench.producer.flush()])).toEqual([
          null,
          undefined,
        ]);
        expect(bench.calls).toEqual([]);
      });

      it('what nobody awaits is logged once, and is no unhandled rejection', async () => {
        await late(() => {
          void bench.producer.send(record('late'));
          void bench.producer.send(record('later'));
          void bench.producer.transaction(() => bench.send('latest'));
          return turns();
        });

        expect(bench.lines).toEqual([
          expect.stringMatching(/^warn send to 'topic': the transaction \(t0\).*has ended/),
        ]);
        expect(bench.lines.join('')).not.toContain("late'");
      });
    });
  });

  describe('as seen by code that has escaped from it', () => {
    /** Code that runs in the context of a transaction that has committed. */
    const escaped = async <T>(code: () => Promise<T>): Promise<T> => {
      const { promise, resolve } = deferred();
      let result: Promise<T> | undefined;
      await bench.producer.transaction(() => {
        result = promise.then(code);
      });
      bench.calls.length = 0;
      resolve();
      if (result === undefined) throw new Error('the work did not run');
      return result;
    };

    it('refuses what is sent', async () => {
      await expect(escaped(() => bench.producer.send(record('late')))).rejects.toMatchObject({
        name: 'TransactionEndedError',
        message: expect.stringMatching(/Await everything inside of the work/) as unknown,
      });
      await expect(escaped(() => bench.producer.sendAll([record('late')]))).rejects.toMatchObject({
        cause: { name: 'TransactionEndedError' },
      });
      expect(bench.calls).toEqual([]);
    });

    it('counts an emit as failed', async () => {
      await escaped(() => Promise.resolve(bench.producer.emit(record('late'))));

      expect(bench.producer.metrics()['emit-error-total']).toBe(1);
      expect(bench.calls).toEqual([]);
    });

    it('survives a callback that throws', async () => {
      await escaped(() =>
        Promise.resolve(
          bench.producer.send(record('late'), () => {
            throw new Error('callback');
          }),
        ),
      );

      expect(bench.lines.at(-1)).toMatch(/callback has thrown/);
    });

    it('is no current transaction, and nothing to join', async () => {
      expect(await escaped(() => Promise.resolve(bench.producer.currentTransaction()))).toBeNull();
      await expect(
        escaped(() => bench.producer.transaction(() => 1, { propagation: 'MANDATORY' })),
      ).rejects.toMatchObject({ name: 'IllegalTransactionStateError' });
    });

    it.each<[Propagation, string[]]>([
      ['REQUIRED', ['t0 begin', 't0 send late', 't0 commit']],
      ['SUPPORTS', ['plain send late']],
      ['NEVER', ['plain send late']],
    ])('has %s run as outside of any', async (propagation, calls) => {
      await escaped(() => bench.producer.transaction(() => bench.send('late'), { propagation }));

      expect(bench.calls).toEqual(calls);
    });

    it('does not get what is sent during the commit', async () => {
      const release = bench.engine().hold('commit');
      const { promise, resolve } = deferred();
      let sent: Promise<unknown> | undefined;
      const call = bench.producer.transaction(() => {
        sent = promise.then(() => bench.producer.send(record('late'))).catch((error: unknown) => error);
      });
      await until(() => bench.calls.includes('t0 commit'));
      resolve();

      expect(await sent).toMatchObject({ name: 'TransactionEndedError' });
      release();
      await call;
    });

    it('can begin one after the other, each out of the last', async () => {
      const { producer } = bench;
      const depths: number[] = [];
      let next: Promise<void> = Promise.resolve();
      const step = async (left: number): Promise<void> => {
        await producer.transaction(() => {
          if (left > 0) next = turns(1).then(() => step(left - 1));
        });
        depths.push(left);
      };
      await step(3);
      while (depths.at(-1) !== 0) await next;

      expect(depths).toEqual([3, 2, 1, 0]);
      expect(bench.calls.filter((call) => call.endsWith('begin'))).toHaveLength(4);
    });
  });

  describe('by the shutdown', () => {
    it('is aborted, and its call fails', async () => {
      const signals: boolean[] = [];
      const call = bench.producer.transaction(async ({ signal }) => {
        await bench.send('1');
        signal.addEventListener('abort', () => signals.push(true));
        await new Promise(() => undefined);
      });
      const failure = failureOf(call);
      await until(() => bench.calls.includes('t0 send 1'));
      await turns();
      await bench.runner.close(1_000);

      expect(await failure).toMatchObject({
        name: 'TransactionAbortedError',
        cause: expect.any(ProducerClosedError) as unknown,
      });
      expect(signals).toEqual([true]);
      expect(bench.calls).toEqual(['t0 begin', 't0 send 1', 't0 abort', 't0 close', 't1 close']);
    });

    it('may commit if it has begun to', async () => {
      const release = bench.engine().hold('commit');
      const call = bench.producer.transaction(() => bench.send('1'));
      await until(() => bench.calls.includes('t0 commit'));
      const closed = bench.runner.close(60_000);
      await turns();
      expect(bench.calls).not.toContain('t0 close');
      release();

      await expect(call).resolves.toBeUndefined();
      await closed;
      expect(bench.calls.slice(-2)).toEqual(['t0 close', 't1 close']);
    });

    it('does not wait longer for a commit than it was given', async () => {
      bench.engine().hold('commit');
      void bench.producer.transaction(() => bench.send('1'));
      await until(() => bench.calls.includes('t0 commit'));
      await bench.runner.close(20);

      expect(bench.calls.slice(-2)).toEqual(['t0 close 0', 't1 close 0']);
    });

    it('refuses transactions afterwards, and those that wait for a producer', async () => {
      bench = new TransactionBench({ poolSize: 1, maxBlockMs: 60_000 });
      const holding = bench.producer.transaction(() => new Promise(() => undefined)).catch(() => undefined);
      const waiting = bench.producer.transaction(() => 1);
      const failure = failureOf(waiting);
      await until(() => bench.producer.status().transactions?.waiting === 1);
      await bench.runner.close(1_000);

      expect(await failure).toBeInstanceOf(ProducerClosedError);
      await holding;
      await expect(bench.producer.transaction(() => 1)).rejects.toBeInstanceOf(ProducerClosedError);
    });

    it('does not let who waits for a producer wait for a commit', async () => {
      bench = new TransactionBench({ poolSize: 1 });
      await bench.warmUp();
      const release = bench.engine().hold('commit');
      const committing = bench.producer.transaction(() => bench.send('1'));
      const waiting = failureOf(bench.producer.transaction(() => 1));
      await until(() => bench.calls.includes('t0 commit'));
      const closed = bench.runner.close(60_000);

      expect(await waiting).toBeInstanceOf(ProducerClosedError);
      release();
      await Promise.all([committing, closed]);
    });

    it('closes a producer that was still being made, and refuses its transaction', async () => {
      const { promise, resolve } = deferred();
      bench = new TransactionBench({ createEngine: (_, make) => promise.then(make) });
      const call = bench.producer.transaction(() => 1);
      const failure = failureOf(call);
      await turns();
      const closed = bench.runner.close(1_000);
      await turns();
      resolve();
      await closed;

      expect(await failure).toBeInstanceOf(ProducerClosedError);
      expect(bench.calls).toEqual(['t0 close 0']);
      expect(bench.engine().isClosed).toBe(true);
    });

    it('refuses a transaction whose producer became ready too late', async () => {
      bench = new TransactionBench();
      await bench.warmUp();
      bench.engine().become('uninitialized');
      const release = bench.engine().hold('init');
      const call = bench.producer.transaction(() => 1);
      const failure = failureOf(call);
      await until(() => bench.calls.includes('t0 init'));
      const closed = bench.runner.close(1_000);
      release();
      await closed;

      expect(await failure).toBeInstanceOf(ProducerClosedError);
      expect(bench.calls).toEqual(['t0 init', 't0 close']);
    });

    it('happens once', async () => {
      await Promise.all([bench.runner.close(0), bench.runner.close(1_000)]);

      expect(bench.calls).toEqual(['t0 close 0', 't1 close 0']);
    });

    it('goes on when a producer does not close cleanly', async () => {
      bench.engine('t0').fail('close', new Error('stuck'), 'fatal');
      await bench.runner.close(1_000);

      expect(bench.engine('t1').isClosed).toBe(true);
      expect(bench.lines).toEqual([expect.stringMatching(/^error The producer 't0' did not close cleanly: stuck/)]);
    });
  });
});
