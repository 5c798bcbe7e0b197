import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** Debian's Chromium, or one of that name on the PATH; null where none is installed. */
export function findChromium(): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin'];
  return folders.map((folder) => join(folder, 'chromium')).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A message of the DevTools protocol. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** What a page has requested, and what it has complained about. */
export interface PageLog {
  readonly requests: string[];
  readonly problems: string[];
}

/** One page in a headless Chromium, steered by the DevTools protocol over pipes, which needs no WebSocket and no port. */
export class ChromiumPage implements AsyncDisposable {
  public readonly log: PageLog = { requests: [], problems: [] };
  private readonly waiting = new Map<
    number,
    { resolve: (result: Message['result']) => void; reject: (error: Error) => void }
  >();
  private session: string | undefined;
  private unread = '';
  private lastId = 0;

  private constructor(
    private readonly process: ChildProcess,
    private readonly profile: string,
  ) {
    (process.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => this.read(text));
    process.once('exit', () => this.fail(new Error('Chromium has ended.')));
  }

  public static async open(executable: string): Promise<ChromiumPage> {
    const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
    const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
    const child = spawn(executable, [...args, '--remote-debugging-pipe', `--user-data-dir=${profile}`], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    const page = new ChromiumPage(child, profile);
    const { targetId } = await page.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await page.send('Target.attachToTarget', { targetId, flatten: true });
    page.session = String(sessionId);
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await page.send(`${domain}.enable`);
    return page;
  }

  public async goTo(url: string): Promise<void> {
    await this.send('Page.navigate', { url });
  }

  /** The value of an expression in the page; of a promise, what it resolves to. */
  public async evaluate<T>(expression: string): Promise<T> {
    const { exceptionDetails, result } = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value: T }).value;
  }

  /** As on a screen of that width, with a light or a dark background. */
  public async show(width: number, height: number, colors: 'light' | 'dark'): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
    await this.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: colors }] });
  }

  /** Saves the whole page as PNG. */
  public async screenshot(path: string): Promise<void> {
    const { data } = await this.send('Page.captureScreenshot', { captureBeyondViewport: true });
    await writeFile(path, Buffer.from(String(data), 'base64'));
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    const { process } = this;
    if (process.exitCode === null && process.signalCode === null) {
      process.kill('SIGKILL');
      await once(process, 'exit');
    }
    await rm(this.profile, { recursive: true, force: true, maxRetries: 10 });
  }

  private send(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Record<string, unknown>> {
    const id = ++this.lastId;
    const sent = new Promise<Message['result']>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    (this.process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId: this.session })}\0`);
    return sent.then((result) => ({ ...result }));
  }

  private read(text: string): void {
    const messages = (this.unread + text).split('\0');
    this.unread = messages.pop() ?? '';
    for (const message of messages) this.take(JSON.parse(message) as Message);
  }

  private take({ error, id, method, params = {}, result }: Message): void {
    if (id !== undefined) {
      const answer = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) answer?.resolve(result);
      else answer?.reject(new Error(error.message));
    } else if (method === 'Network.requestWillBeSent') {
      this.log.requests.push((params['request'] as { url: string }).url);
    } else if (
      method === 'Runtime.exceptionThrown' ||
      method === 'Log.entryAdded' ||
      method === 'Runtime.consoleAPICalled'
    ) {
      this.log.problems.push(JSON.stringify(params));
    }
  }

  private fail(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
