import { describe, expect, it } from '@jest/globals';
import { ProducerClosedError } from '../../lib/producer/errors.js';
import type { ProducerOptions } from '../../lib/producer/producer-options.js';
import { sharedCluster, startFaultProxy, uniqueTopic } from '../support/broker.js';
import { TestEngine } from '../support/test-engine.js';

const NEVER_BY_ITSELF: ProducerOptions = { lingerMs: 60_000, deliveryTimeoutMs: 120_000 };

async function start(producer: ProducerOptions = {}, partitions = 1): Promise<{ engine: TestEngine; topic: string }> {
  const cluster = sharedCluster();
  const topic = uniqueTopic('flush');
  await cluster.createTopic(topic, { partitions });
  const engine = await TestEngine.start({ client: cluster.clientConfig(), producer });
  return { engine, topic };
}

async function valuesIn(topic: string): Promise<string[]> {
  return (await sharedCluster().readTopic(topic)).map(({ value }) => value?.toString() ?? '');
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n));

describe('callbacks', () => {
  it('come once per record, in the order of the sends to each partition', async () => {
    const { engine, topic } = await start({ batchSize: 200 }, 3);
    await using _ = engine;
    const order = new Map<number, number[]>();
    const calls = await new Promise<number>((resolve) => {
      let count = 0;
      for (let n = 0; n < 1_000; n++) {
        engine.sendWithCallback({ topic, key: `key-${n % 10}`, value: String(n) }, (error, { partition }) => {
          expect(error).toBeNull();
          order.set(partition, [...(order.get(partition) ?? []), n]);
          count++;
          if (n === 999) void engine.flush().then(() => resolve(count));
        });
      }
    });
    expect(calls).toBe(1_000);
    for (const numbersOf of order.values()) expect(numbersOf).toEqual(numbersOf.toSorted((a, b) => a - b));
  });

  it('that throw are logged and harm nothing', async () => {
    const { engine, topic } = await start();
    await using _ = engine;
    engine.sendWithCallback({ topic, value: 'secret payload' }, () => {
      throw new Error('the callback is wrong');
    });
    await engine.send({ topic, value: 'next' });
    expect(await valuesIn(topic)).toEqual(['secret payload', 'next']);
    expect(engine.log.lines.filter((line) => line.includes('the callback is wrong'))).toHaveLength(1);
  });
});

describe('lingering', () => {
  it('keeps a record until the batch is full', async () => {
    const { engine, topic } = await start({ ...NEVER_BY_ITSELF, batchSize: 1_000 });
    await using _ = engine;
    const first = engine.send({ topic, value: 'x'.repeat(400) });
    expect(engine.metrics()['record-send-total'] ?? 0).toBe(0);
    void engine.send({ topic, value: 'x'.repeat(400) });
    const last = engine.send({ topic, value: 'x'.repeat(400) });
    expect((await first).offset).toBe('0');
    await engine.flush();
    expect((await last).offset).toBe('2');
  });

  it('ends by itself after lingerMs', async () => {
    const { engine, topic } = await start({ lingerMs: 200 });
    await using _ = engine;
    await engine.send({ topic, value: 'warm' });
    const startedAt = performance.now();
    await engine.send({ topic, value: 'v' });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(195);
  });
});

describe('flush', () => {
  it('sends what lingers at once, and resolves after the callbacks', async () => {
    const { engine, topic } = await start(NEVER_BY_ITSELF, 3);
    await using _ = engine;
    let called = 0;
    for (const value of numbers(500)) engine.sendWithCallback({ topic, value }, () => called++);
    await engine.flush();
    expect(called).toBe(500);
    expect(await valuesIn(topic)).toHaveLength(500);
  });

  it('waits for records that wait for metadata, and does not throw when they fail', async () => {
    const { engine } = await start({ maxBlockMs: 300 });
    await using _ = engine;
    let failure: Error | null = null;
    engine.sendWithCallback({ topic: uniqueTopic('nowhere'), value: 'v' }, (error) => {
      failure = error;
    });
    await engine.flush();
    expect(failure).toMatchObject({ name: 'UnknownTopicError' });
  });

  it('resolves at once when there is nothing to send', async () => {
    const { engine } = await start();
    await using _ = engine;
    expect(await Promise.all([engine.flush(), engine.flush()])).toHaveLength(2);
  });

  it('does not wait for records sent after it', async () => {
    const { engine, topic } = await start(NEVER_BY_ITSELF);
    const first = engine.send({ topic, value: 'before' });
    const flushed = engine.flush();
    await Promise.all([first, flushed]);
    const later = engine.send({ topic, value: 'after' });
    later.catch(() => undefined);
    await engine.close(0);
    await expect(later).rejects.toBeInstanceOf(ProducerClosedError);
    expect(await valuesIn(topic)).toEqual(['before']);
  });
});

describe('close', () => {
  it('delivers what lingers, then refuses', async () => {
    const { engine, topic } = await start(NEVER_BY_ITSELF, 2);
    const sends = numbers(100).map((value) => engine.send({ topic, value }));
    await engine.close(10_000);
    await Promise.all(sends);
    expect(await valuesIn(topic)).toHaveLength(100);
    await expect(engine.send({ topic, value: 'late' })).rejects.toBeInstanceOf(ProducerClosedError);
    await expect(engine.partitionsFor(uniqueTopic())).rejects.toBeInstanceOf(ProducerClosedError);
  });

  it('with 0 fails what is not acknowledged', async () => {
    const { engine, topic } = await start(NEVER_BY_ITSELF);
    const outcomes = Promise.allSettled(numbers(10).map((value) => engine.send({ topic, value })));
    await engine.close(0);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'ProducerClosedError', retriable: false } });
    }
    expect(await valuesIn(topic)).toEqual([]);
  });

  it('ends after its timeout when the broker does not answer, and fails what is left', async () => {
    const cluster = sharedCluster();
    const topic = uniqueTopic('close');
    await cluster.createTopic(topic);
    await using fault = await startFaultProxy();
    const engine = await TestEngine.start({ client: { brokers: fault.bootstrapServers } });
    await engine.send({ topic, value: 'warm' });
    fault.proxy.isolate();
    const outcomes = Promise.allSettled(numbers(10).map((value) => engine.send({ topic, value })));
    const startedAt = performance.now();

    await engine.close(500);

    expect(performance.now() - startedAt).toBeLessThan(4_000);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'ProducerClosedError' } });
    }
  });

  it('may be called again, at the same time too', async () => {
    const { engine, topic } = await start(NEVER_BY_ITSELF);
    const send = engine.send({ topic, value: 'v' });
    await Promise.all([engine.close(5_000), engine.close(0), engine.close(5_000)]);
    await engine.close(0);
    expect((await send).offset).toBe('0');
  });

  it('refuses a negative timeout', async () => {
    const { engine } = await start();
    await using _ = engine;
    await expect(engine.close(-1)).rejects.toBeInstanceOf(RangeError);
  });

  it('fails sends that wait for an unknown topic', async () => {
    const { engine } = await start();
    const send = engine.send({ topic: uniqueTopic('nowhere'), value: 'v' });
    const outcome = Promise.allSettled([send]);
    await engine.close(0);
    expect((await outcome)[0]).toMatchObject({ status: 'rejected', reason: { name: 'ProducerClosedError' } });
  });
});
