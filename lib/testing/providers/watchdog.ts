import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * Makes sure that what this process starts ends with it, even when it is SIGKILLed: a detached helper process holds the other end
 * of a pipe and cleans up when the pipe closes.
 */
export class Watchdog {
  private readonly helper: ChildProcess;

  public constructor() {
    const script = fileURLToPath(new URL('./watchdog-process.mjs', import.meta.url));
    this.helper = spawn(process.execPath, [script], {
      detached: true,
      windowsHide: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      // Options meant for the program under test (loaders, inspectors, coverage) are not meant for its helper.
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    // A helper that died makes the next write fail; the brokers it would have ended are ended by `stop` all the same.
    this.helper.stdin?.on('error', () => undefined);
    this.helper.on('error', () => undefined);
    this.helper.unref();
    if (this.helper.stdin !== null && 'unref' in this.helper.stdin && typeof this.helper.stdin.unref === 'function') {
      this.helper.stdin.unref();
    }
  }

  public watchProcess(pid: number): void {
    this.tell(`kill ${pid}`);
  }

  public unwatchProcess(pid: number): void {
    this.tell(`forget kill ${pid}`);
  }

  public watchContainer(name: string): void {
    this.tell(`remove-container ${name}`);
  }

  public watchNetwork(name: string): void {
    this.tell(`remove-network ${name}`);
  }

  public watchDirectory(directory: string): void {
    this.tell(`remove-directory ${directory}`);
  }

  public unwatchDirectory(directory: string): void {
    this.tell(`forget remove-directory ${directory}`);
  }

  /** Closes the pipe and waits until the helper has ended. Everything still registered is killed and removed by it. */
  public async close(): Promise<void> {
    if (this.helper.exitCode !== null || this.helper.signalCode !== null || this.helper.pid === undefined) return;
    this.helper.ref();
    const exited = once(this.helper, 'exit');
    this.helper.stdin?.end();
    await exited;
  }

  private tell(command: string): void {
    this.helper.stdin?.write(`${command}\n`);
  }
}
