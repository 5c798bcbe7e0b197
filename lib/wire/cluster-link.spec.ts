import { AsyncLocalStorage } from 'node:async_hooks';
import { createRandom } from '../../test/support/random.js';
import { RecordingLog } from '../../test/support/recording-log.js';
import { below } from '../../test/wire/random-data.js';
import type { BrokerConnection } from './broker-connection.js';
import type { BrokerAddress } from './cluster-metadata.js';
import { ClusterLink, type ClusterLinkOptions } from './cluster-link.js';
import {
  BrokerConnectionError,
  BrokerUnavailableError,
  KafkaAuthenticationError,
  RequestTimeoutError,
} from './connection-errors.js';
import type { KafkaClientOptions } from './kafka-client-options.js';
import { KafkaError } from './kafka-error.js';
import { metadataApi } from './protocol/metadata.js';
import {
  API,
  apiVersionsAnswer,
  metadataAnswer,
  PLAIN_RANGES,
  SASL_RANGES,
  saslAuthenticateAnswer,
  saslHandshakeAnswer,
  unsupportedApiVersionsAnswer,
} from './spec-support/broker-answers.js';
import { frame, NO_API, ScriptedBroker, type Script } from './spec-support/scripted-broker.js';
import { turns, until } from './spec-support/until.js';

const NEVER = Number.POSITIVE_INFINITY;
const PASSWORD = 'pass-phrase-7';
const SASL: KafkaClientOptions['sasl'] = { mechanism: 'plain', username: 'ann', password: PASSWORD };
const ASK = { topics: [], allowAutoTopicCreation: false };
const ASK_MS = 30_000;

/** Answers ApiVersions and Metadata; the rest is silence. */
const usual: Script = (request) => {
  if (request.apiKey === API.apiVersions) return apiVersionsAnswer(request);
  return request.apiKey === API.metadata ? metadataAnswer(request, []) : null;
};

/** Answers ApiVersions only. */
const silentAfterwards: Script = (request) => (request.apiKey === API.apiVersions ? apiVersionsAnswer(request) : null);

function withSasl(authenticate: Script): Script {
  return (request) => {
    if (request.apiKey === API.apiVersions) return apiVersionsAnswer(request, SASL_RANGES);
    if (request.apiKey === API.saslHandshake) return saslHandshakeAnswer();
    return request.apiKey === API.saslAuthenticate ? authenticate(request) : usual(request);
  };
}

/** A link that is closed at the end of the test. */
class TestLink extends ClusterLink implements AsyncDisposable {
  public readonly log: RecordingLog;
  /** How often `onChange` was called. */
  public readonly changes: { count: number };

  public constructor(brokers: KafkaClientOptions['brokers'], options: Partial<ClusterLinkOptions> = {}) {
    const log = new RecordingLog();
    const changes = { count: 0 };
    super({
      client: { brokers },
      clientId: 'link-spec',
      log,
      connectionSetupTimeoutMs: 5_000,
      connectionsMaxIdleMs: 60_000,
      reconnectBackoffMs: 50,
      reconnectBackoffMaxMs: 1_000,
      onChange: () => {
        changes.count++;
      },
      ...options,
    });
    this.log = log;
    this.changes = changes;
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    await this.close(new Error('The test has ended'));
  }
}

function addressOf(broker: ScriptedBroker, nodeId: number): BrokerAddress {
  return { nodeId, host: '127.0.0.1', port: broker.port, rack: null };
}

/** An address where nobody listens. */
async function refusedAddress(): Promise<string> {
  const broker = await ScriptedBroker.listen();
  const { address } = broker;
  await broker[Symbol.asyncDispose]();
  return address;
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not fail');
}

function ask(connection: BrokerConnection): Promise<unknown> {
  return connection.send(metadataApi, ASK, ASK_MS);
}

