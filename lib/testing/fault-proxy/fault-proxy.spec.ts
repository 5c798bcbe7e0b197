import { FaultProxy } from './fault-proxy.js';
import { hex, requestBytes, until } from './spec-support/frames.js';
import { ProxyBench } from './spec-support/proxy-bench.js';

const FETCH = { apiKey: 1, apiVersion: 11 };
const HEARTBEAT = { apiKey: 12, apiVersion: 3 };
const MEGABYTE = 1024 * 1024;

describe('FaultProxy', () => {
  let bench: ProxyBench;
  beforeEach(async () => {
    bench = await ProxyBench.start();
  });
  afterEach(() => bench.close());

  describe('forwarding', () => {
    it('passes requests and answers unchanged', async () => {
      const client = await bench.client();
      await expect(client.request({ ...FETCH, correlationId: 7, body: hex('c0ffee') })).resolves.toEqual(hex('c0ffee'));
      expect(bench.broker.received).toEqual([{ ...FETCH, correlationId: 7, body: hex('c0ffee') }]);
    });

    it('keeps the order of many pipelined requests, several of them in one chunk', async () => {
      const client = await bench.client();
      const ids = Array.from({ length: 500 }, (_, i) => i);
      client.send(...ids.map((correlationId) => ({ ...FETCH, correlationId, body: Buffer.alloc(correlationId) })));
      await client.answerTo(499);
      expect(bench.broker.correlationIds).toEqual(ids);
      expect(client.correlationIds).toEqual(ids);
    });

    it('passes a request whose bytes arrive one by one', async () => {
      const client = await bench.client();
      for (const byte of requestBytes({ ...FETCH, correlationId: 3, body: hex('0102') }))
        client.socket.write(Buffer.from([byte]));
      await expect(client.answerTo(3)).resolves.toEqual(hex('0102'));
    });

    it('leads each broker’s port to that broker', async () => {
      await (await bench.client(2)).request({ ...FETCH, correlationId: 1 });
      expect(bench.brokers[0].received).toHaveLength(0);
      expect(bench.brokers[1].received).toHaveLength(1);
    });

    it('passes a frame of 100 MB in both directions', async () => {
      bench.broker.reading = false;
      const client = await bench.client();
      await until(() => bench.broker.sockets.size === 1, 'the broker is reached');
      const [peer] = bench.broker.sockets;
      let arrived = 0;
      peer?.on('data', (chunk: Buffer) => (arrived += chunk.length));
      let returned = 0;
      client.socket.removeAllListeners('data').on('data', (chunk: Buffer) => (returned += chunk.length));
      const frame = requestBytes({ ...FETCH, correlationId: 1, body: Buffer.alloc(100 * MEGABYTE) });
      client.socket.write(frame);
      await until(() => arrived === frame.length, 'the request has arrived', 20_000);
      peer?.write(frame);
      await until(() => returned === frame.length, 'the answer has arrived', 20_000);
      expect([arrived, returned]).toEqual([frame.length, frame.length]);
    }, 45_000);

    it('stops taking from the client while the broker does not read, and loses nothing', async () => {
      bench.broker.reading = false;
      const client = await bench.client();
      await until(() => bench.broker.sockets.size === 1, 'the broker is reached');
      const [peer] = bench.broker.sockets;
      const frame = requestBytes({ ...FETCH, correlationId: 1, body: Buffer.alloc(MEGABYTE) });
      const frames = 160;
      for (let i = 0; i < frames; i += 1) client.socket.write(frame);
      const taken = () => frames * frame.length - client.socket.writableLength;
      let last = -1;
      let unchanged = 0;
      await until(() => {
        unchanged = taken() === last ? unchanged + 1 : 0;
        last = taken();
        return unchanged === 50;
      }, 'the proxy takes no more');
      expect(last).toBeLessThan(80 * MEGABYTE);
      let arrived = 0;
      peer?.on('data', (chunk: Buffer) => (arrived += chunk.length));
      await until(() => arrived === frames * frame.length, 'everything has arrived', 20_000);
    }, 30_000);

    it('passes what is not Kafka’s protocol, byte for byte', async () => {
      bench.broker.reading = false;
      const client = await bench.client();
      await until(() => bench.broker.sockets.size === 1, 'the broker is reached');
      const [peer] = bench.broker.sockets;
      const received: Buffer[] = [];
      peer?.on('data', (chunk: Buffer) => received.push(chunk));
      client.socket.write(hex('16030102 000100 01fc0303'));
      await until(() => Buffer.concat(received).length === 11, 'the bytes have arrived');
      expect(Buffer.concat(received)).toEqual(hex('16030102 000100 01fc0303'));
      expect(bench.proxy.requests).toEqual({});
    });
  });

  describe('endings', () => {
    it('hands a client’s FIN to the broker, and the broker’s to the client', async () => {
      const client = await bench.client();
      await client.request({ ...FETCH, correlationId: 1 });
      client.socket.end();
      await expect(client.ended()).resolves.toBe('FIN');
      expect(bench.broker.endings).toEqual(['end']);
      await until(() => bench.proxy.connections().length === 0, 'the proxy has no connection left');
    });

    it('hands on a frame that was cut short, in both directions', async () => {
      bench.broker.reading = false;
      const client = await bench.client();
      await until(() => bench.broker.sockets.size === 1, 'the broker is reached');
      const [peer] = bench.broker.sockets;
      const atBroker: Buffer[] = [];
      const atClient: Buffer[] = [];
      peer?.on('data', (chunk: Buffer) => atBroker.push(chunk));
      client.socket.on('data', (chunk: Buffer) => atClient.push(chunk));
      peer?.write(hex('00000009 00000001'));
      client.socket.end(hex('00000009 0001'));
      await client.ended();
      expect(Buffer.concat(atBroker)).toEqual(hex('00000009 0001'));
      expect(Buffer.concat(atClient)).toEqual(hex('00000009 00000001'));
    });

    it('hands a broker’s RST to the client after the answers before it', async () => {
      const client = await bench.client();
      await client.request({ ...FETCH, correlationId: 1 });
      for (const socket of bench.broker.sockets) socket.resetAndDestroy();
      await expect(client.ended()).resolves.toBe('ECONNRESET');
    });

    it('resets a client whose broker is down', async () => {
      await bench.brokers[1].close();
      const client = await bench.client(2);
      await expect(client.ended()).resolves.toBe('ECONNRESET');
    });
  });

  describe('counters', () => {
    it('counts requests by API and broker, dropped ones included', async () => {
      bench.proxy.on({ api: 'Fetch', phase: 'request', action: 'drop' });
      const [one, two] = [await bench.client(1), await bench.client(2)];
      one.send({ ...FETCH, correlationId: 1 });
      await one.request({ ...HEARTBEAT, correlationId: 2 });
      await two.request({ ...FETCH, correlationId: 3 });
      expect(bench.proxy.count('Fetch')).toBe(2);
      expect(bench.proxy.count('Fetch', 2)).toBe(1);
      expect(bench.proxy.count(12)).toBe(1);
      expect(bench.proxy.count('Produce')).toBe(0);
      expect(bench.proxy.requests).toEqual({ Fetch: 2, Heartbeat: 1 });
    });

    it('lists open connections with their client ids', async () => {
      const client = await bench.client(2);
      await client.request({ ...FETCH, correlationId: 1, clientId: 'orders' });
      expect(bench.proxy.connections()).toEqual([{ nodeId: 2, clientId: 'orders' }]);
      expect(bench.proxy.connections(1)).toEqual([]);
      client.socket.destroy();
      await until(() => bench.proxy.connections(2).length === 0, 'the connection is gone');
      expect(bench.proxy.connectionsOpened()).toBe(1);
    });
  });

  describe('start and close', () => {
    it('names the port that is taken, and leaves nothing listening', async () => {
      const { port } = bench.proxy.address(1);
      const broker = { targetHost: '127.0.0.1', targetPort: bench.broker.port };
      const start = FaultProxy.start({
        brokers: [
          { ...broker, nodeId: 1, listenPort: 0 },
          { ...broker, nodeId: 2, listenPort: port },
        ],
      });
      await expect(start).rejects.toThrow(`Cannot listen on 127.0.0.1:${port} for broker 2`);
    });

    it('refuses a node id given twice, and one it does not know', async () => {
      const broker = { nodeId: 5, listenPort: 0, targetHost: '127.0.0.1', targetPort: 1 };
      await expect(FaultProxy.start({ brokers: [broker, broker] })).rejects.toThrow('Broker 5 is given twice');
      expect(() => bench.proxy.address(9)).toThrow('The proxy has no broker 9; it has 1, 2.');
      expect(() => bench.proxy.on({ phase: 'request', action: 'drop', broker: 9 })).toThrow('no broker 9');
    });

    it('resets every client on close, held frames or not, and is finished then', async () => {
      bench.proxy.on({ phase: 'request', action: { delayMs: 60_000 } });
      const client = await bench.client();
      client.send({ ...FETCH, correlationId: 1 });
      await until(() => bench.proxy.count('Fetch') === 1, 'the request is held');
      await bench.proxy.close();
      await expect(client.ended()).resolves.toBe('ECONNRESET');
      await until(() => bench.broker.sockets.size === 0, 'the broker has no connection left');
      expect(bench.broker.received).toEqual([]);
      expect(() => bench.proxy.on({ phase: 'request', action: 'drop' })).toThrow('The proxy is closed.');
    });
  });
});
