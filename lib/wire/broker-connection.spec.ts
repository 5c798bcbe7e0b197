import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { jest } from '@jest/globals';
import { createRandom } from '../../test/support/random.js';
import { below } from '../../test/wire/random-data.js';
import { BrokerConnection } from './broker-connection.js';
import { BrokerConnectionError, RequestTimeoutError, UnsupportedBrokerError } from './connection-errors.js';
import type { ApiDefinition } from './protocol/api-definition.js';
import { MalformedResponseError } from './malformed-response-error.js';
import { ProtocolReader } from './protocol/protocol-reader.js';
import { frame, ScriptedBroker, type ReceivedRequest, type Script } from './spec-support/scripted-broker.js';
import { turns, until } from './spec-support/until.js';

const LONG_MS = 30_000;

/** An API whose body is a number, in plain versions 0-1 and flexible version 2. */
const echoApi: ApiDefinition<number, number> = {
  key: 77,
  name: 'Echo',
  minVersion: 0,
  maxVersion: 2,
  firstFlexibleVersion: 2,
  encodeRequest: (_, request) => [int32(request)],
  decodeResponse: (_, body) => {
    const reader = new ProtocolReader(body, 'Echo response');
    const value = reader.int32();
    reader.expectEnd();
    return value;
  },
};

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

type Range = readonly [key: number, min: number, max: number];

function versions(...ranges: readonly Range[]): Parameters<BrokerConnection['useVersions']>[0] {
  return {
    errorCode: 0,
    throttleTimeMs: 0,
    ranges: new Map(ranges.map(([key, minVersion, maxVersion]) => [key, { key, minVersion, maxVersion }])),
    supportedFeatures: [],
    finalizedFeatures: [],
    finalizedFeaturesEpoch: -1n,
  };
}

/** Sends the body back. */
const echo: Script = ({ body }) => body;

/** A connection over a real socket, and the broker at its other end. */
class Pair implements AsyncDisposable {
  private constructor(
    public readonly broker: ScriptedBroker,
    public readonly socket: Socket,
    public readonly connection: BrokerConnection,
    /** What `onClose` was called with. */
    public readonly closedBy: readonly Error[],
  ) {}

  public static async open(script: Script = echo): Promise<Pair> {
    const broker = await ScriptedBroker.listen(script);
    const socket = connect(broker.port, '127.0.0.1');
    await once(socket, 'connect');
    const closedBy: Error[] = [];
    const connection = new BrokerConnection(socket, {
      clientId: 'Zähler',
      address: broker.address,
      maxIdleMs: 60_000,
      onClose: (error) => closedBy.push(error),
    });
    connection.useVersions(versions([echoApi.key, 0, 1]));
    return new Pair(broker, socket, connection, closedBy);
  }

  public echo(value: number, timeoutMs = LONG_MS): Promise<number> {
    return this.connection.send(echoApi, value, timeoutMs);
  }

  /** The broker's end. */
  public async peer(): Promise<Socket> {
    await until(() => this.broker.sockets.length > 0);
    return this.broker.sockets[0] ?? unreachable();
  }

  /** Waits until the broker has read so many requests. */
  public async received(count: number): Promise<readonly ReceivedRequest[]> {
    await until(() => this.broker.requests.length >= count, `${count} requests`);
    return this.broker.requests;
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close(new Error('The test has ended'));
    await this.broker[Symbol.asyncDispose]();
  }
}

function unreachable(): never {
  throw new Error('Unreachable');
}

/** Settles with what it was rejected with. */
async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail');
}

function failures(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
  return Promise.all(promises.map(failure));
}