describe('opening a connection', () => {
  it('lets kafkajs connect, then speaks for itself under the client’s id', async () => {
    await using broker = await ScriptedBroker.listen(usual);
    await using link = new TestLink([broker.address]);
    const connection = await link.connectAny();
    expect(connection).toMatchObject({ address: broker.address, isOpen: true, inFlight: 0 });
    expect(connection.negotiate(metadataApi)).toBe(5);
    await ask(connection);
    expect(broker.requests.map(({ apiKey, apiVersion, clientId }) => [apiKey, apiVersion, clientId])).toEqual([
      [API.apiVersions, 2, 'link-spec'],
      [API.apiVersions, 3, 'link-spec'],
      [API.metadata, 5, 'link-spec'],
    ]);
    expect(broker.sockets).toHaveLength(1);
    expect(link.changes.count).toBe(1);
  });

  it('does not keep what its first caller has in AsyncLocalStorage', async () => {
    await using broker = await ScriptedBroker.listen(usual);
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    await using link = new TestLink([broker.address], { onChange: () => seen.push(storage.getStore()) });
    const connection = await storage.run('a transaction', () => link.connectAny());
    seen.length = 0;
    broker.sockets[0]?.resetAndDestroy();
    await until(() => !connection.isOpen);
    expect(seen).toEqual([undefined]);
  });

  it('serves all who ask at the same time with one socket', async () => {
    await using broker = await ScriptedBroker.listen(usual);
    await using link = new TestLink([broker.address]);
    const any = await Promise.all(Array.from({ length: 8 }, () => link.connectAny()));
    expect(new Set(any).size).toBe(1);

    link.updateBrokers([{ ...addressOf(broker, 1), host: 'localhost' }]);
    for (let index = 0; index < 4; index++) expect(link.ready(1, Date.now())).toBe(NEVER);
    const known = await Promise.all(Array.from({ length: 8 }, () => link.connect(1)));
    expect(new Set(known).size).toBe(1);
    expect(link.ready(1, Date.now())).toBe(0);
    expect(link.openConnection(1)).toBe(known[0]);
    expect(broker.sockets).toHaveLength(2);
  });

  it.each<[string, Buffer]>([
    ['an empty list, as Kafka before 2.4', unsupportedApiVersionsAnswer([])],
    ['its own range', unsupportedApiVersionsAnswer([[API.apiVersions, 0, 2]])],
  ])('goes back to an older ApiVersions for a broker that answers error 35 with %s', async (_, refusal) => {
    await using broker = await ScriptedBroker.listen((request) =>
      request.apiKey === API.apiVersions && request.apiVersion >= 3 ? refusal : usual(request),
    );
    await using link = new TestLink([broker.address]);
    const connection = await link.connectAny();
    expect(connection.negotiate(metadataApi)).toBe(5);
  });

  it('does not open anything for a broker that the cluster does not have', async () => {
    await using broker = await ScriptedBroker.listen(usual);
    await using link = new TestLink([broker.address]);
    expect(link.ready(9, Date.now())).toBe(NEVER);
    expect(await failure(link.connect(9))).toBeInstanceOf(BrokerConnectionError);
    expect(link.openConnection(9)).toBeNull();
    expect(broker.sockets).toHaveLength(0);
  });
});

