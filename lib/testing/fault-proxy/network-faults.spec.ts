import type { FrameClient } from './spec-support/frame-client.js';
import { seeded, until } from './spec-support/frames.js';
import { ProxyBench } from './spec-support/proxy-bench.js';

const FETCH = { apiKey: 1, apiVersion: 11 };

describe('network faults of FaultProxy', () => {
  let bench: ProxyBench;
  beforeEach(async () => {
    bench = await ProxyBench.start();
  });
  afterEach(() => bench.close());

  async function roundTrip(client: FrameClient, correlationId: number): Promise<number> {
    const start = performance.now();
    await client.request({ ...FETCH, correlationId });
    return performance.now() - start;
  }

  describe('latency', () => {
    it('holds frames in both directions', async () => {
      bench.proxy.latency({ ms: 30 });
      expect(await roundTrip(await bench.client(), 1)).toBeGreaterThanOrEqual(59);
    });

    it('keeps pipelined frames in order under jitter (seed 11), and overlaps their delays', async () => {
      bench.proxy.latency({ ms: 20, jitterMs: 20, random: seeded(11) });
      const client = await bench.client();
      const ids = Array.from({ length: 200 }, (_, i) => i);
      const start = performance.now();
      for (const correlationId of ids) client.send({ ...FETCH, correlationId });
      await client.answerTo(199);
      expect(client.correlationIds).toEqual(ids);
      expect(bench.broker.correlationIds).toEqual(ids);
      expect(performance.now() - start).toBeLessThan(2_000);
    });

    it('can be limited to one direction and to some brokers', async () => {
      bench.proxy.latency({ ms: 10_000, phase: 'request', brokers: [2] });
      await (await bench.client(1)).request({ ...FETCH, correlationId: 1 });
      const two = await bench.client(2);
      two.send({ ...FETCH, correlationId: 1 });
      await until(() => bench.proxy.count('Fetch', 2) === 1, 'the request is held');
      expect(bench.brokers[1].received).toEqual([]);
      expect(() => bench.proxy.latency({ ms: 1, brokers: [3] })).toThrow('no broker 3');
    });

    it('ends with heal, which delivers what is held at once', async () => {
      bench.proxy.latency({ ms: 60_000 });
      const client = await bench.client();
      client.send({ ...FETCH, correlationId: 1 });
      await until(() => bench.proxy.count('Fetch') === 1, 'the request is held');
      await bench.proxy.heal();
      await client.answerTo(1);
      expect(await roundTrip(client, 2)).toBeLessThan(1_000);
    });
  });

  describe('connectionLifetime', () => {
    it('resets connections, there before or opened later, until healed', async () => {
      const before = await bench.client();
      await before.request({ ...FETCH, correlationId: 1 });
      bench.proxy.connectionLifetime([20, 40], seeded(5));
      const after = await bench.client();
      await expect(before.ended()).resolves.toBe('ECONNRESET');
      await expect(after.ended()).resolves.toBe('ECONNRESET');
      bench.proxy.connectionLifetime([60_000, 60_000]);
      const long = await bench.client();
      await bench.proxy.heal();
      await long.request({ ...FETCH, correlationId: 1 });
    });
  });

  describe('isolate', () => {
    it('carries nothing on open connections and refuses new ones; heal resets and lets in', async () => {
      const client = await bench.client(1);
      await client.request({ ...FETCH, correlationId: 1 });
      let answer = (): void => undefined;
      const late = new Promise<void>((resolve) => (answer = resolve));
      bench.broker.responder = () => undefined;
      client.send({ ...FETCH, correlationId: 2 });
      await until(() => bench.broker.received.length === 2, 'the broker has the request');
      bench.proxy.isolate({ brokers: [1] });
      for (const socket of bench.broker.sockets)
        socket.write(Buffer.from('00000004 00000002'.replace(' ', ''), 'hex'), answer);
      await late;
      client.send({ ...FETCH, correlationId: 3 });

      await expect(bench.client(1)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      const other = await bench.client(2);
      await other.request({ ...FETCH, correlationId: 9 });
      expect(bench.broker.received).toHaveLength(2);
      expect(client.correlationIds).toEqual([1]);
      expect(client.ending).toBeUndefined();

      await bench.proxy.heal();
      await expect(client.ended()).resolves.toBe('ECONNRESET');
      bench.broker.responder = ({ body }) => body;
      await (await bench.client(1)).request({ ...FETCH, correlationId: 4 });
      expect(bench.broker.correlationIds).toEqual([1, 2, 4]);
      await other.request({ ...FETCH, correlationId: 10 });
    });

    it('does not tell the broker that a client has gone, until healed', async () => {
      const client = await bench.client();
      await client.request({ ...FETCH, correlationId: 1 });
      bench.proxy.isolate();
      client.socket.destroy();
      await expect(bench.client(2)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      expect(bench.broker.endings).toEqual([]);
      await bench.proxy.heal();
      await until(() => bench.broker.endings.length === 1, 'the broker’s side is reset');
      expect(bench.broker.endings).toEqual(['error']);
    });

    it('can be closed while isolated', async () => {
      const client = await bench.client();
      bench.proxy.isolate();
      await bench.proxy.close();
      await expect(client.ended()).resolves.toBe('ECONNRESET');
      await expect(bench.proxy.heal()).resolves.toBeUndefined();
      await expect(bench.client(1)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    });
  });

  describe('refuse', () => {
    it('refuses new connections and leaves open ones alone, on the same port after heal', async () => {
      const { port } = bench.proxy.address(1);
      const client = await bench.client(1);
      bench.proxy.refuse({ brokers: [1] });
      await expect(bench.client(1)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await client.request({ ...FETCH, correlationId: 1 });
      await bench.proxy.heal();
      expect(bench.proxy.address(1).port).toBe(port);
      await (await bench.client(1)).request({ ...FETCH, correlationId: 2 });
      await client.request({ ...FETCH, correlationId: 3 });
    });

    it('refuses although a heal is still under way', async () => {
      bench.proxy.refuse();
      const healed = bench.proxy.heal();
      bench.proxy.refuse();
      await healed;
      await expect(bench.client(1)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await bench.proxy.heal();
      await bench.client(1);
    });
  });
});