describe('requests', () => {
  it('leave with size, api key, version, correlation id and client id in UTF-8', async () => {
    await using pair = await Pair.open(() => null);
    const peer = await pair.peer();
    const bytes: Buffer[] = [];
    peer.on('data', (chunk: Buffer) => bytes.push(chunk));
    const sent = failure(pair.echo(5));
    await pair.received(1);
    const clientId = Buffer.from('Zähler').toString('hex');
    expect(Buffer.concat(bytes).toString('hex')).toBe(
      `00000015 004d 0001 00000000 0007 ${clientId} 00000005`.replaceAll(' ', ''),
    );
    pair.connection.close(new Error('enough'));
    await sent;
  });

  it('of a flexible version carry an empty tag section at the end of their header', async () => {
    await using pair = await Pair.open(({ body }) => body);
    pair.connection.useVersions(versions([echoApi.key, 0, 9]));
    // The echoed body begins with the tag section of the request; the answer's header has one too.
    await expect(pair.echo(5)).resolves.toBe(5);
    const [request] = await pair.received(1);
    expect(request).toMatchObject({
      apiKey: 77,
      apiVersion: 2,
      clientId: 'Zähler',
      body: Buffer.from([0, 0, 0, 0, 5]),
    });
  });

  it('arrive in the order of the calls, numbered from 0, however their bodies are cut', async () => {
    await using pair = await Pair.open();
    const pieces: ApiDefinition<number, number> = {
      ...echoApi,
      encodeRequest: (_, request) => [...int32(request)].map((byte) => Buffer.from([byte])),
    };
    const sent = Array.from({ length: 200 }, (_, index) =>
      pair.connection.send(index % 2 === 0 ? echoApi : pieces, index, LONG_MS),
    );
    await expect(Promise.all(sent)).resolves.toEqual(sent.map((_, index) => index));
    expect(pair.broker.requests.map(({ body }) => body.readInt32BE(0))).toEqual(sent.map((_, index) => index));
    expect(pair.broker.requests.map(({ correlationId }) => correlationId)).toEqual(sent.map((_, index) => index));
    expect(pair.connection.inFlight).toBe(0);
  });

  it('go on with correlation id 0 after 2147483647', async () => {
    await using pair = await Pair.open();
    Reflect.set(pair.connection, 'nextCorrelationId', 0x7fff_ffff);
    await expect(Promise.all([pair.echo(1), pair.echo(2)])).resolves.toEqual([1, 2]);
    expect(pair.broker.requests.map(({ correlationId }) => correlationId)).toEqual([0x7fff_ffff, 0]);
  });

  it('that cannot be encoded fail alone', async () => {
    await using pair = await Pair.open();
    const broken: ApiDefinition<number, number> = {
      ...echoApi,
      encodeRequest: () => {
        throw new RangeError('no such number');
      },
    };
    const failed = failure(pair.connection.send(broken, 1, LONG_MS));
    await expect(pair.echo(2)).resolves.toBe(2);
    expect(await failed).toBeInstanceOf(RangeError);
    expect(pair.broker.requests).toHaveLength(1);
    expect(pair.connection.isOpen).toBe(true);
  });
});

describe('versions', () => {
  it.each([
    [0, 0, 0],
    [0, 1, 1],
    [0, 9, 2],
    [2, 9, 2],
    [1, 1, 1],
  ])('of a broker that offers %i to %i: %i is spoken', async (min, max, spoken) => {
    await using pair = await Pair.open();
    pair.connection.useVersions(versions([echoApi.key, min, max]));
    expect(pair.connection.negotiate(echoApi)).toBe(spoken);
  });

  it.each<[string, readonly Range[]]>([
    ['too new', [[echoApi.key, 3, 9]]],
    ['not offered', [[1, 0, 9]]],
    ['upside down', [[echoApi.key, 1, 0]]],
    ['negative', [[echoApi.key, -5, -1]]],
  ])('that are %s end in a named error that says what to use', async (_, ranges) => {
    await using pair = await Pair.open();
    pair.connection.useVersions(versions(...ranges));
    expect(() => pair.connection.negotiate(echoApi)).toThrow(UnsupportedBrokerError);
    expect(() => pair.connection.negotiate(echoApi)).toThrow(/Echo.*Kafka 2\.1/);
  });
});

it('fails, and does not throw, where a broker lacks the version: nobody would catch it there', async () => {
  await using pair = await Pair.open();
  pair.connection.useVersions(versions([1, 0, 9]));
  expect(await failure(pair.echo(1))).toBeInstanceOf(UnsupportedBrokerError);
  expect(await failure(pair.connection.sendOneWay(echoApi, 1))).toBeInstanceOf(UnsupportedBrokerError);
  expect(pair.connection.isOpen).toBe(true);
  expect(pair.broker.requests).toHaveLength(0);
});