describe('bootstrap addresses', () => {
  it('are tried in turn until one answers', async () => {
    await using broker = await ScriptedBroker.listen(usual);
    await using link = new TestLink([await refusedAddress(), await refusedAddress(), broker.address]);
    expect((await link.connectAny()).address).toBe(broker.address);
    expect(link.lastConnectFailure).toBeNull();
  });

  it('end in one named error with every address when none answers', async () => {
    const addresses = [await refusedAddress(), await refusedAddress()];
    await using link = new TestLink(addresses);
    const error = await failure(link.connectAny());
    expect(error).toBeInstanceOf(BrokerUnavailableError);
    expect(error).toMatchObject({ retriable: true });
    for (const address of addresses) expect(error.message).toContain(address);
    expect(error.message).toContain('ECONNREFUSED');
    expect(link.lastConnectFailure).toBeInstanceOf(BrokerConnectionError);
  });

  it('are known to be out of reach when the last connection was lost, not when it has rested for too long', async () => {
    await using broker = await ScriptedBroker.listen(usual);
    await using link = new TestLink([broker.address], { connectionsMaxIdleMs: 30 });
    await link.connectAny();
    await until(() => link.connectedBrokers === 0);
    expect(link.lastConnectFailure).toBeNull();
    await link.connectAny();
    await broker[Symbol.asyncDispose]();
    await until(() => link.connectedBrokers === 0 && link.lastConnectFailure !== null);
    expect(link.lastConnectFailure).toBeInstanceOf(BrokerConnectionError);
  });

  it('may come from a function, which is asked each time', async () => {
    await using broker = await ScriptedBroker.listen(usual);
    const answers = [[await refusedAddress()], [broker.address]];
    let calls = 0;
    await using link = new TestLink(() => Promise.resolve(answers[calls++] ?? []));
    expect(await failure(link.connectAny())).toBeInstanceOf(BrokerUnavailableError);
    expect((await link.connectAny()).address).toBe(broker.address);
    expect(calls).toBe(2);
  });

  it('that the function cannot give are an error of the call, and asked for again', async () => {
    await using broker = await ScriptedBroker.listen(usual);
    let calls = 0;
    await using link = new TestLink(() => {
      if (++calls === 1) return Promise.reject(new Error('no service registry'));
      return Promise.resolve([broker.address]);
    });
    expect(await failure(link.connectAny())).toMatchObject({ message: expect.stringContaining('service registry') });
    await expect(link.connectAny()).resolves.toMatchObject({ isOpen: true });
  });

  it('are asked again when no known broker can be reached', async () => {
    await using bootstrap = await ScriptedBroker.listen(usual);
    const gone = await ScriptedBroker.listen(usual);
    await using link = new TestLink([bootstrap.address]);
    link.updateBrokers([addressOf(gone, 1)]);
    await gone[Symbol.asyncDispose]();
    expect((await link.connectAny()).address).toBe(bootstrap.address);
  });
});

describe('the connection to a bootstrap address', () => {
  it('becomes the connection of the broker that it leads to', async () => {
    await using broker = await ScriptedBroker.listen(usual);
    await using link = new TestLink([broker.address]);
    const connection = await link.connectAny();
    link.updateBrokers([{ nodeId: 1, host: 'elsewhere', port: 1, rack: null }, addressOf(broker, 2)]);
    expect(link.openConnection(2)).toBe(connection);
    expect(link.openConnection(1)).toBeNull();
    await expect(link.connect(2)).resolves.toBe(connection);
    expect(link.ready(2, Date.now())).toBe(0);
    expect(broker.sockets).toHaveLength(1);
  });

  it('stays what it is when the broker has another address in the metadata', async () => {
    await using broker = await ScriptedBroker.listen(usual);
    await using link = new TestLink([broker.address]);
    const connection = await link.connectAny();
    link.updateBrokers([{ ...addressOf(broker, 2), host: 'localhost' }]);
    expect(link.openConnection(2)).toBeNull();
    await expect(link.connectAny()).resolves.toBe(connection);
  });
});

describe('after a failure to connect', () => {
  it('waits for the back-off, then tries again', async () => {
    const address = await refusedAddress();
    await using link = new TestLink([address]);
    link.updateBrokers([{ nodeId: 1, host: '127.0.0.1', port: Number(address.split(':')[1]), rack: null }]);
    expect(await failure(link.connect(1))).toBeInstanceOf(BrokerConnectionError);
    const now = Date.now();
    const wait = link.ready(1, now);
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    // The time is over: an attempt begins, which tells by onChange.
    const before = link.changes.count;
    expect(link.ready(1, now + 61)).toBe(NEVER);
    await until(() => link.changes.count > before);
    expect(link.ready(1, Date.now())).toBeGreaterThan(40);
  });

  it('connects when the broker is back', async () => {
    const gone = await ScriptedBroker.listen(usual);
    const { port } = gone;
    await gone[Symbol.asyncDispose]();
    await using link = new TestLink(['127.0.0.1:1']);
    link.updateBrokers([{ nodeId: 1, host: '127.0.0.1', port, rack: null }]);
    await failure(link.connect(1));
    expect(link.lastConnectFailure).not.toBeNull();
    await using back = await ScriptedBroker.listen(usual, port);
    await expect(link.connect(1)).resolves.toMatchObject({ address: back.address });
    expect(link.lastConnectFailure).toBeNull();
    expect(link.ready(1, Date.now())).toBe(0);
  });
});

