import type { KafkaProducer } from '../../producer/kafka-producer.js';
import {
  CommitFailedError,
  ProducerFencedError,
  TransactionAbortedError,
  TransactionOutcomeUnknownError,
} from '../../producer/transaction-errors.js';
import type { KafkaTransaction, TopicPartitionOffset, TransactionWork } from '../../producer/transaction.js';
import { TransactionalCommitStrategy } from '../commit/transactional-commit.strategy.js';
import type { HandlerCall, ListenerDefinition } from '../listener-definition.js';
import { ContainerBench, FakeRecovery, gate, listener, until } from './spec-support/container-bench.js';
import { record } from './spec-support/fake-consumer-engine.js';

const T0 = { topic: 't', partition: 0 };

/** Notes transactions: `begin`, `offset <next>`, and `commit` or `abort`. What a test has scripted happens to the next commits. */
class FakeTransactions {
  public readonly log: string[] = [];
  public readonly commitFailures: (Error | null)[] = [];
  public offsetsFailure: Error | null = null;
  /** When offsets are stored. */
  public offsetsAnswer: Promise<void> = Promise.resolve();

  public readonly transaction = async <T>(work: TransactionWork<T>): Promise<T> => {
    this.log.push('begin');
    const controller = new AbortController();
    const transaction: KafkaTransaction = {
      transactionalId: 'id',
      signal: controller.signal,
      sendOffsets: (offsets) => this.sendOffsets(offsets),
      afterCommit: () => undefined,
      afterAbort: () => undefined,
    };
    let result: T;
    try {
      result = await work(transaction);
    } catch (error) {
      this.log.push('abort');
      throw error;
    }
    const failure = this.commitFailures.shift() ?? null;
    if (failure !== null) throw failure;
    this.log.push('commit');
    return result;
  };

  private sendOffsets(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    if (this.offsetsFailure !== null) return Promise.reject(this.offsetsFailure);
    this.log.push(...offsets.map(({ offset }) => `offset ${offset}`));
    return this.offsetsAnswer;
  }
}

function transactional(
  transactions: FakeTransactions,
  handler: (call: HandlerCall) => void | Promise<void>,
  options: Partial<ListenerDefinition> = {},
): ListenerDefinition {
  return listener(handler, {
    commitStrategy: new TransactionalCommitStrategy(),
    transaction: { producer: transactions as unknown as KafkaProducer, options: {} },
    ...options,
  });
}

