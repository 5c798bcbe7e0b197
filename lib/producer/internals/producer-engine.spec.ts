import { RecordingLog } from '../../../test/support/recording-log.js';
import { createRandom } from '../../../test/support/random.js';
import { below } from '../../../test/wire/random-data.js';
import { ErrorCode } from '../../wire/error-codes.js';
import { KafkaError } from '../../wire/kafka-error.js';
import type { KafkaClientOptions } from '../../wire/kafka-client-options.js';
import { API, initProducerIdAnswer, PLAIN_RANGES } from '../../wire/spec-support/broker-answers.js';
import { frame, ScriptedBroker } from '../../wire/spec-support/scripted-broker.js';
import { turns, until } from '../../wire/spec-support/until.js';
import {
  BrokerUnavailableError,
  DeliveryError,
  ProducerClosedError,
  ProducerFatalError,
  UnknownTopicError,
  UnsupportedBrokerError,
} from '../errors.js';
import type { ProducerConfig } from '../producer-config.js';
import type { ProducerInterceptor } from '../producer-interceptor.js';
import type { ProducerRecord, RecordMetadata } from '../record.js';
import { ProducerEngine } from './producer-engine.js';
import { testConfig } from './spec-support/producer-test-config.js';
import { ScriptedCluster } from './spec-support/scripted-cluster.js';

interface EngineOptions {
  readonly config?: Partial<ProducerConfig>;
  readonly interceptors?: readonly ProducerInterceptor[];
  readonly client?: Partial<KafkaClientOptions>;
}

/** An engine that is closed at the end of the test. */
class TestEngine extends ProducerEngine implements AsyncDisposable {
  public readonly log: RecordingLog;
  /** Parts that were closed. */
  public readonly closedParts: string[];

  public constructor(address: string, { config = {}, interceptors = [], client = {} }: EngineOptions = {}) {
    const log = new RecordingLog();
    const closedParts: string[] = [];
    const serializer = {
      serialize: (_: string, data: unknown) => data as string,
      close: () => closedParts.push('serializer'),
    };
    super({
      config: testConfig({ lingerMs: 0, startTimeoutMs: 3_000, retryBackoffMs: 10, retryBackoffMaxMs: 20, ...config }),
      client: { brokers: [address], ...client },
      keySerializer: serializer,
      valueSerializer: serializer,
      partitioner: null,
      interceptors,
      log,
    });
    this.log = log;
    this.closedParts = closedParts;
  }

  public static async start(address: string, options?: EngineOptions): Promise<TestEngine> {
    const engine = new TestEngine(address, options);
    await engine.start();
    return engine;
  }

  public sendTo(partition: number, value: string): Promise<RecordMetadata> {
    return this.send({ topic: 't', partition, value });
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    await this.close(0);
  }
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not fail');
}

