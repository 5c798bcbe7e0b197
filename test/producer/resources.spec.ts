import { describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProducerOptions } from '../../lib/producer/producer-options.js';
import { sharedCluster, startFaultProxy, uniqueTopic } from '../support/broker.js';
import { leftBy } from '../support/open-handles.js';
import { TestEngine } from '../support/test-engine.js';

async function newTopic(): Promise<string> {
  const topic = uniqueTopic('resources');
  await sharedCluster().createTopic(topic, { partitions: 3 });
  return topic;
}

/** The handles that an engine leaves behind when it is closed. */
function leftByEngine(run: () => Promise<TestEngine>, closeMs = 1_000): Promise<string[]> {
  return leftBy(run, (engine) => engine.close(closeMs));
}

describe('a closed producer leaves no socket and no timer', () => {
  const producers: [string, ProducerOptions][] = [
    ['by default', {}],
    ['without idempotence', { acks: 1 }],
    ['with acks 0', { acks: 0 }],
  ];

  it.each(producers)('after sending (%s)', async (_, producer) => {
    const topic = await newTopic();
    const left = await leftByEngine(async () => {
      const engine = await TestEngine.start({ client: sharedCluster().clientConfig(), producer });
      await Promise.all(Array.from({ length: 100 }, () => engine.send({ topic, value: 'v' })));
      return engine;
    });
    expect(left).toEqual([]);
  });

  it('after TLS and SASL', async () => {
    const topic = await newTopic();
    const left = await leftByEngine(async () => {
      const engine = await TestEngine.start({ client: sharedCluster().clientConfig('sasl_ssl') });
      await engine.send({ topic, value: 'v' });
      return engine;
    });
    expect(left).toEqual([]);
  });

  it('without ever having sent', async () => {
    const left = await leftByEngine(() => TestEngine.start({ client: sharedCluster().clientConfig() }));
    expect(left).toEqual([]);
  });

  it('without having been started', async () => {
    const left = await leftByEngine(async () => new TestEngine({ client: sharedCluster().clientConfig() }));
    expect(left).toEqual([]);
  });

  it('when it could not start', async () => {
    const left = await leftByEngine(async () => {
      const engine = new TestEngine({ client: { brokers: ['127.0.0.1:1'] }, startTimeoutMs: 200 });
      await expect(engine.start()).rejects.toMatchObject({ name: 'BrokerUnavailableError' });
      return engine;
    });
    expect(left).toEqual([]);
  });

  it.each([0, 300])('when the broker has stopped answering, closed with %d ms', async (closeMs) => {
    const topic = await newTopic();
    await using fault = await startFaultProxy();
    const left = await leftByEngine(async () => {
      const engine = await TestEngine.start({ client: { brokers: fault.bootstrapServers } });
      await engine.send({ topic, value: 'v' });
      fault.proxy.isolate();
      for (let n = 0; n < 50; n++) engine.sendWithCallback({ topic, value: 'v' }, () => undefined);
      engine.sendWithCallback({ topic: uniqueTopic('nowhere'), value: 'v' }, () => undefined);
      return engine;
    }, closeMs);
    expect(left).toEqual([]);
  });

  it('while its connections are being lost and opened', async () => {
    const topic = await newTopic();
    await using fault = await startFaultProxy();
    for (let round = 0; round < 10; round++) {
      const left = await leftByEngine(async () => {
        const engine = await TestEngine.start({ client: { brokers: fault.bootstrapServers } });
        fault.proxy.connectionLifetime([1, 30]);
        for (let n = 0; n < 50; n++) engine.sendWithCallback({ topic, value: 'v' }, () => undefined);
        await delay(round * 10);
        return engine;
      }, 0);
      expect(left).toEqual([]);
      await fault.proxy.heal();
    }
  });
});