describe('a transactional listener', () => {
  it('commits the offset with each record, also over what follows it without records, and nothing by itself', async () => {
    const transactions = new FakeTransactions();
    await using bench = await ContainerBench.start(transactional(transactions, () => undefined));
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0), record('t', 0, 1)], 5);
    await until(() => transactions.log.length === 6);
    expect(transactions.log).toEqual(['begin', 'offset 1', 'commit', 'begin', 'offset 5', 'commit']);
    await bench.engine.revoke();
    expect(bench.engine.commits).toEqual([]);
  });

  it('commits the offset of a whole batch once', async () => {
    const transactions = new FakeTransactions();
    await using bench = await ContainerBench.start(transactional(transactions, () => undefined, { isBatch: true }));
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 0), record('t', 0, 1)]);
    await until(() => transactions.log.length === 3);
    expect(transactions.log).toEqual(['begin', 'offset 2', 'commit']);
  });

  it('aborts and tries again when its handler fails, and gives the record up in a transaction of its own', async () => {
    const transactions = new FakeTransactions();
    const recovery = new FakeRecovery(2);
    const failing = (): never => {
      throw new Error('poison');
    };
    await using bench = await ContainerBench.start(transactional(transactions, failing, { recovery }));
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 0)]);
    await until(() => transactions.log.includes('commit'));
    expect(transactions.log).toEqual(['begin', 'abort', 'begin', 'abort', 'begin', 'offset 1', 'commit']);
    expect(recovery.deadLetters).toHaveLength(1);
  });

  it('aborts when its handler asks for the record again, and counts no failure', async () => {
    const transactions = new FakeTransactions();
    const recovery = new FakeRecovery(1);
    const handler = (call: HandlerCall): void => {
      if (call.attempt === 1) call.nack(0);
    };
    await using bench = await ContainerBench.start(transactional(transactions, handler, { recovery }));
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 0)]);
    await until(() => transactions.log.includes('commit'));
    expect(transactions.log).toEqual(['begin', 'abort', 'begin', 'offset 1', 'commit']);
    expect(recovery.seen).toEqual([]);
  });

  it('joins the group again when the outcome of a transaction is unknown, and handles nothing before that', async () => {
    const transactions = new FakeTransactions();
    const recovery = new FakeRecovery(1);
    transactions.commitFailures.push(new TransactionOutcomeUnknownError('no answer'));
    const handled: bigint[] = [];
    await using bench = await ContainerBench.start(
      transactional(transactions, ({ records: [first] }) => void handled.push(first?.offset ?? -1n), { recovery }),
    );
    const records = [record('t', 0, 0), record('t', 0, 1)];
    bench.engine.deliver(bench.engine.assignOne(T0), records);
    await until(() => bench.engine.rejoins.length === 1);
    expect(bench.engine.rejoins).toEqual(['the outcome of a transaction is not known']);
    await bench.engine.revoke();
    expect(handled).toEqual([0n]);

    // It had committed.
    bench.engine.deliver(bench.engine.assignOne(T0), records.slice(1));
    await until(() => transactions.log.includes('commit'));
    expect(transactions.log).toEqual(['begin', 'offset 1', 'begin', 'offset 2', 'commit']);
    expect(handled).toEqual([0n, 1n]);
    expect(recovery.seen).toEqual([]);
  });

  it('goes on trying, without counting, while the group has moved on without it; the partition is taken away then', async () => {
    const transactions = new FakeTransactions();
    const recovery = new FakeRecovery(1, 'stop');
    transactions.offsetsFailure = new CommitFailedError('another generation');
    await using bench = await ContainerBench.start(transactional(transactions, () => undefined, { recovery }));
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 0)]);
    await until(() => transactions.log.filter((line) => line === 'abort').length > 1);
    bench.engine.lose();
    expect(recovery.seen).toEqual([]);
    expect(transactions.log).not.toContain('commit');
  });

  it('aborts when its partition is lost while the offset is on its way', async () => {
    const transactions = new FakeTransactions();
    const { open, opened } = gate();
    transactions.offsetsAnswer = opened;
    await using bench = await ContainerBench.start(transactional(transactions, () => undefined));
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 0)]);
    await until(() => transactions.log.includes('offset 1'));
    bench.engine.lose();
    open();
    await until(() => transactions.log.includes('abort'));
    expect(transactions.log).toEqual(['begin', 'offset 1', 'abort']);
  });

  it('stops when its producer cannot go on', async () => {
    const transactions = new FakeTransactions();
    transactions.commitFailures.push(new ProducerFencedError('another process'));
    await using bench = await ContainerBench.start(transactional(transactions, () => undefined));
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 0)]);
    await until(() => bench.container.listeners[0]?.status().state === 'failed');
    expect(bench.container.listeners[0]?.status().error).toBeInstanceOf(ProducerFencedError);
  });

  it('counts a transaction that was aborted for an error of the handler', async () => {
    const transactions = new FakeTransactions();
    const recovery = new FakeRecovery(2);
    const swallowed = new TransactionAbortedError('a record failed', { cause: new Error('too large') });
    transactions.commitFailures.push(swallowed, swallowed);
    await using bench = await ContainerBench.start(transactional(transactions, () => undefined, { recovery }));
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 0)]);
    await until(() => recovery.deadLetters.length === 1);
    expect(recovery.seen).toHaveLength(2);
  });

  it('commits in a transaction what moves the position without records, once it rests', async () => {
    const transactions = new FakeTransactions();
    await using bench = await ContainerBench.start(transactional(transactions, () => undefined));
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [], 3);
    bench.engine.deliver(partition, [], 7);
    await until(() => transactions.log.length === 3);
    expect(transactions.log).toEqual(['begin', 'offset 7', 'commit']);
    expect(bench.engine.commits).toEqual([]);
    await until(() => bench.container.listeners[0]?.status().partitions[0]?.committed === '7');
  });

  it('commits what moves the position behind a record whose handler takes long, and tells only what is committed', async () => {
    const transactions = new FakeTransactions();
    const { open, opened } = gate();
    await using bench = await ContainerBench.start(transactional(transactions, () => opened));
    const committed = (): unknown => bench.container.listeners[0]?.status().partitions[0]?.committed;
    const [slow = bench.engine.assignOne(T0), quiet = slow] = bench.engine.assign(T0, { topic: 't', partition: 1 });
    bench.engine.deliver(slow, [record('t', 0, 0)]);
    await until(() => transactions.log.length === 1);
    bench.engine.deliver(slow, [], 5);
    bench.engine.deliver(quiet, [], 3);
    // By now that of the slow one would have been committed, too.
    await until(() => transactions.log.includes('offset 3'));
    open();
    await until(() => committed() !== null);
    expect(committed()).toBe('1');
    expect(transactions.log).not.toContain('offset 5');
    await until(() => committed() === '5');
    expect(transactions.log.slice(-5)).toEqual(['offset 1', 'commit', 'begin', 'offset 5', 'commit']);
  });

  it('makes no transaction for what that of a later record has committed', async () => {
    const transactions = new FakeTransactions();
    await using bench = await ContainerBench.start(transactional(transactions, () => undefined));
    const [busy = bench.engine.assignOne(T0), quiet = busy] = bench.engine.assign(T0, { topic: 't', partition: 1 });
    bench.engine.deliver(busy, [], 4);
    bench.engine.deliver(busy, [record('t', 0, 4)]);
    bench.engine.deliver(quiet, [], 3);
    await until(() => transactions.log.length >= 6);
    expect(transactions.log).toEqual(['begin', 'offset 5', 'commit', 'begin', 'offset 3', 'commit']);
  });
});
