import {
  CommitFailedError,
  ConfigError,
  DeliveryError,
  type KafkaTransaction,
  KafkaTimeoutError,
  ProducerFatalError,
  ProducerFencedError,
  SerializationError,
  TransactionAbortedError,
  TransactionOutcomeUnknownError,
} from '../../index.js';
import { RecordingLog } from '../../../test/support/recording-log.js';
import { waitUntil } from '../wait-until.js';
import { RecordingKafkaProducer } from './recording-kafka-producer.js';

describe('transactions of a RecordingKafkaProducer', () => {
  let log: RecordingLog;
  let producer: RecordingKafkaProducer;

  beforeEach(() => {
    log = new RecordingLog();
    producer = new RecordingKafkaProducer({ log });
  });

  const values = (records: readonly { readonly value: unknown }[]): unknown[] => records.map(({ value }) => value);
  const send = (value: string, topic = 'orders'): Promise<unknown> => producer.send({ topic, value });
  const offset = (partition: number, next: string) => ({ topic: 'payments', partition, offset: next });
  const states = (): string[] => producer.transactions.map(({ state }) => state);

  it('commits: everything becomes visible together', async () => {
    let visibleInside: unknown[] = [];
    await producer.transaction(async () => {
      await send('a');
      await send('b');
      visibleInside = values(producer.records);
    });
    expect(visibleInside).toEqual([]);
    expect(values(producer.records)).toEqual(['a', 'b']);
    expect(values(producer.committed)).toEqual(['a', 'b']);
    expect(producer.aborted).toEqual([]);
  });

  it('aborts: nothing becomes visible, and the record of it is kept apart', async () => {
    const failure = new Error('out of stock');
    const failed = producer.transaction(async () => {
      await send('a');
      throw failure;
    });
    await expect(failed).rejects.toBe(failure);
    expect(producer.records).toEqual([]);
    expect(producer.aborted).toMatchObject([{ value: 'a', state: 'stored', offset: '0' }]);
    expect(producer.committed).toEqual([]);
  });

  it('keeps records in the order of the calls, whether in a transaction or not', async () => {
    await send('a');
    await producer.transaction(async () => {
      await send('b');
      await producer.transaction(() => send('c'), { propagation: 'NOT_SUPPORTED' });
      await send('d');
    });
    expect(values(producer.records)).toEqual(['a', 'b', 'c', 'd']);
    expect(producer.sent.map(({ transaction }) => transaction?.id ?? null)).toEqual([null, 1, null, 1]);
    expect(values(producer.committed)).toEqual(['b', 'd']);
  });

  it('tells of each transaction: id, producer of the pool, state, records and offsets', async () => {
    await producer.transaction(async () => {
      await send('a');
      await producer.transaction(() => send('b'), { propagation: 'REQUIRES_NEW' });
      expect(states()).toEqual(['begun', 'committed']);
    });
    await producer.transaction(() => undefined);
    expect(producer.transactions).toMatchObject([
      { id: 1, transactionalId: 'recording-0', state: 'committed', records: [{ value: 'a' }], offsets: [] },
      { id: 2, transactionalId: 'recording-1', state: 'committed', records: [{ value: 'b' }], offsets: [] },
      { id: 3, transactionalId: 'recording-0', state: 'committed', records: [], offsets: [] },
    ]);
    expect(producer.transactions[0]).toBe(producer.sent[0]?.transaction);
  });

  it('takes the settings of transactions as the module does', async () => {
    producer = new RecordingKafkaProducer({ transactions: { transactionalIdPrefix: 'bank-', poolSize: 1 } });
    const nested = producer.transaction(() => producer.transaction(() => undefined, { propagation: 'REQUIRES_NEW' }));
    await expect(nested).rejects.toThrow(/poolSize/);
    expect(producer.transactions).toMatchObject([{ transactionalId: 'bank-0' }]);
  });

  it('has none for an application that has configured none', async () => {
    producer = new RecordingKafkaProducer({ transactions: false });
    await expect(producer.transaction(() => undefined)).rejects.toThrow(ConfigError);
    await send('a');
    expect(values(producer.records)).toEqual(['a']);
  });

  it('aborts a transaction that takes too long', async () => {
    let late: Promise<unknown> | undefined;
    const slow = producer.transaction(
      async ({ signal }) => {
        await send('a');
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        late = send('b');
        late.catch(() => undefined);
      },
      { timeoutMs: 1 },
    );
    await expect(slow).rejects.toMatchObject({ name: 'TransactionTimeoutError' });
    await waitUntil('the late record', 1_000, () => late !== undefined);
    await expect(late).rejects.toMatchObject({ name: 'TransactionEndedError' });
    expect(states()).toEqual(['aborted']);
  });

  describe('a record that fails', () => {
    it('aborts, although the work has swallowed the error', async () => {
      producer.failWhen('send', ({ topic }) => topic === 'stock');
      const swallowed = producer.transaction(async () => {
        await send('a');
        await send('b', 'stock').catch(() => undefined);
      });
      await expect(swallowed).rejects.toMatchObject({
        name: 'TransactionAbortedError',
        cause: expect.any(DeliveryError),
      });
      expect(producer.aborted).toMatchObject([
        { value: 'a', state: 'stored' },
        { value: 'b', state: 'failed' },
      ]);
    });

    it('refuses the next ones at once', async () => {
      producer.failNext('send');
      let second: Promise<unknown> | undefined;
      await producer
        .transaction(async () => {
          await send('a').catch(() => undefined);
          second = send('b');
          await second;
        })
        .catch(() => undefined);
      await expect(second).rejects.toMatchObject({ name: 'TransactionAbortedError', cause: expect.any(DeliveryError) });
      expect(values(producer.sent)).toEqual(['a']);
    });

    it('aborts when it was emitted, when it was called back, and when it could not be serialized', async () => {
      producer.failWhen('send', ({ value }) => value === 'bad');
      const bad = { topic: 'orders', value: 'bad' };
      await expect(producer.transaction(() => producer.emit(bad))).rejects.toThrow(TransactionAbortedError);
      await expect(producer.transaction(() => producer.send(bad, () => undefined))).rejects.toThrow(
        TransactionAbortedError,
      );
      const unserializable = producer.transaction(() => producer.emit({ topic: 'orders', value: undefined }));
      await expect(unserializable).rejects.toMatchObject({ cause: expect.any(SerializationError) });
      expect(states()).toEqual(['aborted', 'aborted', 'aborted']);
    });

    it('leaves the next transaction alone', async () => {
      producer.failNext('send');
      await producer.transaction(() => send('a')).catch(() => undefined);
      await producer.transaction(() => send('b'));
      expect(values(producer.records)).toEqual(['b']);
      expect(producer.transactions.map(({ transactionalId }) => transactionalId)).toEqual([
        'recording-0',
        'recording-0',
      ]);
    });

    it('ends its producer for good when it is fatal, and the next transaction gets a new one', async () => {
      producer.failNext('send', new ProducerFatalError('no rights'));
      await expect(producer.transaction(() => send('a'))).rejects.toThrow('no rights');
      await producer.transaction(() => send('b'));
      expect(states()).toEqual(['aborted', 'committed']);
    });
  });

  describe('failures of begin', () => {
    it('reject the call, and the work does not run', async () => {
      let ran = false;
      producer.failNext('begin');
      await expect(producer.transaction(() => (ran = true))).rejects.toThrow(KafkaTimeoutError);
      expect(ran).toBe(false);
      expect(producer.transactions).toEqual([]);
      await producer.transaction(() => send('a'));
      expect(states()).toEqual(['committed']);
    });

    it('may depend on the transactional id', async () => {
      producer.failWhen('begin', ({ transactionalId }) => transactionalId === 'recording-1');
      await producer.transaction(async () => {
        await expect(producer.transaction(() => undefined, { propagation: 'REQUIRES_NEW' })).rejects.toThrow(
          KafkaTimeoutError,
        );
      });
      expect(states()).toEqual(['committed']);
    });
  });

  describe('failures of commit', () => {
    it('abort by default', async () => {
      producer.failNext('commit');
      await expect(producer.transaction(() => send('a'))).rejects.toThrow(TransactionAbortedError);
      expect(states()).toEqual(['aborted']);
      await producer.transaction(() => send('b'));
      expect(values(producer.records)).toEqual(['b']);
    });

    it('abort after an error of another class, which is the cause then', async () => {
      const error = new KafkaTimeoutError('no memory');
      producer.failNext('commit', error);
      await expect(producer.transaction(() => send('a'))).rejects.toMatchObject({
        name: 'TransactionAbortedError',
        cause: error,
      });
      expect(states()).toEqual(['aborted']);
    });

    it('may leave the outcome unknown: neither committed nor aborted', async () => {
      const error = new TransactionOutcomeUnknownError('answer lost');
      producer.failNext('commit', error);
      await expect(producer.transaction(() => send('a'))).rejects.toBe(error);
      expect(states()).toEqual(['unknown']);
      expect([producer.records, producer.committed, producer.aborted]).toEqual([[], [], []]);
      expect(values(producer.sent)).toEqual(['a']);
      await producer.transaction(() => send('b'));
      expect(values(producer.records)).toEqual(['b']);
    });

    it('may depend on the transaction', async () => {
      producer.failWhen('commit', ({ records }) => records.length > 1);
      await producer.transaction(() => send('a'));
      await expect(producer.transaction(() => Promise.all([send('b'), send('c')]))).rejects.toThrow(
        TransactionAbortedError,
      );
      expect(states()).toEqual(['committed', 'aborted']);
    });
  });

  describe('failures of abort', () => {
    it('are logged, and the caller gets the error of the work', async () => {
      producer.failNext('abort');
      const failed = producer.transaction(async () => {
        await send('a');
        throw new Error('out of stock');
      });
      await expect(failed).rejects.toThrow('out of stock');
      expect(log.lines.join('\n')).toMatch(/abort of a transaction of 'recording-0' was not confirmed/);
      expect(states()).toEqual(['aborted']);
      await producer.transaction(() => send('b'));
      expect(states()).toEqual(['aborted', 'committed']);
    });
  });

  describe('another process that takes over', () => {
    it.each(['send', 'begin', 'sendOffsets', 'commit', 'abort'] as const)(
      'ends all transactions when %s meets it, and nothing else',
      async (call) => {
        producer.failNext(call, new ProducerFencedError('taken over'));
        const work = async (transaction: KafkaTransaction): Promise<void> => {
          await send('a').catch(() => undefined);
          await transaction.sendOffsets([offset(0, '5')], 'billing').catch(() => undefined);
          if (call === 'abort') throw new Error('out of stock');
        };
        await expect(producer.transaction(work)).rejects.toThrow(call === 'abort' ? 'out of stock' : 'taken over');
        await expect(producer.transaction(() => send('b'))).rejects.toThrow(ProducerFencedError);
        expect(producer.status().transactions?.fenced).toBe(true);
        expect(states()).toEqual(call === 'begin' ? [] : ['aborted']);
        await send('outside');
        expect(values(producer.records)).toEqual(['outside']);
      },
    );
  });

  describe('offsets of a consumer group', () => {
    it('are recorded with their transaction, and count when it commits', async () => {
      const member = { groupId: 'billing', generationId: 3, memberId: 'billing-1' };
      await producer.transaction(async (transaction) => {
        await transaction.sendOffsets([offset(0, '5'), offset(1, '7')], member);
        await transaction.sendOffsets([offset(0, '6')], 'billing');
        await transaction.sendOffsets([offset(0, '1')], 'audit');
        expect(producer.committedOffsets('billing')).toEqual([]);
      });
      expect(producer.transactions[0]?.offsets).toEqual([
        { group: member, offsets: [offset(0, '5'), offset(1, '7')] },
        { group: { groupId: 'billing' }, offsets: [offset(0, '6')] },
        { group: { groupId: 'audit' }, offsets: [offset(0, '1')] },
      ]);
      expect(producer.committedOffsets('billing')).toEqual([offset(0, '6'), offset(1, '7')]);
    });

    it('do not count when it aborts', async () => {
      const failed = producer.transaction(async (transaction) => {
        await transaction.sendOffsets([offset(0, '5')], 'billing');
        throw new Error('out of stock');
      });
      await expect(failed).rejects.toThrow('out of stock');
      expect(producer.transactions).toMatchObject([{ state: 'aborted', offsets: [{ group: { groupId: 'billing' } }] }]);
      expect(producer.committedOffsets('billing')).toEqual([]);
    });

    it('can be refused, which aborts although the error was swallowed, and refuses what comes after', async () => {
      producer.failWhen('sendOffsets', ({ group }) => group.groupId === 'billing');
      const refused = producer.transaction(async (transaction) => {
        await transaction.sendOffsets([offset(0, '5')], 'other');
        await transaction.sendOffsets([offset(0, '5')], 'billing').catch(() => undefined);
        await expect(send('a')).rejects.toMatchObject({ cause: expect.any(CommitFailedError) });
      });
      await expect(refused).rejects.toMatchObject({
        name: 'TransactionAbortedError',
        cause: expect.any(CommitFailedError),
      });
    });
  });

  it('counts transactions as the real one does', async () => {
    await producer.transaction(() => send('a'));
    producer.failNext('commit', new TransactionOutcomeUnknownError('answer lost'));
    await producer.transaction(() => send('b')).catch(() => undefined);
    expect(producer.metrics()).toMatchObject({
      'record-send-total': 2,
      'txn-committed-total': 1,
      'txn-outcome-unknown-total': 1,
    });
  });
});