describe('new metadata', () => {
  it('closes the connection of a broker that moved or left, and fails what is in flight on it', async () => {
    await using first = await ScriptedBroker.listen(silentAfterwards);
    await using second = await ScriptedBroker.listen(silentAfterwards);
    await using third = await ScriptedBroker.listen(silentAfterwards);
    await using link = new TestLink([first.address]);
    link.updateBrokers([addressOf(first, 1), addressOf(second, 2), addressOf(third, 3)]);
    const [moving, leaving, staying] = await Promise.all([link.connect(1), link.connect(2), link.connect(3)]);
    const asked = [failure(ask(moving)), failure(ask(leaving))];
    const stays = failure(ask(staying));

    link.updateBrokers([addressOf(second, 1), addressOf(third, 3)]);
    for (const error of await Promise.all(asked)) {
      expect(error).toBeInstanceOf(BrokerConnectionError);
      expect(error).toMatchObject({ retriable: true });
    }
    expect([moving.isOpen, leaving.isOpen, staying.isOpen]).toEqual([false, false, true]);
    expect(link.openConnection(3)).toBe(staying);
    expect((await link.connect(1)).address).toBe(second.address);
    staying.close(new Error('enough'));
    await stays;
  });

  it('without brokers changes nothing', async () => {
    await using broker = await ScriptedBroker.listen(usual);
    await using link = new TestLink([broker.address]);
    link.updateBrokers([addressOf(broker, 1)]);
    const connection = await link.connect(1);
    link.updateBrokers([]);
    expect(link.openConnection(1)).toBe(connection);
    expect([...link.knownBrokers]).toEqual([addressOf(broker, 1)]);
  });

  it('that moves a broker while it is being connected to keeps the old address from becoming its connection', async () => {
    await using old = await ScriptedBroker.listen();
    await using now = await ScriptedBroker.listen(usual);
    await using link = new TestLink([old.address]);
    link.updateBrokers([addressOf(old, 1)]);
    const connecting = failure(link.connect(1));
    await until(() => old.requests.length > 0);
    link.updateBrokers([addressOf(now, 1)]);
    old.use(usual);
    for (const request of old.requests) old.answer(request, apiVersionsAnswer(request));
    expect(await connecting).toBeInstanceOf(BrokerConnectionError);
    expect(link.openConnection(1)).toBeNull();
    expect((await link.connect(1)).address).toBe(now.address);
    await until(() => old.open.length === 0);
  });
});

describe('a lost connection', () => {
  it('is forgotten and told of; the next call opens another', async () => {
    await using broker = await ScriptedBroker.listen(usual);
    await using link = new TestLink([broker.address]);
    link.updateBrokers([addressOf(broker, 1)]);
    const connection = await link.connect(1);
    const before = link.changes.count;
    broker.sockets[0]?.resetAndDestroy();
    await until(() => link.changes.count > before);
    expect(connection.isOpen).toBe(false);
    expect(link.openConnection(1)).toBeNull();
    // Losing a connection is no failure to connect: there is no back-off.
    expect(link.ready(1, Date.now())).toBe(NEVER);
    await until(() => link.openConnection(1) !== null);
    expect(link.openConnection(1)).not.toBe(connection);
  });

  it('can be made so on purpose', async () => {
    await using broker = await ScriptedBroker.listen(silentAfterwards);
    await using link = new TestLink([broker.address]);
    link.updateBrokers([addressOf(broker, 1)]);
    const asked = failure(ask(await link.connect(1)));
    const reason = new BrokerConnectionError('The former leader does not answer.');
    link.disconnect(1, reason);
    expect(await asked).toBe(reason);
    expect(link.openConnection(1)).toBeNull();
  });
});