describe('answers', () => {
  it('are understood in single bytes and in one piece', async () => {
    await using pair = await Pair.open(() => null);
    const sent = [pair.echo(1), pair.echo(2), pair.echo(3)];
    await pair.received(3);
    const peer = await pair.peer();
    for (const byte of frame(0, int32(41))) {
      peer.write(Buffer.from([byte]));
      await turns(1);
    }
    peer.write(Buffer.concat([frame(1, int32(42)), frame(2, int32(43))]));
    await expect(Promise.all(sent)).resolves.toEqual([41, 42, 43]);
  });

  it('are understood however they are cut', async () => {
    const random = createRandom();
    await using pair = await Pair.open(() => null);
    const peer = await pair.peer();
    const wideApi: ApiDefinition<number, string> = { ...echoApi, decodeResponse: (_, body) => body.toString('hex') };
    const bodies = Array.from({ length: 40 }, () => random.bytes(below(random, 300)));
    const sent = bodies.map((_, index) => pair.connection.send(wideApi, index, LONG_MS));
    await pair.received(bodies.length);
    let stream = Buffer.concat(bodies.map((body, index) => frame(index, body)));
    while (stream.length > 0) {
      const length = 1 + below(random, random.pick([4, 40, 1_000]));
      peer.write(stream.subarray(0, length));
      stream = stream.subarray(length);
      if (below(random, 3) === 0) await turns(1);
    }
    await expect(Promise.all(sent)).resolves.toEqual(bodies.map((body) => body.toString('hex')));
  });

  it('of flexible versions may have tags in their header', async () => {
    // One tag, number 300, of two bytes.
    const tags = Buffer.from([1, 0xac, 0x02, 2, 9, 9]);
    await using pair = await Pair.open(({ body }) => Buffer.concat([tags, body.subarray(1)]));
    pair.connection.useVersions(versions([echoApi.key, 0, 2]));
    await expect(pair.echo(5)).resolves.toBe(5);
  });

  it('to ApiVersions never have them', async () => {
    await using pair = await Pair.open(({ body }) => body.subarray(1));
    const api = { ...echoApi, key: 18 };
    await expect(pair.connection.send(api, 5, LONG_MS, 2)).resolves.toBe(5);
  });
});

describe('a peer that does not keep to the protocol', () => {
  async function hostile(bytes: Buffer): Promise<{ errors: unknown[]; pair: Pair }> {
    const pair = await Pair.open(() => null);
    const sent = failures([pair.echo(1), pair.echo(2), pair.echo(3)]);
    await pair.received(3);
    (await pair.peer()).write(bytes);
    return { errors: await sent, pair };
  }

  it.each<[string, Buffer]>([
    ['another correlation id', frame(1, int32(1))],
    ['a negative correlation id', frame(-1, int32(1))],
    ['a negative size', int32(-1)],
    ['the most negative size', int32(-(2 ** 31))],
    ['a size of 0', int32(0)],
    ['a size without room for the correlation id', Buffer.concat([int32(3), Buffer.alloc(3)])],
    ['a size over 100 MiB', int32(104_857_601)],
    ['the largest size', int32(2 ** 31 - 1)],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')],
    ['a TLS alert', Buffer.from('15030300020250', 'hex')],
  ])('with %s: everything in flight fails at once, and the connection ends', async (_, bytes) => {
    const { errors, pair } = await hostile(bytes);
    await using _pair = pair;
    for (const error of errors) {
      expect(error).toBeInstanceOf(BrokerConnectionError);
      expect(error).toMatchObject({ retriable: true });
    }
    expect(pair.connection.isOpen).toBe(false);
    expect(pair.connection.inFlight).toBe(0);
    expect(pair.socket.destroyed).toBe(true);
    expect(pair.closedBy).toHaveLength(1);
    expect(String(pair.closedBy[0])).toContain(pair.broker.address);
  });

  it.each<[string, Buffer]>([
    ['too short', Buffer.alloc(3)],
    ['too long', Buffer.alloc(5)],
    ['empty', Buffer.alloc(0)],
  ])('with an answer that is %s: the connection ends, and later answers are not believed', async (_, body) => {
    const { errors, pair } = await hostile(Buffer.concat([frame(0, body), frame(1, int32(2)), frame(2, int32(3))]));
    await using _pair = pair;
    const [first, ...rest] = errors;
    expect(causes(first).some((cause) => cause instanceof MalformedResponseError)).toBe(true);
    for (const error of rest) expect(error).toBeInstanceOf(BrokerConnectionError);
    expect(pair.connection.isOpen).toBe(false);
  });

  it('that answers although nothing was asked: the connection ends', async () => {
    await using pair = await Pair.open();
    (await pair.peer()).write(frame(0, int32(1)));
    await until(() => !pair.connection.isOpen);
    expect(await failure(pair.echo(1))).toBeInstanceOf(BrokerConnectionError);
  });

  it('of whatever bytes never harms more than its own connection', async () => {
    const random = createRandom();
    for (let round = 0; round < 40; round++) {
      await using pair = await Pair.open(() => null);
      pair.connection.useVersions(versions([echoApi.key, 0, random.pick([1, 2])]));
      const sent = Promise.allSettled([pair.echo(1), pair.echo(2)]);
      await pair.received(2);
      const peer = await pair.peer();
      const valid = frame(0, random.bytes(below(random, 12)));
      peer.write(
        random.pick([
          random.bytes(1 + below(random, 60)),
          Buffer.concat([valid, random.bytes(9)]),
          valid.subarray(0, 7),
        ]),
      );
      peer.end();
      // The answer to the first may have been right by chance; nothing was sent that answers the second.
      expect((await sent)[1].status).toBe('rejected');
      await until(() => !pair.connection.isOpen);
      expect(pair.connection.isOpen).toBe(false);
      expect(pair.closedBy).toHaveLength(1);
    }
  });
});

