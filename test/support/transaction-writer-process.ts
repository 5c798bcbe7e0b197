import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { disconnectAndWait, forkTypescript, nextMessage } from './run-typescript.js';
import type { WrittenTransaction } from './transaction-check.js';
import type { WriterLine, WriterTask } from './transaction-writer-host.js';

const HOST = new URL('./transaction-writer-host.ts', import.meta.url);

/** A writer in a process of its own, to be killed in the middle of anything and started again. What it has said before it was killed counts. */
export class TransactionWriterProcess {
  private child: ChildProcess | null = null;

  public constructor(private readonly task: Omit<WriterTask, 'first'>) {
    writeFileSync(task.file, '');
  }

  /** In their order; one that was begun and not ended has an unknown outcome. */
  public get transactions(): WrittenTransaction[] {
    const found = new Map<number, WrittenTransaction>();
    for (const text of readFileSync(this.task.file, 'utf8').split('\n')) {
      if (text === '') continue;
      const line: WriterLine = JSON.parse(text);
      found.set(line.number, line);
    }
    return [...found.values()];
  }

  public get committed(): number {
    return this.transactions.filter(({ outcome }) => outcome === 'committed').length;
  }

  public async start(): Promise<void> {
    const first = (this.transactions.at(-1)?.number ?? -1) + 1;
    // Another seed each time, else it would take the same decisions again.
    const task: WriterTask = { ...this.task, seed: this.task.seed + first, first };
    this.child = forkTypescript(HOST, [JSON.stringify(task)]);
    await nextMessage(this.child);
  }

  /** SIGKILL. */
  public async kill(): Promise<void> {
    const { child } = this;
    if (child === null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Lets it finish its transaction. */
  public async stop(): Promise<void> {
    if (this.child !== null) await disconnectAndWait(this.child);
  }
}
