import { from, lastValueFrom, map, toArray } from 'rxjs';
import { ProducerFatalError, SerializationError } from '../producer/errors.js';
import {
  CommitFailedError,
  ProducerFencedError,
  TransactionAbortedError,
  TransactionOutcomeUnknownError,
} from '../producer/transaction-errors.js';
import { turns, until } from '../wire/spec-support/until.js';
import {
  deferred,
  expectNoUnhandledRejections,
  failureOf,
  TransactionBench,
} from './spec-support/transaction-bench.js';

const record = (value: string) => ({ topic: 'topic', value });

function* brokenIterable(): Generator<ReturnType<typeof record>> {
  yield record('1');
  throw new Error('no second one');
}

describe('transaction()', () => {
  expectNoUnhandledRejections();
  let bench: TransactionBench;
  const transaction: TransactionBench['producer']['transaction'] = (work, options) =>
    bench.producer.transaction(work, options);

  beforeEach(async () => {
    bench = new TransactionBench();
    await bench.warmUp();
  });

  describe('as the work ends', () => {
    it.each([
      ['returns', () => 'result'],
      ['resolves', () => Promise.resolve('result')],
    ])('commits when it %s, and gives the result', async (_how, end) => {
      bench.engine().lingers = true;
      const result = await transaction(() => {
        bench.producer.emit(record('1'));
        return end();
      });

      expect(result).toBe('result');
      expect(bench.calls).toEqual(['t0 begin', 't0 send 1', 't0 flush', 't0 commit']);
    });

    const thrown: unknown[] = [new Error('oops'), new TransactionAbortedError('of another'), 'a text', undefined];
    it.each(thrown)('aborts when it throws %p, and gives the very same', async (reason) => {
      const throwing = transaction(() => {
        throw reason;
      });
      const rejecting = transaction(async () => {
        await bench.send('1');
        throw reason;
      });

      await expect(throwing).rejects.toBe(reason);
      await expect(rejecting).rejects.toBe(reason);
      expect(bench.calls.filter((call) => /abort|commit/.test(call))).toEqual([
        't0 abort',
        expect.stringMatching(/abort/),
      ]);
    });

    it('gives the error of the work although the abort is not confirmed, and logs that', async () => {
      const oops = new Error('oops');
      bench.engine().fail('abort', new Error('no answer'), 'uninitialized');

      await expect(transaction(() => Promise.reject(oops))).rejects.toBe(oops);
      expect(bench.lines).toEqual([expect.stringMatching(/^warn .*'t0' was not confirmed: no answer/)]);
    });

    it('refuses what is not a function', async () => {
      const wrong: unknown = 'work';

      await expect(transaction(wrong as () => void)).rejects.toMatchObject({ name: 'ConfigError', setting: 'work' });
    });

    it('sends by every method of the producer, from wherever the work has called', async () => {
      const { producer } = bench;
      await transaction(async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        await producer.send(record('send'));
        producer.emit(record('emit'));
        await new Promise((resolve) => producer.send(record('callback'), resolve));
        await producer.sendAll([record('all 1'), record('all 2')]);
        await producer.flush();
        await producer.partitionsFor('topic');
      });

      expect(bench.calls).toEqual([
        't0 begin',
        ...['send', 'emit', 'callback', 'all 1', 'all 2'].map((value) => `t0 send ${value}`),
        't0 flush',
        'plain partitionsFor',
        't0 commit',
      ]);
    });

    it('has what a delivery callback sends in the transaction, before the commit', async () => {
      bench.engine().lingers = true;
      await transaction(() => {
        bench.producer.send(record('1'), () => bench.producer.emit(record('2')));
      });

      expect(bench.calls).toEqual(['t0 begin', 't0 send 1', 't0 flush', 't0 send 2', 't0 flush', 't0 commit']);
    });

    it('leaves a callback that throws to the engine, and commits', async () => {
      await transaction(() => {
        bench.producer.send(record('1'), () => {
          throw new Error('callback');
        });
      });

      expect(bench.calls.slice(-2)).toEqual(['t0 callback threw', 't0 commit']);
    });
  });

  describe('what was started inside and not awaited', () => {
    it('is awaited before the commit', async () => {
      bench.engine().holdsSends = true;
      const call = transaction(() => {
        void bench.send('1');
        bench.producer.emit(record('2'));
      });
      await until(() => bench.calls.includes('t0 flush'));
      expect(bench.calls).not.toContain('t0 commit');
      bench.engine().settleSends();
      await call;

      expect(bench.calls.at(-1)).toBe('t0 commit');
    });

    it('is awaited with what it sends itself', async () => {
      bench.engine().lingers = true;
      await transaction(() => {
        void bench.send('1').then(() => bench.send('2'));
      });

      expect(bench.calls.filter((call) => !call.includes('flush'))).toEqual([
        't0 begin',
        't0 send 1',
        't0 send 2',
        't0 commit',
      ]);
    });

    it('aborts when it fails, without an unhandled rejection', async () => {
      const cause = new SerializationError('no JSON');
      bench.engine().failNextSend(cause);
      const error = await failureOf(transaction(() => void bench.producer.send(record('1'))));

      expect(error).toBeInstanceOf(TransactionAbortedError);
      expect(error).toMatchObject({ cause, retriable: true, message: expect.stringContaining('no JSON') as unknown });
      expect(bench.calls.at(-1)).toBe('t0 abort');
    });

    it('is awaited when it is a joined call', async () => {
      const { promise, resolve } = deferred();
      const call = transaction(() => {
        void transaction(async () => {
          await promise;
          await bench.send('inner');
        });
      });
      await turns();
      expect(bench.calls).toEqual(['t0 begin']);
      resolve();
      await call;

      expect(bench.calls.slice(-2)).toEqual(['t0 send inner', 't0 commit']);
    });

    it('aborts when it is a joined call that fails, without an unhandled rejection', async () => {
      const cause = new Error('inner');
      const call = transaction(() => {
        void transaction(() => Promise.reject(cause));
      });

      await expect(call).rejects.toMatchObject({ name: 'TransactionAbortedError', cause });
    });

    it('is awaited before an abort, too, when it is a joined call', async () => {
      const { promise, resolve } = deferred();
      const call = transaction(() => {
        void transaction(() => promise);
        throw new Error('oops');
      });
      await turns();
      expect(bench.calls).toEqual(['t0 begin']);
      resolve();

      await expect(call).rejects.toThrow('oops');
      expect(bench.calls.at(-1)).toBe('t0 abort');
    });

    it('is not counted nor logged as a failed emit when an abort has dropped it', async () => {
      bench.engine().holdsSends = true;
      const call = transaction(() => {
        bench.producer.emit(record('1'));
        throw new Error('oops');
      });

      await expect(call).rejects.toThrow('oops');
      expect(bench.producer.metrics()['emit-error-total']).toBe(0);
      expect(bench.lines).toEqual([]);
    });

    it('is dropped by an abort when it is a record', async () => {
      bench.engine().holdsSends = true;
      const sent: unknown[] = [];
      const call = transaction(() => {
        bench.producer.send(record('1'), (error) => sent.push(error?.message));
        throw new Error('oops');
      });

      await expect(call).rejects.toThrow('oops');
      expect(sent).toEqual(['dropped by the abort']);
    });
  });

  describe('a failure that was caught', () => {
    const cause = new SerializationError('no JSON');

    it.each<[string, (bench: TransactionBench) => unknown]>([
      ['send', ({ producer }) => producer.send(record('1')).catch(() => undefined)],
      ['send with a callback', ({ producer }) => new Promise((resolve) => producer.send(record('1'), resolve))],
      ['emit', ({ producer }) => producer.emit(record('1'))],
      ['sendAll', ({ producer }) => producer.sendAll([record('1')]).catch(() => undefined)],
    ])('of %s aborts all the same', async (_name, send) => {
      bench.engine().failNextSend(cause);
      const error = await failureOf(transaction(async () => void (await send(bench))));

      expect(error).toMatchObject({ name: 'TransactionAbortedError', cause });
      expect(bench.calls).toContain('t0 abort');
      expect(bench.calls).not.toContain('t0 commit');
    });

    it.each<[string, () => unknown]>([
      ['breaks off', () => brokenIterable()],
      ['is none', () => 5],
    ])(
      'of sendAll whose iterable %s aborts, swallowed or not awaited, and is no unhandled rejection',
      async (_name, records) => {
        const sendAll = () => bench.producer.sendAll(records() as Iterable<ReturnType<typeof record>>);
        for (const work of [() => sendAll().then(undefined, () => undefined), () => void sendAll()]) {
          await expect(transaction(work)).rejects.toMatchObject({ name: 'TransactionAbortedError' });
        }
        expect(bench.calls).not.toContain('t0 commit');
      },
    );

    it('of a joined call aborts the outer', async () => {
      const inner = new Error('inner');
      const error = await failureOf(
        transaction(async () => {
          await expect(transaction(() => Promise.reject(inner))).rejects.toBe(inner);
        }),
      );

      expect(error).toMatchObject({ name: 'TransactionAbortedError', cause: inner });
    });

    it('of a joined call aborts nothing if its own commitOn has it', async () => {
      await transaction(async () => {
        await expect(
          transaction(() => Promise.reject(new RangeError('inner')), { commitOn: [RangeError] }),
        ).rejects.toThrow('inner');
      });

      expect(bench.calls.at(-1)).toBe('t0 commit');
    });

    it('is reported by the first one', async () => {
      bench.engine().failNextSend(cause);
      bench.engine().failNextSend(new Error('second'));
      const error = await failureOf(
        transaction(async () => void (await Promise.allSettled([bench.send('1'), bench.send('2')]))),
      );

      expect(error).toMatchObject({ cause });
    });

    it('is forgotten by the next transaction', async () => {
      bench.engine().failNextSend(cause);
      await failureOf(transaction(() => bench.producer.emit(record('1'))));
      bench.calls.length = 0;
      await transaction(() => bench.send('2'));

      expect(bench.calls).toEqual(['t0 begin', 't0 send 2', 't0 commit']);
    });
  });

  describe('commitOn', () => {
    class BusinessError extends Error {}
    class SpecialError extends BusinessError {}

    it.each<[string, readonly [unknown, ...unknown[]], Error, 'commit' | 'abort']>([
      ['its class', [BusinessError], new BusinessError('b'), 'commit'],
      ['a class above', [RangeError, BusinessError], new SpecialError('s'), 'commit'],
      ['another class', [SpecialError], new BusinessError('b'), 'abort'],
      ['a function that says yes', [(error: Error) => error.message === 'b'], new Error('b'), 'commit'],
      ['a function that says no', [() => false], new BusinessError('b'), 'abort'],
    ])('with %s', async (_name, commitOn, error, end) => {
      await expect(transaction(() => Promise.reject(error), { commitOn: commitOn as never })).rejects.toBe(error);
      expect(bench.calls.at(-1)).toBe(`t0 ${end}`);
    });

    it('takes a function that throws for a no, and says so', async () => {
      const oops = new Error('oops');
      const commitOn = [
        (): boolean => {
          throw new Error('matcher');
        },
      ];

      await expect(transaction(() => Promise.reject(oops), { commitOn })).rejects.toBe(oops);
      expect(bench.calls.at(-1)).toBe('t0 abort');
      expect(bench.lines).toEqual([expect.stringMatching(/^error .*commitOn/)]);
    });

    it('does not commit when a record has failed', async () => {
      const cause = new SerializationError('no JSON');
      bench.engine().failNextSend(cause);
      const call = transaction(
        () => {
          bench.producer.emit(record('1'));
          throw new BusinessError('b');
        },
        { commitOn: [BusinessError] },
      );

      await expect(call).rejects.toMatchObject({ name: 'TransactionAbortedError', cause });
    });

    it('awaits what was started, as before any commit', async () => {
      bench.engine().holdsSends = true;
      const call = failureOf(
        transaction(
          () => {
            bench.producer.emit(record('1'));
            throw new BusinessError('b');
          },
          { commitOn: [BusinessError] },
        ),
      );
      await until(() => bench.calls.includes('t0 flush'));
      expect(bench.calls).not.toContain('t0 commit');
      bench.engine().settleSends();

      expect(await call).toBeInstanceOf(BusinessError);
    });

    it('takes nothing but true for a yes: a promise of false is none', async () => {
      const error = new Error('no');
      const commitOn = [async () => false] as never;
      await expect(transaction(() => Promise.reject(error), { commitOn })).rejects.toBe(error);
      expect(bench.calls.at(-1)).toBe('t0 abort');
    });

    it.each([[{}], [[{}]], [['RangeError']], [[class NoError {}]]])('refuses %p', async (commitOn) => {
      await expect(transaction(() => 1, { commitOn: commitOn as never })).rejects.toMatchObject({
        name: 'ConfigError',
        setting: 'commitOn',
      });
    });
  });

  it('aborts when the work returns a generator, which would run after the commit', async () => {
    async function* rows(): AsyncGenerator<string> {
      await bench.producer.send(record('late'));
      yield 'row';
    }
    for (const work of [() => rows(), () => brokenIterable()]) {
      await expect(transaction<unknown>(work)).rejects.toMatchObject({
        name: 'IllegalTransactionStateError',
        message: expect.stringContaining('generator') as unknown,
      });
    }
    expect(bench.calls.filter((call) => /commit|send/.test(call))).toEqual([]);
  });

  it.each(['REQUIRED', 'NOT_SUPPORTED'] as const)(
    'with propagation %s runs an Observable that the work returns to its end',
    async (propagation) => {
      const work = () =>
        from(['1', '2']).pipe(
          map((value) => {
            bench.producer.emit(record(value));
            return value;
          }),
        );
      const values = await transaction(work, { propagation });
      const engine = propagation === 'REQUIRED' ? 't0' : 'plain';
      const calls = bench.calls.filter((call) => / (send|commit)/.test(call));
      expect(calls.slice(0, 2)).toEqual([`${engine} send 1`, `${engine} send 2`]);
      expect(calls.slice(2)).toEqual(propagation === 'REQUIRED' ? ['t0 commit'] : []);
      expect(await lastValueFrom(values.pipe(toArray()))).toEqual(['1', '2']);
    },
  );

  describe('a commit that fails', () => {
    it.each([
      new TransactionOutcomeUnknownError('who knows'),
      new TransactionAbortedError('by the broker'),
      new ProducerFatalError('no rights'),
    ])('with %p is reported as it is, and nothing more is done', async (error) => {
      bench.engine().fail('commit', error, 'uninitialized');

      await expect(transaction(() => bench.send('1'))).rejects.toBe(error);
      expect(bench.calls).not.toContain('t0 abort');
    });

    it('with anything else is followed by an abort', async () => {
      const cause = new Error('record 3 has failed');
      bench.engine().fail('commit', cause, 'abortable-error');

      await expect(transaction(() => bench.send('1'))).rejects.toMatchObject({
        name: 'TransactionAbortedError',
        cause,
      });
      expect(bench.calls.slice(-2)).toEqual(['t0 commit', 't0 abort']);
    });

    it('and whose abort finds out that the producer was fenced is reported so', async () => {
      const fenced = new ProducerFencedError('epoch 7');
      bench.engine().fail('commit', new Error('record 3 has failed'), 'abortable-error');
      bench.engine().fail('abort', fenced, 'fatal', fenced);

      await expect(transaction(() => bench.send('1'))).rejects.toBe(fenced);
    });

    it('and whose work has passed on the failure of a record of a producer that was fenced is reported so, but not an error of the work', async () => {
      const fenced = new ProducerFencedError('epoch 7');
      bench.engine().failNextSend(new Error('record 3 has failed'));
      bench.engine().fail('abort', fenced, 'fatal', fenced);
      await expect(transaction(() => bench.send('1'))).rejects.toBe(fenced);

      bench = new TransactionBench();
      await bench.warmUp();
      const error = new Error('of the work');
      bench.engine().fail('abort', fenced, 'fatal', fenced);
      await expect(transaction(() => Promise.reject(error))).rejects.toBe(error);
    });

    it('wins over an error of the work that would commit', async () => {
      const unknown = new TransactionOutcomeUnknownError('who knows');
      bench.engine().fail('commit', unknown, 'uninitialized');

      await expect(transaction(() => Promise.reject(new RangeError('r')), { commitOn: [RangeError] })).rejects.toBe(
        unknown,
      );
    });
  });

  describe('hooks', () => {
    const watched = (seen: unknown[], work: () => unknown, options = {}) =>
      transaction((current) => {
        current.afterCommit(() => seen.push('commit 1'));
        current.afterAbort((error) => seen.push(error));
        current.afterCommit(() => seen.push('commit 2'));
        return work();
      }, options);

    it('and offsets may be given by functions taken out of the transaction', async () => {
      const seen: unknown[] = [];
      await transaction(async ({ afterAbort, afterCommit, sendOffsets }) => {
        afterCommit(() => seen.push('commit'));
        afterAbort(() => seen.push('abort'));
        await sendOffsets([{ topic: 'topic', partition: 0, offset: '4' }], 'group');
      });
      await transaction(
        ({ afterCommit, afterAbort }) => {
          afterCommit(() => seen.push('commit without'));
          afterAbort(() => seen.push('abort without'));
        },
        { propagation: 'SUPPORTS' },
      );
      expect(seen).toEqual(['commit', 'commit without']);
      expect(bench.calls).toContain('t0 offsets group 4');
    });

    it('run after the commit in their order, once the producer is free', async () => {
      const seen: unknown[] = [];
      const inHook: unknown[] = [];
      await watched(seen, () => {
        bench.producer.currentTransaction()?.afterCommit(() => {
          inHook.push(bench.producer.currentTransaction(), bench.producer.status().transactions?.leased);
          bench.producer.emit(record('from the hook'));
        });
      });

      expect(seen).toEqual(['commit 1', 'commit 2']);
      expect(inHook).toEqual([null, 0]);
      expect(bench.calls.slice(-2)).toEqual(['t0 commit', 'plain send from the hook']);
    });

    it('of an inner transaction run outside of the outer one as well', async () => {
      await transaction(async () => {
        await transaction((inner) => inner.afterCommit(() => bench.producer.emit(record('hook'))), {
          propagation: 'REQUIRES_NEW',
        });
      });

      expect(bench.calls).toContain('plain send hook');
    });

    it('run after an abort with the error of the work', async () => {
      const seen: unknown[] = [];
      const oops = new Error('oops');
      await failureOf(watched(seen, () => Promise.reject(oops)));

      expect(seen).toEqual([oops]);
    });

    it('run as after an abort when the outcome is unknown', async () => {
      const seen: unknown[] = [];
      const unknown = new TransactionOutcomeUnknownError('who knows');
      bench.engine().fail('commit', unknown, 'uninitialized');
      await failureOf(watched(seen, () => undefined));

      expect(seen).toEqual([unknown]);
    });

    it('get an error even for what is none', async () => {
      const seen: unknown[] = [];
      await failureOf(watched(seen, () => Promise.reject('a text')));

      expect(seen).toEqual([expect.objectContaining({ name: 'TransactionAbortedError', cause: 'a text' })]);
    });

    it('of the commit run when an error of the work has committed', async () => {
      const seen: unknown[] = [];
      await failureOf(watched(seen, () => Promise.reject(new RangeError('r')), { commitOn: [RangeError] }));

      expect(seen).toEqual(['commit 1', 'commit 2']);
    });

    it('of a joined call run after the end of the outer', async () => {
      const order: string[] = [];
      await transaction(async () => {
        await transaction((inner) => inner.afterCommit(() => order.push('hook')));
        order.push('outer goes on');
      });

      expect(order).toEqual(['outer goes on', 'hook']);
    });

    it('that fail are logged, and change nothing', async () => {
      await transaction((current) => {
        current.afterCommit(() => {
          throw new Error('first');
        });
        current.afterCommit(() => Promise.reject(new Error('second')));
        current.afterCommit(() => bench.calls.push('third'));
      });

      expect(bench.calls.at(-1)).toBe('third');
      await until(() => bench.lines.length === 2);
      expect(bench.lines).toEqual([expect.stringMatching(/^error .*first/), expect.stringMatching(/^error .*second/)]);
    });

    it('are not awaited', async () => {
      await expect(
        transaction((current) => current.afterCommit(() => new Promise(() => undefined))),
      ).resolves.toBeUndefined();
    });

    it('are refused after the end', async () => {
      const ended = await transaction((current) => current);

      expect(() => ended.afterCommit(() => undefined)).toThrow(
        expect.objectContaining({ name: 'TransactionEndedError' }),
      );
      expect(() => ended.afterAbort('no function' as never)).toThrow(TypeError);
    });
  });

  describe('sendOffsets', () => {
    const offsets = [{ topic: 'in', partition: 0, offset: '17' }];

    it('goes into the transaction, by group id or with all that is known of the group', async () => {
      await transaction(async (current) => {
        await current.sendOffsets(offsets, 'group');
        await current.sendOffsets([{ topic: 'in', partition: 1, offset: 2n ** 60n }], {
          groupId: 'group',
          generationId: 3,
          memberId: 'member',
        });
        await current.sendOffsets([], 'group');
      });

      expect(bench.calls).toEqual([
        't0 begin',
        't0 offsets group 17',
        't0 offsets group 1152921504606846976',
        't0 commit',
      ]);
    });

    it('aborts when it fails, caught or forgotten', async () => {
      const cause = new CommitFailedError('the group has moved on');
      bench.engine().fail('offsets', cause, 'abortable-error');
      const error = await failureOf(transaction((current) => void current.sendOffsets(offsets, 'group')));

      expect(error).toMatchObject({ name: 'TransactionAbortedError', cause });
    });

    it.each<[string, unknown, unknown]>([
      ['no list', 'in-0', 'group'],
      ['no topic', [{ partition: 0, offset: '1' }], 'group'],
      ['no partition', [{ topic: 'in', partition: -1, offset: '1' }], 'group'],
      ['a number', [{ topic: 'in', partition: 0, offset: 1 }], 'group'],
      ['a negative offset', [{ topic: 'in', partition: 0, offset: '-1' }], 'group'],
      ['an offset beyond 64 bits', [{ topic: 'in', partition: 0, offset: 2n ** 63n }], 'group'],
      ['a partition beyond 32 bits', [{ topic: 'in', partition: 2 ** 31, offset: '1' }], 'group'],
      ['a leader epoch beyond 32 bits', [{ topic: 'in', partition: 0, offset: '1', leaderEpoch: 2 ** 40 }], 'group'],
      ['metadata that is no text', [{ topic: 'in', partition: 0, offset: '1', metadata: 5 }], 'group'],
      [
        'metadata that is too long',
        [{ topic: 'in', partition: 0, offset: '1', metadata: 'm'.repeat(32_768) }],
        'group',
      ],
      ['no group', offsets, ''],
      ['a group that is too long', offsets, 'g'.repeat(32_768)],
      ['a misspelt generation', offsets, { groupId: 'group', generation: 3, memberId: 'm' }],
      ['a generation beyond 32 bits', offsets, { groupId: 'group', generationId: 2 ** 40, memberId: 'm' }],
      ['nothing for a group', offsets, undefined],
      ['a generation without a member', offsets, { groupId: 'group', generationId: 3 }],
    ])('refuses %s', async (_name, given, group) => {
      const call = transaction((current) => current.sendOffsets(given as never, group as never));

      await expect(call).rejects.toMatchObject({ name: 'InvalidRecordError' });
      expect(bench.calls).toEqual(['t0 begin', 't0 abort']);
    });
  });

  it('counts and times what it does, and the records of its producers', async () => {
    await transaction(() => bench.send('1'));
    await failureOf(transaction(() => Promise.reject(new Error('oops'))));
    bench.engine().fail('commit', new TransactionOutcomeUnknownError('who knows'), 'uninitialized');
    await failureOf(transaction(() => bench.send('2')));
    await bench.send('outside');

    // One more was committed to warm up.
    expect(bench.producer.metrics()).toMatchObject({
      'txn-committed-total': 2,
      'txn-aborted-total': 1,
      'txn-outcome-unknown-total': 1,
      'record-send-total': 3,
      'record-size-avg': 7,
      'emit-error-total': 0,
    });
    for (const call of ['init', 'begin', 'commit', 'abort']) {
      expect(bench.producer.metrics()[`txn-${call}-time-ns-total`]).toBeGreaterThan(0);
    }
  });
});
