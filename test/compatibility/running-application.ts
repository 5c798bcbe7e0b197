import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { nextMessage } from '../support/run-typescript.js';

export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface ApplicationEnd {
  /** Null when a signal has ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** All it has printed, which is warnings and errors. */
  readonly output: string;
}

/** The application of these tests in a process of its own. `await using` kills it, if it still runs. */
export class RunningApplication implements AsyncDisposable {
  private output = '';
  private readonly ended: Promise<unknown[]>;

  private constructor(
    private readonly process: ChildProcess,
    private url: string,
  ) {
    this.ended = once(process, 'close');
    process.stdout?.on('data', (text) => (this.output += String(text)));
    process.stderr?.on('data', (text) => (this.output += String(text)));
  }

  /** Resolves when it serves. */
  public static async start(
    node: string,
    main: string,
    environment: Readonly<Record<string, string>>,
  ): Promise<RunningApplication> {
    const process = fork(main, [], {
      execPath: node,
      // kafkajs sets timers with negative times, which Node.js 24 tells once of every process that uses it.
      execArgv: ['--disable-warning=TimeoutNegativeWarning'],
      env: { PATH: globalThis.process.env['PATH'], KAFKAJS_NO_PARTITIONER_WARNING: '1', ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const application = new RunningApplication(process, '');
    try {
      application.url = String(await nextMessage(process));
    } catch (error) {
      await application.ended;
      throw new Error(`${main} did not start: ${application.output}`, { cause: error });
    }
    return application;
  }

  public get(path: string): Promise<HttpAnswer> {
    return this.fetch(path, {});
  }

  public post(path: string, body: unknown): Promise<HttpAnswer> {
    const headers = { 'content-type': 'application/json' };
    return this.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Sends it the signal that a container is stopped with, and waits for its end. */
  public async terminate(): Promise<ApplicationEnd> {
    this.process.kill('SIGTERM');
    await this.ended;
    const { exitCode, signalCode } = this.process;
    return { code: exitCode, signal: signalCode, output: this.output };
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  private async fetch(path: string, init: RequestInit): Promise<HttpAnswer> {
    const answer = await fetch(new URL(path, this.url), init);
    return { status: answer.status, body: await answer.json() };
  }
}
