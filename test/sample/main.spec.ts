import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { sharedCluster } from '../support/broker.js';
import { Sample } from './sample-process.js';

const LIMIT_MS = 60_000;

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
      for (const claim of ['Board, auto commit', 'Audit log, commit per batch', 'Counters, in transactions']) {
        expect(sample.output).toMatch(
          new RegExp(`│ ✓ │ ${claim}: every departure( once)? +│ 1,000 from \\d+ airports +│`),
        );
      }
      expect(sample.output).toMatch(
        /│ ✓ │ Alerts, in transactions: every delay over an hour once │ (\d+) of \1, 0 repeated +│/,
      );
      const [, run = ''] = /the topic departures(-\w+)/.exec(sample.output) ?? [];
      expect(run).not.toBe('');
      expect((await topics()).filter((topic) => topic.includes(run))).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'serves HTTP after the summary, until Ctrl-C, which it exits with 0 on',
    async () => {
      sample = new Sample(['--flights', '1000'], { PORT: '0' });
      const url = await sample.has(/curl (http\S+)\/producer\/metrics/);
      const response = await fetch(`${url}/producer/metrics`);
      const metrics = (await response.json()) as Record<string, number>;
      expect(metrics['record-send-total']).toBeGreaterThanOrEqual(1000);
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
