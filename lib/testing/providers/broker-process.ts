import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { once } from 'node:events';
import type { BrokerHandle } from './broker-handle.js';
import { waitUntilStopped } from './process-state.js';
import type { Watchdog } from './watchdog.js';

/** The signals a broker is made to fail with. */
export type BrokerSignal = 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT';

export interface BrokerProcessOptions {
  readonly nodeId: number;
  readonly command: string;
  /** The arguments, given how often the broker was started before. */
  readonly args: (startsBefore: number) => readonly string[];
  readonly logFile: string;
  readonly directory: string;
  readonly watchdog: Watchdog;
  /** Hands a signal on where the broker is not the child process itself. Default: the child gets it. */
  readonly deliver?: (signal: BrokerSignal) => Promise<void>;
}

/**
 * One broker as a child process. Its output goes straight into a file, so a busy or ended parent never blocks it; it has a process
 * group of its own, so Ctrl-C in a terminal reaches the application alone, which can then still flush.
 */
export class BrokerProcess implements BrokerHandle {
  public readonly nodeId: number;
  public readonly logFile: string;
  private child: ChildProcess | null = null;
  private spawnError: Error | null = null;
  private starts = 0;

  public constructor(private readonly options: BrokerProcessOptions) {
    this.nodeId = options.nodeId;
    this.logFile = options.logFile;
  }

  public get pid(): number | undefined {
    return this.child?.pid;
  }

  public isAlive(): boolean {
    const { child } = this;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  public howItEnded(): string {
    const { child, spawnError } = this;
    if (spawnError !== null) return `${this.options.command} could not be run: ${spawnError.message}`;
    if (child === null) return 'never started';
    return child.signalCode === null ? `exit code ${String(child.exitCode)}` : `signal ${child.signalCode}`;
  }

  public start(): void {
    const { command, args, directory, logFile, watchdog } = this.options;
    const output = openSync(logFile, 'a');
    try {
      const child = spawn(command, args(this.starts), {
        cwd: directory,
        detached: true,
        windowsHide: true,
        stdio: ['ignore', output, output],
      });
      this.starts++;
      this.child = child;
      this.spawnError = null;
      child.on('error', (error) => (this.spawnError = error));
      if (child.pid !== undefined) {
        const { pid } = child;
        watchdog.watchProcess(pid);
        child.once('exit', () => watchdog.unwatchProcess(pid));
      }
      child.unref();
    } finally {
      closeSync(output);
    }
  }

  public async kill(): Promise<void> {
    await this.signalAndWait('SIGKILL');
  }

  public async terminate(): Promise<void> {
    await this.signalAndWait('SIGTERM');
  }

  public async pause(): Promise<void> {
    await this.deliver('SIGSTOP');
    if (this.options.deliver === undefined && this.pid !== undefined && this.isAlive())
      await waitUntilStopped(this.pid);
  }

  public async resume(): Promise<void> {
    await this.deliver('SIGCONT');
  }

  private async signalAndWait(signal: BrokerSignal): Promise<void> {
    const { child } = this;
    if (child === null || !this.isAlive()) return;
    const exited = once(child, 'exit');
    // Referenced while somebody waits: an otherwise idle process would end before the broker does.
    child.ref();
    await this.deliver(signal);
    await exited;
  }

  private async deliver(signal: BrokerSignal): Promise<void> {
    if (!this.isAlive()) return;
    if (this.options.deliver === undefined) this.child?.kill(signal);
    else await this.options.deliver(signal);
  }
}