describe('an engine', () => {
  it('sends records, in order per partition, and tells where they are', async () => {
    await using cluster = await ScriptedCluster.start();
    await using engine = await TestEngine.start(cluster.address);
    const sent = Array.from({ length: 300 }, (_, index) => engine.sendTo(index % 3, String(index)));
    const metadata = await Promise.all(sent);
    expect(metadata.map(({ partition, offset }) => [partition, offset])).toEqual(
      sent.map((_, index) => [index % 3, String(Math.floor(index / 3))]),
    );
    for (const partition of [0, 1, 2]) {
      expect(cluster.log(partition)).toEqual(Array.from({ length: 100 }, (_, index) => String(index * 3 + partition)));
    }
    expect(engine.status()).toMatchObject({
      state: 'running',
      connectedBrokers: 1,
      knownBrokers: 1,
      acks: 'all',
      deliveryTimeoutMs: 120_000,
      metadataAgeMs: expect.any(Number),
      lastError: null,
    });
    expect(engine.status().bufferAvailableBytes).toBe(engine.status().bufferTotalBytes);
    expect(engine.metrics()).toMatchObject({ 'record-send-total': 300, 'record-error-total': 0 });
    // One connection for everything: the bootstrap address is the broker's.
    expect(cluster.broker.sockets).toHaveLength(1);
  });

  it('calls back once for each record, in order, and survives what a callback throws', async () => {
    await using cluster = await ScriptedCluster.start();
    await using engine = await TestEngine.start(cluster.address);
    const calls: unknown[] = [];
    for (let index = 0; index < 5; index++) {
      engine.sendWithCallback({ topic: 't', partition: 0, value: String(index) }, (error, { offset }) => {
        calls.push([error, offset]);
        if (index === 1) throw new Error('the user’s own');
      });
    }
    await until(() => calls.length === 5);
    expect(calls).toEqual(Array.from({ length: 5 }, (_, index) => [null, String(index)]));
    const complaints = engine.log.lines.filter((line) => line.includes('callback'));
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toContain('the user’s own');
  });

  it('tells a callback of a failure too, with what is known of the record', async () => {
    await using cluster = await ScriptedCluster.start();
    await using engine = await TestEngine.start(cluster.address);
    const calls: unknown[] = [];
    engine.sendWithCallback({ topic: '', value: 'v' }, (error, metadata) =>
      calls.push([error?.constructor.name, metadata.partition]),
    );
    cluster.scripts.set(API.produce, (request) => cluster.produce(request, ErrorCode.INVALID_TIMESTAMP));
    engine.sendWithCallback({ topic: 't', partition: 2, value: 'v' }, (error, metadata) =>
      calls.push([error?.constructor.name, metadata.partition]),
    );
    await until(() => calls.length === 2);
    expect(calls).toEqual([
      ['InvalidRecordError', -1],
      ['DeliveryError', 2],
    ]);
  });

  it('accepts records before it has started', async () => {
    await using cluster = await ScriptedCluster.start();
    await using engine = new TestEngine(cluster.address);
    const sent = [engine.sendTo(0, 'a'), engine.sendTo(0, 'b')];
    expect(engine.status()).toMatchObject({ state: 'starting', waitingSends: 2 });
    await engine.start();
    await Promise.all(sent);
    expect(cluster.log(0)).toEqual(['a', 'b']);
  });

  it('knows partitions, and says so of a topic that is not there', async () => {
    await using cluster = await ScriptedCluster.start();
    await using engine = await TestEngine.start(cluster.address, { config: { maxBlockMs: 300 } });
    await expect(engine.partitionsFor('t')).resolves.toHaveLength(3);
    expect(await failure(engine.partitionsFor('missing'))).toBeInstanceOf(UnknownTopicError);
    expect(await failure(engine.send({ topic: 'missing', value: 'v' }))).toBeInstanceOf(UnknownTopicError);
  });

  it('finds a topic that is created after the first send to it', async () => {
    await using cluster = await ScriptedCluster.start();
    await using engine = await TestEngine.start(cluster.address);
    const sent = engine.send({ topic: 'new', partition: 0, value: 'v' });
    await until(() => cluster.broker.requestsOf(API.metadata).length > 2);
    cluster.topics.add('new');
    await expect(sent).resolves.toMatchObject({ topic: 'new', offset: '0' });
  });

  it('asks for a topic as long as a send waits for it, however short topics are kept without use', async () => {
    await using cluster = await ScriptedCluster.start();
    await using engine = await TestEngine.start(cluster.address, { config: { metadataMaxIdleMs: 1 } });
    const sent = engine.send({ topic: 'new', partition: 0, value: 'v' });
    await until(() => cluster.broker.requestsOf(API.metadata).length > 4);
    cluster.topics.add('new');
    await expect(sent).resolves.toMatchObject({ topic: 'new', offset: '0' });
  });

  it('starts once, however often it is asked to', async () => {
    await using cluster = await ScriptedCluster.start();
    await using engine = new TestEngine(cluster.address);
    expect(engine.start()).toBe(engine.start());
    await engine.start();
    expect(cluster.broker.requestsOf(API.initProducerId)).toHaveLength(1);
  });
});

describe('starting', () => {
  it('fails within its limit when nobody listens, naming the address', async () => {
    const gone = await ScriptedBroker.listen();
    const { address } = gone;
    await gone[Symbol.asyncDispose]();
    await using engine = new TestEngine(address, { config: { startTimeoutMs: 300 } });
    const startedAt = performance.now();
    const error = await failure(engine.start());
    expect(error).toBeInstanceOf(BrokerUnavailableError);
    expect(error.message).toContain(address);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(engine.status().state).toBe('closed');
    expect(await failure(engine.sendTo(0, 'v'))).toBeInstanceOf(ProducerClosedError);
  });

  it('fails within its limit when somebody listens and says nothing', async () => {
    await using broker = await ScriptedBroker.listen();
    await using engine = new TestEngine(broker.address, { config: { startTimeoutMs: 300 } });
    const startedAt = performance.now();
    expect(await failure(engine.start())).toBeInstanceOf(BrokerUnavailableError);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await until(() => broker.open.length === 0);
  });

  it('does not wait for a broker when it is not to, and delivers when one has come', async () => {
    const gone = await ScriptedCluster.start();
    const { port } = gone.broker;
    await gone[Symbol.asyncDispose]();
    await using engine = new TestEngine(`127.0.0.1:${port}`, { config: { startTimeoutMs: 0 } });
    await engine.start();
    const sent = engine.sendTo(0, 'v');
    await until(() => engine.status().lastError !== null);
    await using cluster = await ScriptedCluster.start(port);
    await expect(sent).resolves.toMatchObject({ offset: '0' });
    expect(cluster.log(0)).toEqual(['v']);
  });

  it('goes on after failures until a broker answers', async () => {
    await using cluster = await ScriptedCluster.start();
    let refusals = 3;
    cluster.scripts.set(API.apiVersions, ({ socket }) => {
      if (refusals-- === 1) cluster.scripts.delete(API.apiVersions);
      socket.resetAndDestroy();
      return null;
    });
    await using engine = await TestEngine.start(cluster.address);
    await expect(engine.sendTo(0, 'v')).resolves.toMatchObject({ offset: '0' });
  });
});