function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let next = error; next !== undefined && next !== null; next = Reflect.get(Object(next), 'cause'))
    chain.push(next);
  return chain;
}

describe('the end of a connection', () => {
  it.each<[string, (peer: Socket) => void]>([
    ['closes it', (peer) => peer.end()],
    ['resets it', (peer) => peer.resetAndDestroy()],
    ['closes it in the middle of an answer', (peer) => peer.end(frame(0, int32(1)).subarray(0, 9))],
  ])('when the broker %s, fails what is in flight with a retriable error', async (_, act) => {
    await using pair = await Pair.open(() => null);
    const sent = failures([pair.echo(1), pair.echo(2)]);
    await pair.received(2);
    act(await pair.peer());
    for (const error of await sent) {
      expect(error).toBeInstanceOf(BrokerConnectionError);
      expect(error).toMatchObject({ retriable: true });
    }
    expect(pair.connection.isOpen).toBe(false);
    expect(pair.closedBy).toHaveLength(1);
  });

  it('when it is closed here, fails everything in flight and every later call with the given error', async () => {
    await using pair = await Pair.open(() => null);
    const sent = failures([pair.echo(1), pair.echo(2)]);
    await pair.received(2);
    const reason = new Error('the producer is closing');
    pair.connection.close(reason);
    pair.connection.close(new Error('again'));
    expect(await sent).toEqual([reason, reason]);
    expect(await failures([pair.echo(3), pair.connection.sendOneWay(echoApi, 4)])).toEqual([reason, reason]);
    expect(pair.closedBy).toEqual([reason]);
    await until(() => pair.socket.destroyed);
    await turns();
    expect(pair.closedBy).toEqual([reason]);
    expect(pair.broker.requests).toHaveLength(2);
  });

  it('by idleness spares a connection that waits for an answer', async () => {
    await using pair = await Pair.open(() => null);
    const sent = pair.echo(1);
    const [request] = await pair.received(1);
    pair.socket.emit('timeout');
    expect(pair.connection.isOpen).toBe(true);
    pair.broker.answer(request ?? unreachable(), int32(7));
    await expect(sent).resolves.toBe(7);
    expect(pair.connection.isOpen).toBe(true);
  });

  it('by idleness comes when nothing is asked', async () => {
    await using pair = await Pair.open();
    await pair.echo(1);
    pair.socket.emit('timeout');
    expect(pair.connection.isOpen).toBe(false);
    expect(String(pair.closedBy[0])).toContain('idle');
  });

  it('by idleness comes also after a time in which only an answer was waited for', async () => {
    await using pair = await Pair.open(() => null);
    const sent = pair.echo(1);
    const [request] = await pair.received(1);
    pair.socket.emit('timeout');
    pair.broker.answer(request ?? unreachable(), int32(7));
    await sent;
    pair.socket.emit('timeout');
    expect(pair.connection.isOpen).toBe(false);
  });
});

