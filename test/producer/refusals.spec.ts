import { describe, expect, it } from '@jest/globals';
import { createServer, type Socket } from 'node:net';
import type { ProducerRecord } from '../../lib/producer/record.js';
import type { KafkaClientOptions } from '../../lib/wire/kafka-client-options.js';
import { sharedCluster, uniqueTopic } from '../support/broker.js';
import { TestEngine } from '../support/test-engine.js';

const SECRET = 'a-password-nobody-may-see';
/** A test of several failing starts. */
const LIMIT_MS = 20_000;
const PAYLOAD = 'a-payload-nobody-may-log';

/** Starts an engine that cannot start; gives the error, how long it took, and what was logged. */
async function failedStart(client: KafkaClientOptions, startTimeoutMs = 1_000) {
  const engine = new TestEngine({ client, startTimeoutMs });
  const startedAt = performance.now();
  const [outcome] = await Promise.allSettled([engine.start()]);
  const elapsedMs = performance.now() - startedAt;
  await engine.close(0);
  const error: unknown = outcome?.status === 'rejected' ? outcome.reason : null;
  const message = error instanceof Error ? error.message : '';
  return { error, message, elapsedMs, lines: engine.log.lines };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('starting', () => {
  it('fails within its limit when nothing listens, naming the address', async () => {
    const broker = `127.0.0.1:${await freePort()}`;
    const { error, message, elapsedMs } = await failedStart({ brokers: [broker] });
    expect(error).toMatchObject({ name: 'BrokerUnavailableError', retriable: true });
    expect(message).toContain(broker);
    expect(elapsedMs).toBeLessThan(3_000);
  });

  it('fails within its limit when a server takes connections and never answers', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { error, elapsedMs } = await failedStart({ brokers: [`127.0.0.1:${port}`] });
    for (const socket of sockets) socket.destroy();
    server.close();
    expect(error).toMatchObject({ name: 'BrokerUnavailableError' });
    expect(elapsedMs).toBeLessThan(3_000);
  });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'fails at once with a wrong %s password',
    async (mechanism) => {
      const { brokers } = sharedCluster().clientConfig('sasl_plaintext');
      const sasl = { mechanism, username: 'test', password: SECRET } as KafkaClientOptions['sasl'];
      const { error, message, elapsedMs, lines } = await failedStart({ brokers, sasl }, 20_000);
      expect(error).toMatchObject({ name: 'KafkaAuthenticationError', retriable: false });
      expect(message).toContain('client.sasl');
      expect(elapsedMs).toBeLessThan(10_000);
      expect(`${message} ${lines.join('\n')}`).not.toContain(SECRET);
    },
  );

  it(
    'fails with a password for a listener that wants none, and without one where it is wanted',
    async () => {
      const sasl = { mechanism: 'plain', username: 'test', password: SECRET } as const;
      const needless = await failedStart({ brokers: sharedCluster().bootstrapServers(), sasl });
      const missing = await failedStart({ brokers: sharedCluster().bootstrapServers('sasl_plaintext') });
      expect(needless.error).toMatchObject({ name: 'KafkaAuthenticationError' });
      expect(['KafkaAuthenticationError', 'BrokerUnavailableError']).toContain(
        missing.error instanceof Error ? missing.error.name : '',
      );
      expect(missing.elapsedMs).toBeLessThan(6_000);
      expect(needless.lines.join('\n')).not.toContain(SECRET);
    },
    LIMIT_MS,
  );

  it(
    'fails with TLS against a plain listener, plain against TLS, and an unknown certificate',
    async () => {
      const plain = sharedCluster().bootstrapServers();
      const tls = sharedCluster().bootstrapServers('ssl');
      const tlsToPlain = await failedStart({ brokers: plain, ssl: true });
      const plainToTls = await failedStart({ brokers: tls });
      const untrusted = await failedStart({ brokers: tls, ssl: true }, 20_000);
      expect(tlsToPlain.error).toMatchObject({
        name: expect.stringMatching(/^(KafkaAuthentication|BrokerUnavailable)Error$/),
      });
      expect(plainToTls.error).toMatchObject({ name: 'BrokerUnavailableError' });
      expect(plainToTls.message).toContain('ssl');
      expect(untrusted.error).toMatchObject({ name: 'KafkaAuthenticationError' });
      expect(untrusted.elapsedMs).toBeLessThan(10_000);
    },
    LIMIT_MS,
  );

  it.each([
    ['sasl_plaintext', 'plain'],
    ['sasl_ssl', 'scram-sha-256'],
    ['sasl_ssl', 'scram-sha-512'],
    ['ssl', undefined],
  ] as const)('succeeds on %s with %s', async (listener, mechanism) => {
    const topic = uniqueTopic('secure');
    await sharedCluster().createTopic(topic);
    const client = sharedCluster().clientConfig(listener, mechanism === undefined ? {} : { mechanism });
    await using engine = await TestEngine.start({ client });
    expect((await engine.send({ topic, value: PAYLOAD })).offset).toBe('0');
    expect(engine.log.lines.join('\n')).not.toMatch(new RegExp(`${PAYLOAD}|test-secret`));
  });
});

