import { describe, expect, it } from '@jest/globals';
import { InstrumentationChain } from '../../instrumentation/instrumentation-chain.js';
import type { KafkaInstrumentation, ProcessOperation } from '../../instrumentation/kafka-instrumentation.js';
import type { KafkaProducer } from '../../producer/kafka-producer.js';
import type { KafkaTransaction, TransactionWork } from '../../producer/transaction.js';
import { silentLog } from '../../wire/log-sink.js';
import { BatchRecordError } from '../batch-record-error.js';
import { TransactionalCommitStrategy } from '../commit/transactional-commit.strategy.js';
import type { HandlerCall, ListenerDefinition } from '../listener-definition.js';
import { ListenerInstrumentation } from './listener-instrumentation.js';
import { ContainerBench, FakeRecovery, listener, until } from './spec-support/container-bench.js';
import { record } from './spec-support/fake-consumer-engine.js';

const T0 = { topic: 't', partition: 0 };
const IDENTITY = { listenerId: 'Listener.handle', groupId: 'group', clientId: 'c' };

/** Notes what it is told, in order. */
class Notes implements KafkaInstrumentation {
  public readonly lines: string[] = [];
  public readonly processes: ProcessOperation[] = [];

  public received({ records }: ProcessOperation): void {
    this.lines.push(`received ${offsets(records)}`);
  }

  public processStarted(operation: ProcessOperation): ReturnType<NonNullable<KafkaInstrumentation['processStarted']>> {
    this.processes.push(operation);
    const name = `${offsets(operation.records)} attempt ${operation.attempt}`;
    return {
      run: (work) => {
        this.lines.push(`run ${name}`);
        return work();
      },
      ended: (error) => void this.lines.push(`ended ${name} ${String(error)}`),
      runDeadLetter: ({ offset }, work) => {
        this.lines.push(`dead letter ${offset} after ${name}`);
        return work();
      },
    };
  }

  public commitStarted({
    isTransactional,
    offsets: committed,
  }: Parameters<NonNullable<KafkaInstrumentation['commitStarted']>>[0]) {
    const name = `${isTransactional ? 'transactional ' : ''}commit ${committed.map(({ offset }) => offset).join()}`;
    return { ended: (error: unknown) => void this.lines.push(`${name} ${String(error)}`) };
  }
}

function offsets(records: ProcessOperation['records']): string {
  return records.map(({ offset }) => offset).join('+');
}

function watched(
  notes: Notes,
  handler: (call: HandlerCall) => void | Promise<void>,
  options: Partial<ListenerDefinition> = {},
): ListenerDefinition {
  const chain = new InstrumentationChain(Promise.resolve([notes]), silentLog);
  const instrumentation = new ListenerInstrumentation(chain, IDENTITY, options.isBatch ?? false);
  return listener(handler, { ...options, instrumentation });
}

/** Fails the first calls, so many. */
function failing(times: number, error: unknown): () => void {
  let calls = 0;
  return () => {
    if (++calls <= times) throw error;
  };
}