describe('the request timeout', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] }));
  afterEach(() => jest.useRealTimers());

  it('ends the connection and everything in flight on it: who owes one answer cannot be trusted with the next', async () => {
    await using pair = await Pair.open(() => null);
    const sent = failures([pair.echo(1, 1_000), pair.echo(2, 1_000)]);
    await pair.received(2);
    jest.advanceTimersByTime(999);
    expect(pair.connection.isOpen).toBe(true);
    jest.advanceTimersByTime(1);
    expect(pair.connection.isOpen).toBe(false);
    for (const error of await sent) {
      expect(error).toBeInstanceOf(RequestTimeoutError);
      expect(error).toMatchObject({ retriable: true });
      expect(String(error)).toContain('1000 ms');
    }
    expect(pair.socket.destroyed).toBe(true);
  });

  it('counts for each request from its own call', async () => {
    await using pair = await Pair.open(() => null);
    const first = pair.echo(1, 1_000);
    jest.advanceTimersByTime(600);
    const second = failure(pair.echo(2, 1_000));
    const [request] = await pair.received(2);
    jest.advanceTimersByTime(300);
    pair.broker.answer(request ?? unreachable(), int32(1));
    await expect(first).resolves.toBe(1);
    jest.advanceTimersByTime(699);
    expect(pair.connection.isOpen).toBe(true);
    jest.advanceTimersByTime(1);
    expect(await second).toBeInstanceOf(RequestTimeoutError);
  });

  it('leaves no timer behind, whether the answer came or the connection ended', async () => {
    await using pair = await Pair.open(() => null);
    const first = pair.echo(1);
    const second = failure(pair.echo(2));
    const [request] = await pair.received(2);
    pair.broker.answer(request ?? unreachable(), int32(1));
    await first;
    expect(jest.getTimerCount()).toBe(1);
    pair.connection.close(new Error('enough'));
    await second;
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('requests without an answer', () => {
  it('resolve when their bytes have left, and wait for nothing', async () => {
    await using pair = await Pair.open(() => null);
    await pair.connection.sendOneWay(echoApi, 1);
    await pair.connection.sendOneWay(echoApi, 2);
    expect(pair.connection.inFlight).toBe(0);
    const requests = await pair.received(2);
    expect(requests.map(({ body }) => body.readInt32BE(0))).toEqual([1, 2]);
  });

  it('are held back by a peer that does not read', async () => {
    await using pair = await Pair.open(() => null);
    (await pair.peer()).pause();
    const largeApi: ApiDefinition<number, number> = {
      ...echoApi,
      encodeRequest: (_, request) => [int32(request), Buffer.alloc(16 * 1024 * 1024)],
    };
    let isWritten = false;
    const sent = pair.connection.sendOneWay(largeApi, 1).then(() => (isWritten = true));
    await turns(200);
    expect(isWritten).toBe(false);
    (await pair.peer()).resume();
    await sent;
  });

  it('fail when the connection ends before', async () => {
    await using pair = await Pair.open(() => null);
    (await pair.peer()).pause();
    const largeApi: ApiDefinition<number, number> = {
      ...echoApi,
      encodeRequest: (_, request) => [int32(request), Buffer.alloc(16 * 1024 * 1024)],
    };
    const sent = failure(pair.connection.sendOneWay(largeApi, 1));
    const reason = new Error('closing');
    pair.connection.close(reason);
    expect(await sent).toBe(reason);
  });

  it('fail when the bytes cannot be written', async () => {
    const broken = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, callback) => callback(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const socket = Object.assign(broken, { setTimeout: () => broken }) as unknown as Socket;
    const connection = new BrokerConnection(socket, {
      clientId: 'unit',
      address: 'nowhere:1',
      maxIdleMs: 0,
      onClose: () => undefined,
    });
    connection.useVersions(versions([echoApi.key, 0, 1]));
    await expect(connection.sendOneWay(echoApi, 1)).rejects.toThrow(/EPIPE|destroyed/);
  });
});
