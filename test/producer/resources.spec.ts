import { describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProducerOptions } from '../../lib/producer/producer-options.js';
import { sharedCluster, startFaultProxy, uniqueTopic } from '../support/broker.js';
import { TestEngine } from '../support/test-engine.js';

/** What keeps a process alive and comes from sockets or timers. */
function handles(): string[] {
  return process.getActiveResourcesInfo().filter((type) => /TCP|TLS|Socket|Timeout|Immediate|Pipe/.test(type));
}

function countOf(type: RegExp): number {
  return handles().filter((handle) => type.test(handle)).length;
}

async function newTopic(): Promise<string> {
  const topic = uniqueTopic('resources');
  await sharedCluster().createTopic(topic, { partitions: 3 });
  return topic;
}

/** Runs something with an engine, closes that, waits a little, and gives the handles that are there beyond those before. */
async function leftBy(run: () => Promise<TestEngine>, closeMs = 1_000): Promise<string[]> {
  const sockets = countOf(/TCP|TLS|Socket/);
  const timers = countOf(/Timeout/);
  const engine = await run();
  await engine.close(closeMs);
  const isClean = (): boolean => countOf(/TCP|TLS|Socket/) <= sockets && countOf(/Timeout/) <= timers;
  for (const limit = Date.now() + 2_000; Date.now() < limit && !isClean();) await delay(10);
  return isClean() ? [] : handles();
}

describe('a closed producer leaves no socket and no timer', () => {
  const producers: [string, ProducerOptions][] = [
    ['by default', {}],
    ['without idempotence', { acks: 1 }],
    ['with acks 0', { acks: 0 }],
  ];

  it.each(producers)('after sending (%s)', async (_, producer) => {
    const topic = await newTopic();
    const left = await leftBy(async () => {
      const engine = await TestEngine.start({ client: sharedCluster().clientConfig(), producer });
      await Promise.all(Array.from({ length: 100 }, () => engine.send({ topic, value: 'v' })));
      return engine;
    });
    expect(left).toEqual([]);
  });

  it('after TLS and SASL', async () => {
    const topic = await newTopic();
    const left = await leftBy(async () => {
      const engine = await TestEngine.start({ client: sharedCluster().clientConfig('sasl_ssl') });
      await engine.send({ topic, value: 'v' });
      return engine;
    });
    expect(left).toEqual([]);
  });

  it('without ever having sent', async () => {
    const left = await leftBy(() => TestEngine.start({ client: sharedCluster().clientConfig() }));
    expect(left).toEqual([]);
  });

  it('without having been started', async () => {
    const left = await leftBy(async () => new TestEngine({ client: sharedCluster().clientConfig() }));
    expect(left).toEqual([]);
  });

  it('when it could not start', async () => {
    const left = await leftBy(async () => {
      const engine = new TestEngine({ client: { brokers: ['127.0.0.1:1'] }, startTimeoutMs: 200 });
      await expect(engine.start()).rejects.toMatchObject({ name: 'BrokerUnavailableError' });
      return engine;
    });
    expect(left).toEqual([]);
  });

  it.each([0, 300])('when the broker has stopped answering, closed with %d ms', async (closeMs) => {
    const topic = await newTopic();
    await using fault = await startFaultProxy();
    const left = await leftBy(async () => {
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
      const left = await leftBy(async () => {
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
