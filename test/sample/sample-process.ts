import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sharedCluster, waitFor } from '../support/broker.js';

const LIMIT_MS = 60_000;
const [BROKER = ''] = sharedCluster().bootstrapServers();
const MAIN = fileURLToPath(new URL('../../sample/departures/main.ts', import.meta.url));
const HOOKS = ['../support/typescript.mjs', './public-entries.mjs'].map((path) => new URL(path, import.meta.url).href);

/** `npm start -- ...` */
export class Sample {
  public output = '';
  public errors = '';
  public readonly process: ChildProcess;
  private readonly ended: Promise<unknown[]>;

  public constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const imports = HOOKS.flatMap((hook) => ['--import', hook]);
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...imports, MAIN, ...args], {
      env: { ...process.env, KAFKA_BROKERS: BROKER, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (text) => (this.output += String(text)));
    child.stderr.on('data', (text) => (this.errors += String(text)));
    this.process = child;
    this.ended = once(child, 'close');
  }

  /** Its exit code, or the signal that has ended it. */
  public async exit(): Promise<unknown> {
    const [code, signal] = await this.ended;
    return code ?? signal;
  }

  public async has(pattern: RegExp): Promise<string> {
    const running = (): boolean => this.process.exitCode === null;
    await waitFor(() => pattern.test(this.output) || !running(), { limitMs: LIMIT_MS, what: String(pattern) });
    return pattern.exec(this.output)?.[1] ?? '';
  }
}
