import { hex, until } from './spec-support/frames.js';
import { ProxyBench } from './spec-support/proxy-bench.js';

const FETCH = { apiKey: 1, apiVersion: 11 };
const HEARTBEAT = { apiKey: 12, apiVersion: 3 };

describe('FaultRule', () => {
  let bench: ProxyBench;
  beforeEach(async () => {
    bench = await ProxyBench.start();
  });
  afterEach(() => bench.close());

  describe('actions', () => {
    it('drops a request: the broker never sees it, the next ones pass', async () => {
      const rule = bench.proxy.on({ api: 'Fetch', phase: 'request', action: 'drop' });
      const client = await bench.client();
      client.send({ ...FETCH, correlationId: 1 });
      await client.request({ ...FETCH, correlationId: 2 });
      expect(bench.broker.correlationIds).toEqual([2]);
      expect(client.correlationIds).toEqual([2]);
      expect(rule.count).toBe(1);
    });

    it('drops a response: the broker has seen the request', async () => {
      bench.proxy.on({ api: 'Fetch', phase: 'response', action: 'drop' });
      const client = await bench.client();
      client.send({ ...FETCH, correlationId: 1 });
      await client.request({ ...FETCH, correlationId: 2 });
      expect(bench.broker.correlationIds).toEqual([1, 2]);
      expect(client.correlationIds).toEqual([2]);
    });

    it('resets at a request: what came before reaches the broker, the request and what follows do not', async () => {
      bench.proxy.on({ api: 'Heartbeat', phase: 'request', action: 'reset' });
      const client = await bench.client();
      client.send({ ...FETCH, correlationId: 1 }, { ...HEARTBEAT, correlationId: 2 }, { ...FETCH, correlationId: 3 });
      await expect(client.ended()).resolves.toBe('ECONNRESET');
      await until(() => bench.broker.sockets.size === 0, 'the broker’s connection has ended');
      expect(bench.broker.correlationIds).toEqual([1]);
    });

    it('resets at a response: the broker has acted, the client has the answers before it', async () => {
      bench.proxy.on({ api: 'Heartbeat', phase: 'response', action: 'reset' });
      const client = await bench.client();
      client.send({ ...FETCH, correlationId: 1 }, { ...HEARTBEAT, correlationId: 2 }, { ...FETCH, correlationId: 3 });
      await expect(client.ended()).resolves.toBe('ECONNRESET');
      expect(bench.broker.correlationIds).toEqual([1, 2, 3]);
      expect(client.correlationIds).toEqual([1]);
    });

    it('delays a request with everything behind it, in order', async () => {
      bench.proxy.on({ api: 'Heartbeat', phase: 'request', action: { delayMs: 60 } });
      const client = await bench.client();
      const start = performance.now();
      client.send({ ...FETCH, correlationId: 1 }, { ...HEARTBEAT, correlationId: 2 }, { ...FETCH, correlationId: 3 });
      await client.answerTo(1);
      expect(bench.broker.correlationIds).toEqual([1]);
      await client.answerTo(3);
      expect(performance.now() - start).toBeGreaterThanOrEqual(59);
      expect(bench.broker.correlationIds).toEqual([1, 2, 3]);
    });

    it('holds a response until a promise settles, with the answers behind it', async () => {
      let release = (): void => undefined;
      const holdUntil = new Promise<void>((resolve) => (release = resolve));
      const rule = bench.proxy.on({ api: 'Fetch', phase: 'response', action: { holdUntil } });
      const client = await bench.client();
      client.send({ ...FETCH, correlationId: 1 }, { ...HEARTBEAT, correlationId: 2 });
      await rule.triggered();
      await until(() => bench.broker.received.length === 2, 'the broker has both');
      expect(client.answers).toEqual([]);
      release();
      await client.answerTo(2);
      expect(client.correlationIds).toEqual([1, 2]);
    });

    it('delivers a delayed request although its client has gone', async () => {
      const rule = bench.proxy.on({ api: 'Fetch', phase: 'request', action: { delayMs: 40 } });
      const client = await bench.client();
      client.send({ ...FETCH, correlationId: 1 });
      await rule.triggered();
      client.socket.resetAndDestroy();
      await until(() => bench.proxy.connections().length === 0, 'the client is gone');
      expect(bench.broker.correlationIds).toEqual([]);
      await until(() => bench.broker.correlationIds.length === 1, 'the request arrives');
      await until(() => bench.broker.sockets.size === 0, 'the connection ends behind it');
    });

    it('puts other bytes in the place of a frame, made from it if wanted', async () => {
      bench.proxy.on({ api: 'Fetch', phase: 'response', action: { replaceWith: hex('00000006 00000001 beef') } });
      bench.proxy.on({
        api: 'Heartbeat',
        phase: 'response',
        action: {
          replaceWith: ({ bytes }) => Buffer.concat([bytes.subarray(0, 4), hex('00000063'), bytes.subarray(8)]),
        },
      });
      const client = await bench.client();
      await expect(client.request({ ...FETCH, correlationId: 1 })).resolves.toEqual(hex('beef'));
      client.send({ ...HEARTBEAT, correlationId: 2, body: hex('0a') });
      await expect(client.answerTo(0x63)).resolves.toEqual(hex('0a'));
    });
  });

  describe('matching', () => {
    it('fires at the n-th match and the given number of times', async () => {
      const rule = bench.proxy.on({ api: 'Fetch', phase: 'request', action: 'drop', nth: 2, times: 2 });
      const client = await bench.client();
      client.send(...[1, 2, 3, 4].map((correlationId) => ({ ...FETCH, correlationId })));
      await client.answerTo(4);
      expect(bench.broker.correlationIds).toEqual([1, 4]);
      expect([rule.count, rule.matches]).toEqual([2, 3]);
    });

    it('acts by the rule defined first, while the others count the frame', async () => {
      bench.proxy.on({ api: 'Fetch', phase: 'request', action: 'drop' });
      const second = bench.proxy.on({ phase: 'request', action: 'reset', nth: 3 });
      const client = await bench.client();
      client.send(...[1, 2, 3].map((correlationId) => ({ ...FETCH, correlationId })));
      await client.ended();
      expect(bench.broker.correlationIds).toEqual([2]);
      expect(second.count).toBe(1);
    });

    it('can be limited to one broker', async () => {
      bench.proxy.on({ api: 'Fetch', phase: 'request', action: 'drop', broker: 2, times: Infinity });
      await (await bench.client(1)).request({ ...FETCH, correlationId: 1 });
      const two = await bench.client(2);
      two.send({ ...FETCH, correlationId: 1 });
      await two.request({ ...HEARTBEAT, correlationId: 2 });
      expect(two.correlationIds).toEqual([2]);
    });

    it('shows a condition the header fields and the body, of a response the request too', async () => {
      const seen: unknown[] = [];
      bench.proxy.on({
        phase: 'response',
        action: 'drop',
        match: (frame) => {
          seen.push({ ...header(frame), body: frame.body, request: frame.request && header(frame.request) });
          return false;
        },
      });
      bench.broker.responder = () => hex('00 aa');
      const client = await bench.client();
      await client.request({ apiKey: 22, apiVersion: 3, correlationId: 5, clientId: null, body: hex('00 bb') });
      const expected = { apiKey: 22, apiVersion: 3, correlationId: 5, clientId: null };
      expect(seen).toEqual([{ ...expected, body: hex('aa'), request: expected }]);
      function header({ apiKey, apiVersion, correlationId, clientId }: Record<keyof typeof expected, unknown>) {
        return { apiKey, apiVersion, correlationId, clientId };
      }
    });

    it('stops when it is removed', async () => {
      const rule = bench.proxy.on({ api: 'Fetch', phase: 'request', action: 'drop', times: Infinity });
      const client = await bench.client();
      client.send({ ...FETCH, correlationId: 1 });
      await rule.triggered();
      rule.remove();
      await client.request({ ...FETCH, correlationId: 2 });
      expect(rule.count).toBe(1);
    });
  });

  describe('triggered', () => {
    it('resolves when the rule has fired so often', async () => {
      const rule = bench.proxy.on({ api: 'Fetch', phase: 'request', action: 'drop', times: 2 });
      const twice = rule.triggered(2);
      const client = await bench.client();
      client.send({ ...FETCH, correlationId: 1 });
      await rule.triggered();
      expect(rule.count).toBe(1);
      client.send({ ...FETCH, correlationId: 2 });
      await twice;
      expect(rule.count).toBe(2);
    });

    it.each([
      ['removed', (rule: { remove(): void }) => Promise.resolve(rule.remove())],
      ['healed away', () => bench.proxy.heal()],
      ['closed with the proxy', () => bench.proxy.close()],
    ])('rejects when the rule is %s first', async (_how, end) => {
      const rule = bench.proxy.on({ api: 'EndTxn', phase: 'response', action: 'drop' });
      const triggered = rule.triggered();
      await end(rule);
      const message = 'The fault on the response of EndTxn was removed after firing 0 times (0 matches).';
      await expect(triggered).rejects.toThrow(message);
      await expect(rule.triggered()).rejects.toThrow(message);
    });

    it('rejects when the rule cannot fire so often', async () => {
      const rule = bench.proxy.on({ api: 'EndTxn', phase: 'response', action: 'drop' });
      await expect(rule.triggered(2)).rejects.toThrow('fires 1 times, never 2');
    });

    it('rejects when the condition throws, and the request passes', async () => {
      const match = () => {
        throw new Error('no such field');
      };
      const rule = bench.proxy.on({ api: 'Fetch', phase: 'request', action: 'drop', match });
      const client = await bench.client();
      await client.request({ ...FETCH, correlationId: 1 });
      await expect(rule.triggered()).rejects.toThrow('failed, the frame went on unchanged: no such field');
    });
  });

  it('refuses definitions that cannot be', () => {
    const { proxy } = bench;
    const base = { api: 'Fetch', phase: 'request', action: 'drop' } as const;
    expect(() => proxy.on({ ...base, nth: 0 })).toThrow('nth counts from 1, got 0');
    expect(() => proxy.on({ ...base, times: 0 })).toThrow('times must be at least 1, got 0');
    expect(() => proxy.on({ ...base, action: { errorCode: 6 } })).toThrow(
      'cannot answer with an error code; these can: Produce,',
    );
    expect(() => proxy.on({ api: 'EndTxn', phase: 'request', action: { errorCode: 51, topic: 't' } })).toThrow(
      'leave out topic and partition',
    );
    expect(() => proxy.on({ ...base, api: 'Fetsch' as 'Fetch' })).toThrow('Unknown Kafka API "Fetsch"');
  });
});