describe('a broker', () => {
  it('without Produce in a usable version is a named error of each record, and nothing else happens', async () => {
    await using cluster = await ScriptedCluster.start();
    cluster.ranges = PLAIN_RANGES.map(([key, min, max]) => (key === API.produce ? [key, 0, 2] : [key, min, max]));
    await using engine = await TestEngine.start(cluster.address);
    const error = await failure(engine.sendTo(0, 'v'));
    expect(error).toBeInstanceOf(DeliveryError);
    expect(error.cause).toBeInstanceOf(UnsupportedBrokerError);
    expect(error.message).toContain('Kafka 2.1');
  });

  it('that gives no producer id to this user ends the producer with one error for all', async () => {
    await using cluster = await ScriptedCluster.start();
    cluster.scripts.set(API.initProducerId, () =>
      initProducerIdAnswer(-1n, -1, ErrorCode.CLUSTER_AUTHORIZATION_FAILED),
    );
    await using engine = await TestEngine.start(cluster.address);
    const errors = await Promise.all([failure(engine.sendTo(0, 'a')), failure(engine.sendTo(1, 'b'))]);
    for (const error of [...errors, await failure(engine.sendTo(0, 'later'))]) {
      expect(error).toBeInstanceOf(ProducerFatalError);
      expect(error.message).toContain('IDEMPOTENT_WRITE');
    }
    expect(engine.status().state).toBe('failed');
    await engine.flush();
  });

  it('whose coordinator is still loading is asked again', async () => {
    await using cluster = await ScriptedCluster.start();
    let refusals = 4;
    cluster.scripts.set(API.initProducerId, () =>
      initProducerIdAnswer(refusals > 0 ? -1n : 7n, 0, refusals-- > 0 ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : 0),
    );
    await using engine = await TestEngine.start(cluster.address);
    await expect(engine.sendTo(0, 'v')).resolves.toMatchObject({ offset: '0' });
  });

  it('that resets connections loses nothing', async () => {
    await using cluster = await ScriptedCluster.start();
    let requests = 0;
    cluster.scripts.set(API.produce, (request) => {
      if (++requests % 3 === 1) {
        request.socket.resetAndDestroy();
        return null;
      }
      return cluster.produce(request);
    });
    // One at a time: this cluster does not check sequences, so what comes behind a lost request must not be stored.
    const config = { batchSize: 200, maxInFlightRequestsPerConnection: 1 };
    await using engine = await TestEngine.start(cluster.address, { config });
    const values = Array.from({ length: 40 }, (_, index) => String(index).padEnd(60, '.'));
    await Promise.all(values.map((value) => engine.sendTo(0, value)));
    expect(cluster.log(0)).toEqual(values);
  });

  it.each<[string, Buffer]>([
    ['an answer cut short', frame(0, Buffer.alloc(5))],
    ['an answer with a nonsense count', frame(0, Buffer.from('7fffffff', 'hex'))],
    ['another correlation id', frame(123_456, Buffer.alloc(10))],
    ['a frame of 2 GiB', Buffer.from('7fffffff', 'hex')],
  ])('that gives %s for a Produce loses that connection; the record is sent again', async (_, bytes) => {
    await using cluster = await ScriptedCluster.start();
    let isFirst = true;
    cluster.scripts.set(API.produce, (request) => {
      if (!isFirst) return cluster.produce(request);
      isFirst = false;
      const answer = Buffer.from(bytes);
      if (answer.length > 8 && answer.readInt32BE(4) === 0) answer.writeInt32BE(request.correlationId, 4);
      request.socket.write(answer);
      return null;
    });
    await using engine = await TestEngine.start(cluster.address);
    await expect(engine.sendTo(0, 'v')).resolves.toMatchObject({ offset: '0' });
    expect(cluster.broker.sockets.length).toBeGreaterThan(1);
  });

  it('that does anything to its answers harms no more than records that it then has to answer for', async () => {
    const random = createRandom();
    await using cluster = await ScriptedCluster.start();
    let isHostile = true;
    cluster.scripts.set(API.produce, (request) => {
      const answer = cluster.produce(request);
      if (!isHostile || random.next() < 0.4) return answer;
      const damaged = Buffer.from(answer);
      damaged[below(random, damaged.length)] = below(random, 256);
      return random.pick([damaged, answer.subarray(0, below(random, answer.length)), random.bytes(below(random, 80))]);
    });
    // A throttle time in a damaged answer may hold the broker back for days: then the delivery timeout is the end.
    const config = { requestTimeoutMs: 500, deliveryTimeoutMs: 2_000 };
    await using engine = await TestEngine.start(cluster.address, { config });
    const outcomes: Promise<unknown>[] = [];
    for (let index = 0; index < 60; index++) {
      outcomes.push(engine.sendTo(index % 3, String(index)).catch((error: unknown) => error));
      await turns(5);
    }
    isHostile = false;
    for (const outcome of await Promise.all(outcomes)) {
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(KafkaError);
      else expect(outcome).toMatchObject({ topic: 't' });
    }
  });
});

