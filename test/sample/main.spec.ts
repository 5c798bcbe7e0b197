import { afterEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { sharedCluster, waitFor } from '../support/broker.js';

const LIMIT_MS = 60_000;
const [BROKER = ''] = sharedCluster().bootstrapServers();
const MAIN = fileURLToPath(new URL('../../sample/departures/main.ts', import.meta.url));
const HOOKS = ['../support/typescript.mjs', './public-entries.mjs'].map((path) => new URL(path, import.meta.url).href);

/** `npm start -- ...` */
class Sample {
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

let sample: Sample;

afterEach(() => {
  sample.process.kill('SIGKILL');
});

async function topics(): Promise<string[]> {
  const admin = sharedCluster().kafkaJs().admin();
  await admin.connect();
  try {
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

describe('npm start', () => {
  it(
    'with --once exits with 0 after a summary that holds, and takes its topic away',
    async () => {
      sample = new Sample(['--once', '--flights', '1000']);
      expect(await sample.exit()).toBe(0);
      expect(sample.output).toMatch(/│ ✓ │ Sent = acknowledged = stored +│ 1,000 = 1,000 = 1,000 +│/);
      expect(sample.output).not.toContain('✗');
      expect(sample.errors).toBe('');
      const [, topic = ''] = /the topic (departures-\w+)/.exec(sample.output) ?? [];
      expect(topic).not.toBe('');
      expect(await topics()).not.toContain(topic);
    },
    LIMIT_MS,
  );

  it(
    'serves HTTP after the summary, until Ctrl-C, which it exits with 0 on',
    async () => {
      sample = new Sample(['--flights', '1000'], { PORT: '0' });
      const url = await sample.has(/curl (http\S+)\/producer\/metrics/);
      const response = await fetch(`${url}/producer/metrics`);
      expect(await response.json()).toMatchObject({ 'record-send-total': 1000 });
      sample.process.kill('SIGINT');
      expect(await sample.exit()).toBe(0);
      expect(sample.errors).toBe('');
    },
    LIMIT_MS,
  );

  it(
    'with --once exits with 1 when it is interrupted before the summary',
    async () => {
      sample = new Sample(['--once', '--flights', '3000000']);
      await sample.has(/(Sending flights)/);
      sample.process.kill('SIGINT');
      expect(await sample.exit()).toBe(1);
      expect(sample.output).not.toContain('✓');
    },
    LIMIT_MS,
  );

  it(
    'says in one line that the port is taken, and how to choose another',
    async () => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const address = other.address();
      const port = typeof address === 'object' && address !== null ? String(address.port) : '';
      sample = new Sample([], { PORT: port });
      expect(await sample.exit()).toBe(1);
      other.close();
      expect(sample.errors).toMatch(new RegExp(`^HTTP cannot be served on port ${port}: .*PORT=3001 npm start\n$`));
    },
    LIMIT_MS,
  );

  it(
    'says in one line that the broker does not answer',
    async () => {
      sample = new Sample(['--once'], { KAFKA_BROKERS: '127.0.0.1:1' });
      expect(await sample.exit()).toBe(1);
      expect(sample.errors).toMatch(/^No broker of 127\.0\.0\.1:1 answers: .*KAFKA_BROKERS.*\n$/);
    },
    LIMIT_MS,
  );
});
