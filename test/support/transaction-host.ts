import { runTransaction } from './transaction-outcome.js';
import { TestTransactionalEngine, type TestTransactionalEngineOptions } from './test-transactional-engine.js';

/** What the parent asks for, one call at a time. */
export type TransactionCall =
  | { readonly call: 'initialize' | 'begin' | 'commit' | 'abort' }
  | { readonly call: 'send'; readonly topic: string; readonly values: readonly string[] }
  /** A whole transaction. */
  | { readonly call: 'run'; readonly topic: string; readonly values: readonly string[] };

/** How a call ended, and where that leaves the producer. */
export interface TransactionAnswer {
  readonly error: { readonly name: string; readonly message: string } | null;
  readonly state: string;
}

/** A process with one transactional producer that does what its parent says, so that it can be stopped by signals in the middle of a transaction. */
const options: TestTransactionalEngineOptions = JSON.parse(process.argv[2] ?? '{}');
const engine = new TestTransactionalEngine(options);
await engine.start();

async function answer(call: TransactionCall): Promise<TransactionAnswer> {
  let error: unknown = null;
  try {
    await carryOut(call);
  } catch (caught) {
    error = caught;
  }
  const { name, message } = error instanceof Error ? error : { name: 'none', message: '' };
  return { error: error === null ? null : { name, message }, state: engine.transactionalState };
}

async function carryOut(call: TransactionCall): Promise<unknown> {
  switch (call.call) {
    case 'initialize':
      return engine.initTransactions();
    case 'begin':
      return engine.beginTransaction();
    case 'commit':
      return engine.commitTransaction();
    case 'abort':
      return engine.abortTransaction();
    case 'send':
      return send(call.topic, call.values);
    case 'run': {
      const { error } = await runTransaction(engine, () => send(call.topic, call.values));
      if (error !== null) throw error;
      return undefined;
    }
  }
}

async function send(topic: string, values: readonly string[]): Promise<void> {
  const results = await Promise.allSettled(values.map((value, partition) => engine.send({ topic, partition, value })));
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

process.on('message', (call: TransactionCall) => {
  void answer(call).then((answered) => process.send?.(answered));
});
process.once('disconnect', () => void engine.close(1_000).finally(() => process.exit()));
process.send?.('started');
