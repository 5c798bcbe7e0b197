import { describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { ListenerName } from '../../lib/testing/kafka-test-cluster-options.js';
import type { KafkaClientOptions } from '../../lib/wire/kafka-client-options.js';
import { sharedCluster, startFaultProxy, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { leftBy } from '../support/open-handles.js';
import { TestEngine } from '../support/test-engine.js';
import { TestListener } from '../support/test-listener.js';

const cluster = sharedCluster();

async function filledTopic(): Promise<string> {
  const topic = uniqueTopic('resources');
  await cluster.createTopic(topic, { partitions: 3 });
  await using engine = await TestEngine.start({ client: cluster.clientConfig() });
  await Promise.all(Array.from({ length: 100 }, () => engine.send({ topic, value: 'v' })));
  return topic;
}

function listener(
  topic: string,
  client: KafkaClientOptions = cluster.clientConfig(),
): TestListener & { handled: number } {
  const counted = Object.assign(
    new TestListener({ client, groupId: uniqueGroup(), topics: [topic], handler: () => void counted.handled++ }),
    { handled: 0 },
  );
  return counted;
}

/** The handles that a listener leaves behind when it is closed. */
function leftByListener(run: () => Promise<TestListener>): Promise<string[]> {
  return leftBy(run, ({ container }) => container.close(1_000));
}

describe('a closed consumer leaves no socket and no timer', () => {
  it.each<ListenerName>(['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'])('after reading (%s)', async (name) => {
    const topic = await filledTopic();
    const left = await leftByListener(async () => {
      const reading = listener(topic, cluster.clientConfig(name));
      await reading.container.start();
      await waitFor(() => reading.handled === 100, { what: 'all records' });
      expect(reading.log.lines.join('\n')).not.toContain('test-secret');
      return reading;
    });
    expect(left).toEqual([]);
  });

  it('in the midst of joining', async () => {
    const topic = await filledTopic();
    const left = await leftByListener(async () => {
      const joining = listener(topic);
      await joining.container.start();
      return joining;
    });
    expect(left).toEqual([]);
  });

  it('without having been started', async () => {
    const left = await leftByListener(async () => listener(uniqueTopic()));
    expect(left).toEqual([]);
  });

  it('when the login is refused', async () => {
    const { brokers } = cluster.clientConfig('sasl_plaintext');
    const client: KafkaClientOptions = {
      brokers,
      sasl: { mechanism: 'plain', username: 'test', password: 'wrong' },
    };
    const left = await leftByListener(async () => {
      const refused = listener(uniqueTopic(), client);
      await expect(refused.container.start()).rejects.toMatchObject({ name: 'KafkaAuthenticationError' });
      return refused;
    });
    expect(left).toEqual([]);
  });

  it('when the broker has stopped answering, and not much later than its last commit may take', async () => {
    const topic = await filledTopic();
    await using fault = await startFaultProxy();
    let tookMs = 0;
    const left = await leftBy(
      async () => {
        const cut = listener(topic, { brokers: fault.bootstrapServers });
        await cut.container.start();
        await waitFor(() => cut.handled === 100, { what: 'all records' });
        fault.proxy.isolate();
        return cut;
      },
      async ({ container }) => {
        const startedAt = performance.now();
        await container.close(1_000);
        tookMs = performance.now() - startedAt;
        // What is left then is of the consumer, not of the proxy, which holds on to connections that it does not read.
        await fault.proxy.heal();
      },
    );
    expect(left).toEqual([]);
    expect(tookMs).toBeLessThan(13_000);
  }, 30_000);

  it('while its connections are being lost and opened', async () => {
    const topic = await filledTopic();
    await using fault = await startFaultProxy();
    for (let round = 0; round < 5; round++) {
      const left = await leftByListener(async () => {
        const shaken = listener(topic, { brokers: fault.bootstrapServers });
        await shaken.container.start();
        fault.proxy.connectionLifetime([1, 30]);
        await delay(round * 30);
        return shaken;
      });
      expect(left).toEqual([]);
      await fault.proxy.heal();
    }
  }, 60_000);
});