describe('any connection', () => {
  it('is the open one with the fewest requests in flight', async () => {
    await using first = await ScriptedBroker.listen(silentAfterwards);
    await using second = await ScriptedBroker.listen(silentAfterwards);
    await using link = new TestLink([first.address]);
    link.updateBrokers([addressOf(first, 1), addressOf(second, 2)]);
    const [busy, idle] = await Promise.all([link.connect(1), link.connect(2)]);
    const asked = failure(ask(busy));
    await expect(link.connectAny()).resolves.toBe(idle);
    const more = [failure(ask(idle)), failure(ask(idle))];
    await expect(link.connectAny()).resolves.toBe(busy);
    await link.close(new Error('enough'));
    await Promise.all([asked, ...more]);
  });

  it('other than a given one is another broker, or an error, never the same broker again', async () => {
    await using first = await ScriptedBroker.listen(usual);
    await using second = await ScriptedBroker.listen(usual);
    await using link = new TestLink([first.address]);
    const connection = await link.connectAny();
    link.updateBrokers([addressOf(first, 1)]);
    expect(await failure(link.connectAny(connection))).toBeInstanceOf(BrokerUnavailableError);
    link.updateBrokers([addressOf(first, 1), addressOf(second, 2)]);
    expect((await link.connectAny(connection)).address).toBe(second.address);
    expect(first.sockets).toHaveLength(1);
  });
});

describe('SASL', () => {
  it('is kafkajs’s: the connection is used after the login', async () => {
    await using broker = await ScriptedBroker.listen(withSasl((request) => saslAuthenticateAnswer(request)));
    await using link = new TestLink([broker.address], { client: { brokers: [broker.address], sasl: SASL } });
    await ask(await link.connectAny());
    expect(broker.requests.map(({ apiKey }) => apiKey)).toEqual([
      API.apiVersions,
      API.saslHandshake,
      API.saslAuthenticate,
      API.apiVersions,
      API.metadata,
    ]);
  });

  it('that is refused ends at once, is tried with no other address, and shows no password', async () => {
    const refuse = withSasl((request) => saslAuthenticateAnswer(request, 0, { code: 58, message: 'no such user' }));
    await using first = await ScriptedBroker.listen(refuse);
    await using second = await ScriptedBroker.listen(refuse);
    const brokers = [first.address, second.address];
    await using link = new TestLink(brokers, { client: { brokers, sasl: SASL } });
    const error = await failure(link.connectAny());
    expect(error).toBeInstanceOf(KafkaAuthenticationError);
    expect(error).toMatchObject({ retriable: false });
    expect(error.message).toContain('client.sasl');
    expect(second.sockets).toHaveLength(0);
    expect([String(error), String(error.cause), ...link.log.lines].join('\n')).not.toContain(PASSWORD);
    await until(() => first.open.length === 0);
  });

  it('that a known broker refuses is tried with no bootstrap address either', async () => {
    const refuse = withSasl((request) => saslAuthenticateAnswer(request, 0, { code: 58, message: 'no such user' }));
    await using known = await ScriptedBroker.listen(refuse);
    await using bootstrap = await ScriptedBroker.listen(refuse);
    await using link = new TestLink([], { client: { brokers: [bootstrap.address], sasl: SASL } });
    link.updateBrokers([addressOf(known, 1)]);
    expect(await failure(link.connectAny())).toBeInstanceOf(KafkaAuthenticationError);
    expect(bootstrap.sockets).toHaveLength(0);
  });

  it('that the broker does not offer says so', async () => {
    await using broker = await ScriptedBroker.listen((request) =>
      request.apiKey === API.saslHandshake ? saslHandshakeAnswer(['GSSAPI']) : withSasl(() => null)(request),
    );
    await using link = new TestLink([], { client: { brokers: [broker.address], sasl: SASL } });
    expect(await failure(link.connectAny())).toBeInstanceOf(KafkaAuthenticationError);
  });

  it.each<[string, Script]>([
    ['falls silent', () => null],
    ['resets the connection', ({ socket }) => (socket.resetAndDestroy(), null)],
    ['ends the connection', ({ socket }) => (socket.end(), null)],
    ['sends garbage', ({ socket }) => (socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), null)],
  ])('in the old style ends in an error within its limit when the peer %s', async (_, script) => {
    await using broker = await ScriptedBroker.listen((request) => {
      if (request.apiKey === NO_API) return script(request);
      if (request.apiKey === API.apiVersions)
        return apiVersionsAnswer(request, [...PLAIN_RANGES, [API.saslHandshake, 0, 1]]);
      return request.apiKey === API.saslHandshake ? saslHandshakeAnswer() : null;
    });
    await using link = new TestLink([], {
      connectionSetupTimeoutMs: 100,
      client: { brokers: [broker.address], sasl: SASL, authenticationTimeout: 100 },
    });
    expect(await failure(link.connectAny())).toBeInstanceOf(KafkaError);
    expect(broker.requestsOf(NO_API)).toHaveLength(1);
    await until(() => broker.open.length === 0);
  });

  it('session that ends: the connection is replaced as soon as nothing is in flight on it, and never stands beside another', async () => {
    const lifetimeMs = 200;
    await using broker = await ScriptedBroker.listen(
      withSasl((request) => saslAuthenticateAnswer(request, request.connection === 0 ? lifetimeMs : 0)),
    );
    await using link = new TestLink([], { client: { brokers: [broker.address], sasl: SASL } });
    const first = await link.connectAny();
    link.updateBrokers([addressOf(broker, 1)]);
    broker.use(() => null);
    const asked = ask(first);
    const before = link.changes.count;
    // Told at 85 % of the session.
    await until(() => link.changes.count > before);
    expect(link.openConnection(1)).toBeNull();
    expect(link.ready(1, Date.now())).toBe(NEVER);
    await turns();
    expect(broker.sockets).toHaveLength(1);

    broker.use(withSasl((request) => saslAuthenticateAnswer(request)));
    const last = broker.requestsOf(API.metadata)[0];
    if (last === undefined) throw new Error('Unreachable');
    broker.answer(last, metadataAnswer(last, []));
    await asked;
    expect(link.ready(1, Date.now())).toBe(NEVER);
    await until(() => link.openConnection(1) !== null);
    expect(link.openConnection(1)).not.toBe(first);
    expect(first.isOpen).toBe(false);
    await until(() => broker.open.length === 1);
  });

  it('session that ends: who waits for another connection is told when the last answer has come', async () => {
    await using broker = await ScriptedBroker.listen(withSasl((request) => saslAuthenticateAnswer(request, 200)));
    await using link = new TestLink([], { client: { brokers: [broker.address], sasl: SASL } });
    const connection = await link.connectAny();
    link.updateBrokers([addressOf(broker, 1)]);
    broker.use(() => null);
    const asked = [ask(connection), ask(connection)];
    const before = link.changes.count;
    await until(() => link.changes.count > before);
    expect(link.ready(1, Date.now())).toBe(NEVER);
    const expiring = link.changes.count;

    const [one, other] = broker.requestsOf(API.metadata);
    if (one === undefined || other === undefined) throw new Error('Unreachable');
    broker.answer(one, metadataAnswer(one, []));
    await asked[0];
    expect(link.changes.count).toBe(expiring);
    broker.answer(other, metadataAnswer(other, []));
    await asked[1];
    expect(link.changes.count).toBe(expiring + 1);
  });
});