describe('flush', () => {
  it('sends what lingers, and resolves after callbacks and interceptors of everything before it', async () => {
    await using cluster = await ScriptedCluster.start();
    const acknowledged: string[] = [];
    const interceptor: ProducerInterceptor = { onAcknowledgement: ({ offset }) => acknowledged.push(offset) };
    await using engine = await TestEngine.start(cluster.address, {
      config: { lingerMs: 60_000 },
      interceptors: [interceptor],
    });
    const told: string[] = [];
    for (let index = 0; index < 5; index++) {
      engine.sendWithCallback({ topic: 't', partition: 0, value: String(index) }, () => told.push(String(index)));
    }
    await engine.flush();
    expect(told).toEqual(['0', '1', '2', '3', '4']);
    expect(acknowledged).toEqual(['0', '1', '2', '3', '4']);
  });

  it('does not wait for later records, and later ones linger again', async () => {
    await using cluster = await ScriptedCluster.start();
    await using engine = await TestEngine.start(cluster.address, { config: { lingerMs: 60_000 } });
    await engine.flush();
    const later = failure(engine.sendTo(0, 'later'));
    await turns(50);
    expect(cluster.log(0)).toEqual([]);
    await engine.close(0);
    expect(await later).toBeInstanceOf(ProducerClosedError);
  });

  it('waits for records that wait for metadata, and does not fail with them', async () => {
    await using cluster = await ScriptedCluster.start();
    await using engine = await TestEngine.start(cluster.address, { config: { maxBlockMs: 200 } });
    const failed = failure(engine.send({ topic: 'missing', value: 'v' }));
    await engine.flush();
    expect(await failed).toBeInstanceOf(UnknownTopicError);
  });

  it('of several callers at once ends for all', async () => {
    await using cluster = await ScriptedCluster.start();
    await using engine = await TestEngine.start(cluster.address, { config: { lingerMs: 60_000 } });
    const sent = engine.sendTo(0, 'v');
    await Promise.all([engine.flush(), engine.flush(), engine.flush()]);
    await expect(sent).resolves.toMatchObject({ offset: '0' });
    await engine.flush();
  });

  it('inside a callback does not wait for itself', async () => {
    await using cluster = await ScriptedCluster.start();
    await using engine = await TestEngine.start(cluster.address);
    const flushed = new Promise<void>((resolve, reject) => {
      engine.sendWithCallback({ topic: 't', partition: 0, value: 'v' }, () => {
        engine.flush().then(resolve, reject);
      });
    });
    await expect(flushed).resolves.toBeUndefined();
  });
});

