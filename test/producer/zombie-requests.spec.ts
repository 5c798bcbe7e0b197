import { describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { sharedCluster, startFaultProxy, uniqueTopic, waitFor } from '../support/broker.js';
import { TestEngine } from '../support/test-engine.js';

const REQUEST_TIMEOUT_MS = 800;
const DELIVERY_TIMEOUT_MS = 1_500;

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

describe('requests that reach the broker after the producer has given them up', () => {
  it('store no record a second time, when one batch has expired and the next goes on', async () => {
    const cluster = sharedCluster();
    const topic = uniqueTopic('zombie');
    await cluster.createTopic(topic);
    await using fault = await startFaultProxy();
    const { proxy } = fault;
    await using engine = await TestEngine.start({
      client: { brokers: fault.bootstrapServers },
      producer: {
        lingerMs: 0,
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
        retryBackoffMs: 20,
        retryBackoffMaxMs: 50,
        reconnectBackoffMs: 10,
      },
    });
    const values = async (): Promise<string[]> => (await cluster.readTopic(topic)).map(({ value }) => String(value));
    await engine.send({ topic, value: 'warm' });

    // Both wait on their way to the broker, on one connection, until long after the producer has left that.
    const zombies = deferred();
    const held = proxy.on({ api: 'Produce', phase: 'request', action: { holdUntil: zombies.promise } });
    const first = Promise.allSettled([engine.send({ topic, value: 'first' })]);
    await held.triggered();
    await delay(REQUEST_TIMEOUT_MS / 2);
    const second = Promise.allSettled([engine.send({ topic, value: 'second' })]);

    await waitFor(() => proxy.count('Produce') === 3, { what: 'the second request' });

    // The first one's retries fail until it expires; then the second one's is let through, and the one after that is late.
    const resets = proxy.on({ api: 'Produce', phase: 'request', action: 'reset', times: Infinity });
    const [outcome] = await first;
    expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'DeliveryTimeoutError' } });
    resets.remove();
    const late = deferred();
    const again = proxy.on({ api: 'Produce', phase: 'request', action: { holdUntil: late.promise }, nth: 2 });
    await Promise.race([again.triggered(), second]);
    zombies.resolve();
    await waitFor(async () => (await values()).length >= 3, { what: 'the late requests' });
    late.resolve();
    await second;
    await engine.flush();
    await engine.send({ topic, value: 'last' });

    const stored = await values();
    expect(stored.filter((value) => value === 'first').length).toBeLessThanOrEqual(1);
    expect(stored.filter((value) => value === 'second').length).toBeLessThanOrEqual(1);
    expect(stored.toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))).toEqual(stored);
  }, 30_000);
});

const ORDER = ['warm', 'first', 'second', 'last'];
