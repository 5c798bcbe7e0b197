import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { disconnectAndWait, forkTypescript, nextMessage } from './run-typescript.js';

/** Processes of one kind, to be killed, paused and started again. `await using` lets them end. */
export class ProcessFleet implements AsyncDisposable {
  private readonly members = new Map<number, ChildProcess>();

  /** @param argumentsOf of the member of that number */
  public constructor(
    private readonly host: URL,
    private readonly argumentsOf: (index: number) => unknown,
  ) {}

  public get running(): number[] {
    return [...this.members.keys()];
  }

  /** Starts a member, and waits until it says so. */
  public async start(index: number): Promise<void> {
    const child = forkTypescript(this.host, [JSON.stringify(this.argumentsOf(index))]);
    this.members.set(index, child);
    await nextMessage(child);
  }

  /** SIGKILL. */
  public async kill(index: number): Promise<void> {
    const child = this.take(index);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Asks it to end, and waits for it. */
  public async stop(index: number): Promise<void> {
    await disconnectAndWait(this.take(index));
  }

  /** SIGSTOP. */
  public pause(index: number): void {
    this.members.get(index)?.kill('SIGSTOP');
  }

  /** SIGCONT. */
  public resume(index: number): void {
    this.members.get(index)?.kill('SIGCONT');
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    const indexes = this.running;
    for (const index of indexes) this.resume(index);
    await Promise.all(indexes.map((index) => this.stop(index)));
  }

  private take(index: number): ChildProcess {
    const child = this.members.get(index);
    if (child === undefined) throw new Error(`no member ${index}`);
    this.members.delete(index);
    return child;
  }
}
