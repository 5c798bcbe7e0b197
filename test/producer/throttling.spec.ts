import { describe, expect, it } from '@jest/globals';
import { DEFAULT_KAFKA_VERSION } from '../../lib/testing/kafka-test-cluster-options.js';
import { JavaTools } from '../../lib/testing/providers/java-tools.js';
import { silentLog } from '../../lib/wire/log-sink.js';
import { sharedCluster, uniqueTopic } from '../support/broker.js';
import { TestEngine } from '../support/test-engine.js';

const LIMIT_MS = 60_000;
const BYTES_PER_SECOND = 2_000;
/** The broker averages over about ten seconds: so much in one go is a little too much. */
const TOO_MUCH = BYTES_PER_SECOND * 11;

describe('a producer over its quota', () => {
  it(
    'waits as long as the broker tells it to, and delivers everything',
    async () => {
      const cluster = sharedCluster();
      const topic = uniqueTopic('quota');
      const clientId = uniqueTopic('throttled');
      await cluster.createTopic(topic);
      await limit(clientId);
      await using engine = await TestEngine.start({ client: cluster.clientConfig(), clientId });
      const first = await engine.send({ topic, value: Buffer.alloc(TOO_MUCH) });
      const throttleMs = engine.metrics()['produce-throttle-time-max'] ?? 0;
      const startedAt = performance.now();

      const second = await engine.send({ topic, value: 'after the pause' });

      const waitedMs = performance.now() - startedAt;
      expect([first.offset, second.offset]).toEqual(['0', '1']);
      expect(throttleMs).toBeGreaterThan(50);
      expect(waitedMs).toBeGreaterThanOrEqual(throttleMs * 0.8);
      expect(waitedMs).toBeLessThan(throttleMs + 20_000);
    },
    LIMIT_MS,
  );
});

async function limit(clientId: string): Promise<void> {
  const tools = await JavaTools.find(DEFAULT_KAFKA_VERSION, silentLog);
  const { exitCode, stdout, stderr } = await tools.run('kafka.admin.ConfigCommand', [
    '--bootstrap-server',
    sharedCluster().bootstrapServers().join(','),
    '--alter',
    '--add-config',
    `producer_byte_rate=${BYTES_PER_SECOND}`,
    '--entity-type',
    'clients',
    '--entity-name',
    clientId,
  ]);
  expect([exitCode, stdout + stderr]).toEqual([0, expect.stringContaining('Completed updating config')]);
}
