import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createRandom } from '../../test/support/random.js';
import { below } from '../../test/wire/random-data.js';
import { guardedSocketFactory, releaseSocket } from './guarded-socket-factory.js';
import { Kafka } from './kafkajs.js';
import { frame, ScriptedBroker, type Script } from './spec-support/scripted-broker.js';
import { apiVersionsAnswer } from './spec-support/broker-answers.js';
import { turns, until } from './spec-support/until.js';

const MEBIBYTE = 1_048_576;

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** A socket as kafkajs gets it, with what reached its data listener. */
async function open(broker: ScriptedBroker, onData: (chunk: Buffer) => void = () => undefined) {
  const received: Buffer[] = [];
  const errors: Error[] = [];
  const socket = guardedSocketFactory(undefined)({
    host: '127.0.0.1',
    port: broker.port,
    // What kafkajs passes without TLS, whatever its types say.
    ssl: null as unknown as object,
    onConnect: () => undefined,
  }) as Socket;
  socket.on('data', (chunk: Buffer) => {
    received.push(chunk);
    onData(chunk);
  });
  socket.on('error', (error: Error) => errors.push(error));
  await once(socket, 'connect');
  await until(() => broker.sockets.length > 0);
  const peer = broker.sockets[0];
  if (peer === undefined) throw new Error('Unreachable');
  return { socket, peer, received, errors };
}

describe('a guarded socket', () => {
  it('hands data on as it comes', async () => {
    await using broker = await ScriptedBroker.listen();
    const { socket, peer, received, errors } = await open(broker);
    const bytes = Buffer.concat([frame(0, Buffer.from('one')), frame(1, Buffer.from('two'))]);
    for (const byte of bytes) {
      peer.write(Buffer.from([byte]));
      await turns(1);
    }
    await until(() => Buffer.concat(received).length === bytes.length);
    expect(Buffer.concat(received)).toEqual(bytes);
    expect(errors).toEqual([]);
    socket.destroy();
  });

  it('turns an exception of the data listener into an error of the socket', async () => {
    await using broker = await ScriptedBroker.listen();
    const { socket, peer, errors } = await open(broker, () => {
      throw new RangeError('index out of range');
    });
    peer.write(frame(0, Buffer.alloc(1)));
    await until(() => errors.length > 0);
    expect(socket.destroyed).toBe(true);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ cause: expect.objectContaining({ message: 'index out of range' }) });
  });

  it.each<[string, Buffer]>([
    ['negative', int32(-1)],
    ['over 1 MiB', int32(MEBIBYTE + 1)],
    ['of 2 GiB', int32(2 ** 31 - 1)],
  ])('is ended by an announced frame that is %s, before anything is kept of it', async (_, size) => {
    await using broker = await ScriptedBroker.listen();
    const { socket, peer, received, errors } = await open(broker);
    peer.write(size.subarray(0, 2));
    await until(() => received.length > 0);
    peer.write(Buffer.concat([size.subarray(2), Buffer.alloc(100)]));
    await until(() => errors.length > 0);
    expect(socket.destroyed).toBe(true);
    expect(Buffer.concat(received)).toHaveLength(2);
  });

  it('lets a frame of exactly 1 MiB pass', async () => {
    await using broker = await ScriptedBroker.listen();
    const { socket, peer, received, errors } = await open(broker);
    peer.write(Buffer.concat([int32(MEBIBYTE), Buffer.alloc(MEBIBYTE)]));
    await until(() => Buffer.concat(received).length === MEBIBYTE + 4);
    expect(errors).toEqual([]);
    socket.destroy();
  });

  it('tells of a bare close by an error, which kafkajs would not notice otherwise', async () => {
    await using broker = await ScriptedBroker.listen();
    const { socket, errors } = await open(broker);
    socket.destroy();
    await until(() => errors.length > 0);
    expect(errors).toHaveLength(1);
  });

  it('tells of a failure once only', async () => {
    await using broker = await ScriptedBroker.listen();
    const { socket, errors } = await open(broker);
    socket.destroy(new Error('it broke'));
    await until(() => socket.closed);
    await turns();
    expect(errors.map(({ message }) => message)).toEqual(['it broke']);
  });

  it('has none of kafkajs’s listeners after it was released, and no guard', async () => {
    await using broker = await ScriptedBroker.listen();
    const { socket, peer, received, errors } = await open(broker);
    releaseSocket(socket);
    for (const event of ['data', 'error', 'timeout']) expect([event, socket.listenerCount(event)]).toEqual([event, 0]);

    const next: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => next.push(chunk));
    socket.on('error', () => undefined);
    peer.write(int32(-1));
    await until(() => next.length > 0);
    expect(socket.destroyed).toBe(false);
    socket.destroy();
    await once(socket, 'close');
    expect([received, errors]).toEqual([[], []]);
  });

  it('is made by the user’s own factory where there is one, and told of', async () => {
    await using broker = await ScriptedBroker.listen();
    const made: Socket[] = [];
    const seen: Socket[] = [];
    const factory = guardedSocketFactory(
      ({ host, port, onConnect }) => {
        const socket = connect({ host, port }, onConnect);
        made.push(socket);
        return socket;
      },
      (socket) => seen.push(socket),
    );
    let isConnected = false;
    const args = { host: '127.0.0.1', port: broker.port, ssl: {}, onConnect: () => (isConnected = true) };
    const socket = factory(args as unknown as Parameters<typeof factory>[0]);
    await until(() => isConnected);
    expect(made).toEqual([socket]);
    expect(seen).toEqual([socket]);
    (socket as Socket).on('error', () => undefined).destroy();
  });
});