describe('a send that cannot succeed', () => {
  const cases: [string, string, Partial<ProducerRecord>][] = [
    ['a value that holds a BigInt', 'SerializationError', { value: { amount: 1n } }],
    ['a value with a cycle', 'SerializationError', { value: cycle() }],
    ['an undefined value', 'SerializationError', { value: undefined }],
    ['a key that is an object', 'SerializationError', { key: { id: 1 } }],
    ['a header that is a number', 'InvalidRecordError', { headers: { count: 1 } as never }],
    ['no topic', 'InvalidRecordError', { topic: '' }],
    ['a timestamp that is none', 'InvalidRecordError', { timestamp: Number.NaN }],
    ['a negative partition', 'InvalidRecordError', { partition: -1 }],
    ['a value over maxRequestSize', 'RecordTooLargeError', { value: Buffer.alloc(1_100_000) }],
    ['a value over the topic’s limit', 'RecordTooLargeError', { value: Buffer.alloc(900_000, PAYLOAD) }],
    ['an unknown topic', 'UnknownTopicError', { topic: 'no-such-topic' }],
    ['a topic that no broker would take', 'BrokerResponseError', { topic: 'not a legal name!' }],
    ['a partition that the topic does not have', 'InvalidPartitionError', { partition: 99 }],
    ['null instead of a record', 'InvalidRecordError', null as never],
  ];

  function cycle(): object {
    const value: Record<string, unknown> = {};
    value['self'] = value;
    return value;
  }

  it.each(cases)(
    'for %s fails with one %s, and nothing else in flight is lost',
    async (_, name, fields) => {
      const cluster = sharedCluster();
      const topic = uniqueTopic('refused');
      await cluster.createTopic(topic, { configs: { 'max.message.bytes': '500000' } });
      await using engine = await TestEngine.start({
        client: cluster.clientConfig(),
        producer: { maxBlockMs: 500, lingerMs: 20, deliveryTimeoutMs: 5_000, requestTimeoutMs: 2_000 },
      });
      const before = engine.send({ topic, key: 'k', value: 'before' });
      const record = fields === null ? (null as never) : { topic, key: 'k', value: PAYLOAD, ...fields };
      const startedAt = performance.now();
      const refused = engine.send(record as ProducerRecord);
      const after = engine.send({ topic, key: 'k', value: 'after' });

      const [outcome] = await Promise.allSettled([refused]);
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name } });
      expect(performance.now() - startedAt).toBeLessThan(4_000);
      expect((await before).offset).toBe('0');
      expect((await after).offset).toBe('1');
      const said = `${engine.log.lines.join('\n')} ${outcome?.status === 'rejected' ? String(outcome.reason) : ''}`;
      expect(said).not.toContain(PAYLOAD);
    },
    LIMIT_MS,
  );

  it('reports through the callback, never by throwing', async () => {
    await using engine = await TestEngine.start({ client: sharedCluster().clientConfig() });
    await new Promise<void>((resolve) => {
      engine.sendWithCallback({ topic: 'any', value: 1n as never, headers: 5 as never }, (error, metadata) => {
        expect(error).toBeInstanceOf(Error);
        expect(metadata).toMatchObject({ partition: -1, offset: '-1' });
        resolve();
      });
    });
  });
});