describe('the instrumentation of a listener', () => {
  it('sees a record received once, each call with how it ended, and the commit', async () => {
    const notes = new Notes();
    await using bench = await ContainerBench.start(watched(notes, failing(1, new RangeError('no'))));
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 5)]);
    await until(() => notes.lines.length === 6);
    expect(notes.lines).toEqual([
      'received 5',
      'run 5 attempt 1',
      'ended 5 attempt 1 RangeError: no',
      'run 5 attempt 2',
      'ended 5 attempt 2 null',
      'commit 6 null',
    ]);
    expect(notes.processes[0]).toMatchObject({ ...IDENTITY, ...T0, isBatch: false });
  });

  it('sees a dead letter after the last call', async () => {
    const notes = new Notes();
    const recovery = new FakeRecovery(1);
    await using bench = await ContainerBench.start(watched(notes, failing(1, 'text'), { recovery }));
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 5)]);
    await until(() => notes.lines.includes('commit 6 null'));
    expect(recovery.deadLetters).toHaveLength(1);
    expect(notes.lines.slice(-3, -1)).toEqual(['ended 5 attempt 1 text', 'dead letter 5 after 5 attempt 1']);
  });

  it('sees a nack as no failure', async () => {
    const notes = new Notes();
    const handler = (call: HandlerCall): void => {
      if (call.attempt === 1) call.nack(0);
    };
    await using bench = await ContainerBench.start(watched(notes, handler));
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 5)]);
    await until(() => notes.lines.includes('ended 5 attempt 2 null'));
    expect(notes.lines).toContain('ended 5 attempt 1 null');
  });

  it('sees of a batch the cause, and its records received once although they are tried alone', async () => {
    const notes = new Notes();
    const handler = (call: HandlerCall): void => {
      const index = call.records.findIndex(({ offset }) => offset === 6n);
      if (index >= 0) throw new BatchRecordError(index, new RangeError('six'));
    };
    const recovery = new FakeRecovery(1);
    await using bench = await ContainerBench.start(watched(notes, handler, { isBatch: true, recovery }));
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 5), record('t', 0, 6), record('t', 0, 7)]);
    await until(() => bench.engine.commits.includes('t-0=8'));
    expect(notes.lines.filter((line) => line.startsWith('received'))).toEqual(['received 5+6+7']);
    expect(notes.lines).toContain('ended 5+6+7 attempt 1 RangeError: six');
    expect(notes.processes.every(({ isBatch }) => isBatch)).toBe(true);
  });

  it('sees a transaction within the call, and a commit that fails as its failure', async () => {
    const notes = new Notes();
    const failures = [new RangeError('refused'), null];
    const transaction = async <T>(work: TransactionWork<T>): Promise<T> => {
      const { signal } = new AbortController();
      const result = await work({ signal, sendOffsets: () => Promise.resolve() } as unknown as KafkaTransaction);
      const failure = failures.shift() ?? null;
      if (failure !== null) throw failure;
      return result;
    };
    const definition = watched(notes, () => undefined, {
      commitStrategy: new TransactionalCommitStrategy(),
      transaction: { producer: { transaction } as unknown as KafkaProducer, options: {} },
    });
    await using bench = await ContainerBench.start(definition);
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 5)]);
    await until(() => notes.lines.includes('ended 5 attempt 2 null'));
    expect(notes.lines).toEqual([
      'received 5',
      'run 5 attempt 1',
      'transactional commit 6 null',
      'ended 5 attempt 1 RangeError: refused',
      'run 5 attempt 2',
      'transactional commit 6 null',
      'ended 5 attempt 2 null',
    ]);
  });

  it('sees a commit fail', async () => {
    const notes = new Notes();
    await using bench = await ContainerBench.start(watched(notes, () => undefined));
    const partition = bench.engine.assignOne(T0);
    bench.engine.commitFailure = new RangeError('refused');
    bench.engine.deliver(partition, [record('t', 0, 5)]);
    await until(() => bench.events.some(({ type }) => type === 'commit-failed'));
    expect(notes.lines).toContain('commit 6 RangeError: refused');
    bench.engine.commitFailure = null;
  });
});

describe('the metrics of a container', () => {
  it('count what its listeners get and commit', async () => {
    await using bench = await ContainerBench.start(listener(() => undefined));
    const records = [record('t', 0, 5), record('t', 0, 6)];
    bench.engine.deliver(bench.engine.assignOne(T0), records);
    await until(() => bench.engine.commits.includes('t-0=7'));
    const { groups, listeners } = bench.container.metrics();
    expect(groups).toMatchObject([{ groupId: 'group', metrics: { 'fetch-total': 3 } }]);
    expect(listeners).toMatchObject([
      {
        listenerId: 'Listener.handle',
        metrics: {
          'records-consumed-total': 2,
          'bytes-consumed-total': records.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0),
          'commit-total': bench.engine.commits.length,
          'assigned-partitions': 1,
        },
        partitions: [T0],
      },
    ]);
  });
});