describe('close', () => {
  it('delivers what lingers first, then refuses, and leaves neither socket nor timer', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    await using cluster = await ScriptedCluster.start();
    const before = timers();
    const engine = await TestEngine.start(cluster.address, { config: { lingerMs: 60_000 } });
    const sent = engine.sendTo(0, 'v');
    await engine.close(5_000);
    await expect(sent).resolves.toMatchObject({ offset: '0' });
    expect(await failure(engine.sendTo(0, 'late'))).toBeInstanceOf(ProducerClosedError);
    expect(engine.status()).toMatchObject({ state: 'closed', connectedBrokers: 0 });
    await until(() => cluster.broker.open.length === 0);
    // Those of the process, so others come and go; one that the engine had left would be there for a minute.
    await until(() => timers() <= before);
  });

  it('gives up after its time: what is undelivered fails once, and says that it may be stored', async () => {
    await using cluster = await ScriptedCluster.start();
    cluster.scripts.set(API.produce, () => null);
    const engine = await TestEngine.start(cluster.address);
    const outcomes: (Error | null)[] = [];
    engine.sendWithCallback({ topic: 't', partition: 0, value: 'v' }, (error) => outcomes.push(error));
    const startedAt = performance.now();
    await engine.close(100);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toBeInstanceOf(ProducerClosedError);
    expect(outcomes[0]?.message).toContain('may have been stored');
    await turns();
    expect(outcomes).toHaveLength(1);
    await until(() => cluster.broker.open.length === 0);
  });

  it('with 0 gives up at once, whatever waits for what', async () => {
    await using cluster = await ScriptedCluster.start();
    cluster.scripts.set(API.produce, () => null);
    const engine = await TestEngine.start(cluster.address);
    const failed = [
      failure(engine.sendTo(0, 'on its way')),
      failure(engine.send({ topic: 'missing', value: 'waits for metadata' })),
    ];
    await until(() => cluster.broker.requestsOf(API.produce).length > 0);
    failed.push(failure(engine.sendTo(0, 'queued')));
    await engine.close(0);
    for (const error of await Promise.all(failed)) expect(error).toBeInstanceOf(ProducerClosedError);
    await until(() => cluster.broker.open.length === 0);
  });

  it('is one, however often and from wherever it is asked for', async () => {
    await using cluster = await ScriptedCluster.start();
    const engine = await TestEngine.start(cluster.address);
    const closed = new Promise<void>((resolve, reject) => {
      engine.sendWithCallback({ topic: 't', partition: 0, value: 'v' }, () => {
        engine.close(1_000).then(resolve, reject);
      });
    });
    await Promise.all([closed, engine.flush()]);
    await Promise.all([engine.close(1_000), engine.close(0)]);
    expect(engine.closedParts).toEqual(['serializer']);
  });

  it.each([-1, Number.NaN])('refuses the time %p', async (timeoutMs) => {
    await using engine = new TestEngine('127.0.0.1:1');
    expect(await failure(engine.close(timeoutMs))).toHaveProperty('name', 'RangeError');
    expect(engine.status().state).toBe('starting');
  });

  it('before a start is quiet', async () => {
    const engine = new TestEngine('127.0.0.1:1');
    await engine.close(1_000);
    expect(engine.status().state).toBe('closed');
    await engine.flush();
  });

  it('during a start ends it', async () => {
    await using broker = await ScriptedBroker.listen();
    const engine = new TestEngine(broker.address, { config: { startTimeoutMs: 30_000 } });
    const started = failure(engine.start());
    await until(() => broker.requests.length > 0);
    await engine.close(0);
    expect(await started).toBeInstanceOf(KafkaError);
    await until(() => broker.open.length === 0);
  });

  it('closes each part once, although some throw', async () => {
    const closed: string[] = [];
    const broken: ProducerInterceptor = {
      close: () => {
        closed.push('broken');
        throw new Error('cannot close');
      },
    };
    const sound: ProducerInterceptor = { close: () => closed.push('sound') };
    const engine = new TestEngine('127.0.0.1:1', { interceptors: [broken, sound, broken] });
    await engine.close(0);
    expect(closed).toEqual(['broken', 'sound']);
    expect(engine.closedParts).toEqual(['serializer']);
    expect(engine.log.lines.join('\n')).toContain('cannot close');
  });
});

describe('interceptors', () => {
  it('see every record before and after, once', async () => {
    await using cluster = await ScriptedCluster.start();
    const seen: string[] = [];
    const interceptor: ProducerInterceptor = {
      onSend: (record: ProducerRecord) => {
        seen.push(`send ${String(record.value)}`);
        return { ...record, value: `${String(record.value)}!` };
      },
      onAcknowledgement: ({ partition, offset }, error) =>
        seen.push(`ack ${partition}@${offset} ${error?.name ?? 'ok'}`),
    };
    await using engine = await TestEngine.start(cluster.address, { interceptors: [interceptor] });
    await engine.sendTo(1, 'a');
    await failure(engine.send({ topic: 't', value: 'b', partition: -1 }));
    expect(cluster.log(1)).toEqual(['a!']);
    expect(seen).toEqual(['send a', 'ack 1@0 ok', 'send b', 'ack -1@-1 InvalidRecordError']);
  });
});