describe('kafkajs behind the guard', () => {
  /** Connects as kafkajs does; must settle, and nothing may be thrown past it. */
  async function connectTo(broker: ScriptedBroker): Promise<'connected' | 'refused'> {
    const kafka = new Kafka({
      brokers: [broker.address],
      connectionTimeout: 400,
      requestTimeout: 400,
      retry: { retries: 0 },
      socketFactory: guardedSocketFactory(undefined),
      logCreator: () => () => undefined,
    });
    const admin = kafka.admin();
    try {
      await admin.connect();
      return 'connected';
    } catch {
      return 'refused';
    } finally {
      await admin.disconnect();
    }
  }

  /** Sends bytes in place of an answer. */
  function instead(bytes: Buffer): Script {
    return ({ socket }) => {
      socket.write(bytes);
      return null;
    };
  }

  const empty = frame(0, Buffer.alloc(0));
  it.each<[string, Script]>([
    ['a size of 0', instead(int32(0))],
    ['a size without room for a correlation id', instead(Buffer.concat([int32(2), Buffer.alloc(2)]))],
    ['a negative size', instead(int32(-100))],
    ['a size of 2 GiB', instead(int32(2 ** 31 - 1))],
    ['an answer without a body', instead(empty)],
    ['an answer cut short', instead(frame(0, apiVersionsAnswer({ apiVersion: 2 }).subarray(0, 9)))],
    ['an answer with a nonsense count', instead(frame(0, Buffer.from('00007fffffff', 'hex')))],
    ['an answer with a negative count', instead(frame(0, Buffer.from('0000ffffff00', 'hex')))],
    ['the same answer again and again', instead(Buffer.concat(Array.from({ length: 50 }, () => empty)))],
    ['another correlation id', instead(frame(7, apiVersionsAnswer({ apiVersion: 2 })))],
    ['HTTP', instead(Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'))],
    ['a TLS alert', instead(Buffer.from('15030300020250', 'hex'))],
    ['silence', () => null],
    ['the end', ({ socket }) => (socket.end(), null)],
    ['a reset', ({ socket }) => (socket.resetAndDestroy(), null)],
  ])('survives %s', async (_, script) => {
    await using broker = await ScriptedBroker.listen(script);
    await expect(connectTo(broker)).resolves.toBe('refused');
  });

  it('survives any bytes', async () => {
    const random = createRandom();
    for (let round = 0; round < 30; round++) {
      const valid = frame(0, apiVersionsAnswer({ apiVersion: 2 }));
      const damaged = Buffer.from(valid);
      damaged[below(random, damaged.length)] = below(random, 256);
      const bytes = random.pick([
        random.bytes(1 + below(random, 80)),
        damaged,
        Buffer.concat([valid, random.bytes(20)]),
      ]);
      await using broker = await ScriptedBroker.listen(({ socket }) => {
        socket.end(bytes);
        return null;
      });
      expect(['connected', 'refused']).toContain(await connectTo(broker));
    }
  });
});
