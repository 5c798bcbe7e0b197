import { EmitFailureLog } from '../../producer/emit-failure-log.js';
import { KafkaProducer } from '../../producer/kafka-producer.js';
import type { LogSink } from '../../wire/log-sink.js';
import { TransactionRunner } from '../transaction-runner.js';
import { FakeTransactionalEngine } from './fake-transactional-engine.js';

export interface TransactionBenchOptions {
  readonly prefix?: string;
  readonly poolSize?: number;
  readonly timeoutMs?: number;
  readonly maxBlockMs?: number;
  /** Instead of a fake engine at once. */
  readonly createEngine?: (
    transactionalId: string,
    make: () => FakeTransactionalEngine,
  ) => Promise<FakeTransactionalEngine>;
}

/** A `KafkaProducer` with transactions on engines without a broker. The engine outside of transactions is called `plain`. */
export class TransactionBench {
  /** What the engines were asked, in order. */
  public readonly calls: string[] = [];
  /** What was logged, as `<level> <line>`. */
  public readonly lines: string[] = [];
  /** In the order in which they were made. */
  public readonly engines: FakeTransactionalEngine[] = [];
  public readonly plain = new FakeTransactionalEngine('plain', this.calls);
  public readonly runner: TransactionRunner;
  public readonly producer: KafkaProducer;

  public constructor({
    createEngine = (_, make) => Promise.resolve(make()),
    maxBlockMs = 1_000,
    poolSize = 3,
    prefix = 't',
    timeoutMs = 10_000,
  }: TransactionBenchOptions = {}) {
    const log = this.createLog();
    this.runner = new TransactionRunner({
      settings: { transactionalIdPrefix: prefix, poolSize, timeoutMs: 2 * timeoutMs, maxWorkMs: timeoutMs },
      maxBlockMs,
      createEngine: (transactionalId) => createEngine(transactionalId, () => this.makeEngine(transactionalId)),
      log,
    });
    this.producer = new KafkaProducer({ engine: this.plain }, new EmitFailureLog(log), this.runner);
  }

  /** Sends a record of which the test sees only the value. */
  public readonly send = async (value: string): Promise<void> => {
    await this.producer.send({ topic: 'topic', value });
  };

  /** The engine that was made last for a slot. */
  public engine(id = 't0'): FakeTransactionalEngine {
    const engine = this.engines.findLast((candidate) => candidate.id === id);
    if (engine === undefined) throw new Error(`no engine ${id}`);
    return engine;
  }

  /** Has a transaction run, so that the first slots have engines, and forgets what it has called. */
  public async warmUp(slots = 1): Promise<void> {
    const nested = async (left: number): Promise<void> => {
      if (left > 0) await this.producer.transaction(() => nested(left - 1), { propagation: 'REQUIRES_NEW' });
    };
    await nested(slots);
    this.calls.length = 0;
  }

  private makeEngine(transactionalId: string): FakeTransactionalEngine {
    const engine = new FakeTransactionalEngine(transactionalId, this.calls);
    this.engines.push(engine);
    return engine;
  }

  private createLog(): LogSink {
    const note =
      (level: string) =>
      (line: string): void =>
        void this.lines.push(`${level} ${line}`);
    return { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  }
}

/** Fails the test when a rejection has gone unnoticed. To be called inside of `describe`. */
export function expectNoUnhandledRejections(): void {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  beforeAll(() => process.on('unhandledRejection', note));
  afterAll(() => {
    process.off('unhandledRejection', note);
  });
  afterEach(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled.splice(0)).toEqual([]);
  });
}

/** A promise, and the function that resolves it. */
export function deferred<T = void>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve = (_value: T): void => undefined;
  let reject = (_error: Error): void => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** What a call fails with; undefined when it does not. To be taken at once where the failure may come before it is looked at. */
export function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}