describe('TLS', () => {
  it('towards a listener without it is an error that names the setting, and final', async () => {
    await using broker = await ScriptedBroker.listen();
    const link = new TestLink([], { client: { brokers: [broker.address], ssl: true } });
    await using _link = link;
    const connecting = failure(link.connectAny());
    await until(() => broker.sockets.length > 0);
    broker.sockets[0]?.write(frame(0, Buffer.alloc(20)));
    const error = await connecting;
    expect(error).toBeInstanceOf(KafkaAuthenticationError);
    expect(error.message).toContain('client.ssl');
  });
});

describe('closing', () => {
  it('fails what is in flight, ends every connection, and lets none be opened', async () => {
    await using first = await ScriptedBroker.listen(silentAfterwards);
    await using second = await ScriptedBroker.listen(silentAfterwards);
    const link = new TestLink([first.address]);
    link.updateBrokers([addressOf(first, 1), addressOf(second, 2)]);
    const asked = [failure(ask(await link.connect(1))), failure(ask(await link.connect(2)))];
    const reason = new Error('the producer is closing');
    await link.close(reason);
    expect(await Promise.all(asked)).toEqual([reason, reason]);
    await until(() => first.open.length + second.open.length === 0);
    expect(link.ready(1, Date.now())).toBe(NEVER);
    expect(await failure(link.connect(1))).toBeInstanceOf(KafkaError);
    expect(await failure(link.connectAny())).toBeInstanceOf(KafkaError);
    await until(() => first.open.length + second.open.length === 0);
  });

  it.each<[string, Script]>([
    ['never says a word', () => null],
    ['logs in for ever', withSasl(() => null)],
  ])('does not wait for an attempt to connect to a peer that %s', async (_, script) => {
    await using broker = await ScriptedBroker.listen(script);
    const link = new TestLink([], {
      connectionSetupTimeoutMs: 60_000,
      client: { brokers: [broker.address], sasl: SASL },
    });
    const connecting = failure(link.connectAny());
    await until(() => broker.requests.length > 0);
    await turns();
    await link.close(new Error('closing'));
    expect(await connecting).toBeInstanceOf(KafkaError);
    await until(() => broker.open.length === 0);
  });

  it('does not wait for a peer that answers kafkajs, but not us', async () => {
    await using broker = await ScriptedBroker.listen((request) => (request.apiVersion < 3 ? usual(request) : null));
    const link = new TestLink([broker.address], { connectionSetupTimeoutMs: 60_000 });
    const connecting = failure(link.connectAny());
    await until(() => broker.requests.length === 2);
    await link.close(new Error('closing'));
    expect(await connecting).toBeInstanceOf(KafkaError);
    await until(() => broker.open.length === 0);
  });

  it('leaves no timer of kafkajs or ours behind, also of attempts that failed', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    await using broker = await ScriptedBroker.listen(usual);
    await using hostile = await ScriptedBroker.listen(({ socket }) => (socket.resetAndDestroy(), null));
    const before = timers();
    const link = new TestLink([hostile.address, await refusedAddress(), broker.address]);
    await link.connectAny();
    link.updateBrokers([addressOf(broker, 1), addressOf(hostile, 2)]);
    await failure(link.connect(2));
    await link.close(new Error('closing'));
    await until(() => broker.open.length + hostile.open.length === 0);
    await turns();
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

describe('a hostile peer', () => {
  it.each<[string, Script]>([
    ['an ApiVersions answer cut short', (request) => apiVersionsAnswer(request).subarray(0, 8)],
    ['an ApiVersions answer with too much', (request) => Buffer.concat([apiVersionsAnswer(request), Buffer.alloc(9)])],
    ['an error for ApiVersions', () => Buffer.from('ffff0000000000000000', 'hex')],
    ['silence', () => null],
    ['the end of the connection', ({ socket }) => (socket.end(), null)],
    ['a frame of 2 GiB', ({ socket }) => (socket.write(Buffer.from('7fffffff00', 'hex')), null)],
  ])('that gives us %s is an error of the attempt, and no socket stays open', async (_, script) => {
    await using broker = await ScriptedBroker.listen((request) =>
      request.apiVersion < 3 ? usual(request) : script(request),
    );
    await using link = new TestLink([broker.address], { connectionSetupTimeoutMs: 300 });
    const error = await failure(link.connectAny());
    expect(error).toBeInstanceOf(KafkaError);
    expect(link.lastConnectFailure).not.toBeNull();
    await until(() => broker.open.length === 0);
  });

  it('of whatever bytes, in whatever phase, is survived', async () => {
    const random = createRandom();
    const failures: unknown[] = [];
    for (let round = 0; round < 25; round++) {
      const honestRequests = below(random, 3);
      await using broker = await ScriptedBroker.listen((request) => {
        if (broker.requests.length <= honestRequests) return usual(request);
        request.socket.end(
          random.pick([random.bytes(below(random, 60)), frame(request.correlationId, random.bytes(below(random, 60)))]),
        );
        return null;
      });
      await using link = new TestLink([broker.address], { connectionSetupTimeoutMs: 300 });
      try {
        const connection = await link.connectAny();
        await ask(connection);
      } catch (error) {
        failures.push(error);
      }
    }
    expect(failures.length).toBeGreaterThan(0);
    for (const error of failures) expect(error).toBeInstanceOf(KafkaError);
  });
});

it('gives up an unanswered ApiVersions after the setup time', async () => {
  await using broker = await ScriptedBroker.listen((request) => (request.apiVersion < 3 ? usual(request) : null));
  await using link = new TestLink([broker.address], { connectionSetupTimeoutMs: 150 });
  const error = await failure(link.connectAny());
  expect(error).toBeInstanceOf(BrokerUnavailableError);
  expect(error.cause).toBeInstanceOf(RequestTimeoutError);
});
