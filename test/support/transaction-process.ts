import type { ChildProcess } from 'node:child_process';
import { disconnectAndWait, forkTypescript, nextMessage } from './run-typescript.js';
import type { TestTransactionalEngineOptions } from './test-transactional-engine.js';
import type { TransactionAnswer, TransactionCall } from './transaction-host.js';

const HOST = new URL('./transaction-host.ts', import.meta.url);

/** A transactional producer in a process of its own. `await using` ends it, paused or not. */
export class TransactionProcess implements AsyncDisposable {
  private constructor(private readonly child: ChildProcess) {}

  /** Starts it, without initializing its transactions. */
  public static async start(options: TestTransactionalEngineOptions): Promise<TransactionProcess> {
    const child = forkTypescript(HOST, [JSON.stringify(options)]);
    await nextMessage(child);
    return new TransactionProcess(child);
  }

  public initialize(): Promise<TransactionAnswer> {
    return this.ask({ call: 'initialize' });
  }

  public begin(): Promise<TransactionAnswer> {
    return this.ask({ call: 'begin' });
  }

  /** The n-th value to the n-th partition, each of them acknowledged. */
  public send(topic: string, values: readonly string[]): Promise<TransactionAnswer> {
    return this.ask({ call: 'send', topic, values });
  }

  public commit(): Promise<TransactionAnswer> {
    return this.ask({ call: 'commit' });
  }

  public abort(): Promise<TransactionAnswer> {
    return this.ask({ call: 'abort' });
  }

  /** A whole transaction; its error is that of the commit, or what made it abort. */
  public run(topic: string, values: readonly string[]): Promise<TransactionAnswer> {
    return this.ask({ call: 'run', topic, values });
  }

  /** SIGSTOP. */
  public pause(): void {
    this.child.kill('SIGSTOP');
  }

  /** SIGCONT. */
  public resume(): void {
    this.child.kill('SIGCONT');
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    this.resume();
    await disconnectAndWait(this.child);
  }

  private async ask(call: TransactionCall): Promise<TransactionAnswer> {
    const answered = nextMessage(this.child);
    this.child.send(call);
    return (await answered) as TransactionAnswer;
  }
}
