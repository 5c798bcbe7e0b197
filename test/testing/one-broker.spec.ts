import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import {
  FaultNotSupportedError,
  KafkaClusterView,
  KafkaTestCluster,
  KafkaTestClusterStartError,
} from '../../lib/testing/index.js';
import { Partitioners } from '../../lib/wire/kafkajs.js';
import { sharedCluster } from '../support/broker.js';
import { stillRunning } from '../support/run-typescript.js';

jest.setTimeout(60_000);

async function sendOne(cluster: KafkaTestCluster, topic: string, value: string): Promise<void> {
  const producer = cluster.kafkaJs().producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages: [{ value }] });
  await producer.disconnect();
}

/** The same cluster for a client that knows the addresses of the fault listener only. */
function throughProxy({ description }: KafkaTestCluster): KafkaClusterView {
  const brokers = description.brokers.map(({ nodeId, listeners: { fault } }) => {
    if (fault === undefined) throw new Error('no fault listener');
    return { nodeId, listeners: { plaintext: { ...fault, port: fault.advertisedPort } } };
  });
  return new KafkaClusterView({ ...description, brokers });
}

function bind(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
}

async function valuesOf(cluster: KafkaTestCluster, topic: string): Promise<string[]> {
  return (await cluster.readTopic(topic)).map(({ value }) => String(value));
}

describe('a cluster of one broker', () => {
  let cluster: KafkaTestCluster;

  beforeAll(async () => {
    cluster = await KafkaTestCluster.start({
      bootstrapServers: [],
      faultProxy: true,
      topics: [{ name: 'kept', partitions: 2, configs: { 'retention.ms': '86400000' } }],
      brokerProperties: { 'message.max.bytes': '2000000' },
    });
  });

  afterAll(() => cluster.stop());

  it('comes back on the same port with the same data after SIGKILL', async () => {
    await sendOne(cluster, 'kept', 'before');
    const servers = cluster.bootstrapServers();
    const broker = cluster.broker(1);
    const { pid } = broker;

    await broker.kill();
    expect(broker.state).toBe('stopped');
    expect(await stillRunning([pid ?? 0])).toEqual([]);
    await broker.restart();

    expect(broker.pid).not.toBe(pid);
    expect(cluster.bootstrapServers()).toEqual(servers);
    await cluster.waitUntilHealthy();
    expect(await valuesOf(cluster, 'kept')).toEqual(['before']);
  });

  it('answers nobody while it is paused, and goes on when it is resumed', async () => {
    const broker = cluster.broker(1);
    await broker.pause();
    expect(broker.state).toBe('paused');
    const answered = broker.waitUntilRegistered().then(() => 'answered');
    const raced = await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 300, 'silent'))]);
    expect(raced).toBe('silent');
    await broker.resume();
    expect(await answered).toBe('answered');
    expect(broker.state).toBe('running');
  });

  it('leads clients of the fault listener through the proxy', async () => {
    const [direct] = cluster.bootstrapServers();
    const [faulty] = cluster.bootstrapServers('fault');
    expect(faulty).not.toBe(direct);
    expect(cluster.proxy.bootstrap).toEqual([faulty]);
    const lost = cluster.proxy.on({ api: 'Metadata', phase: 'response', action: 'reset' });
    await expect(throughProxy(cluster).describeTopic('kept')).rejects.toThrow(/closed|ECONNRESET/);
    expect(lost.count).toBe(1);
    expect((await throughProxy(cluster).describeTopic('kept')).partitions).toHaveLength(2);
  });

  it('keeps the logs of all starts for a look', async () => {
    const lines = await cluster.broker(1).logs(10_000);
    expect(lines.filter((line) => line.includes('Kafka Server started')).length).toBeGreaterThanOrEqual(1);
    expect(await cluster.broker(1).logs(3)).toHaveLength(3);
  });

  it('says so when a topic is there already, and deletes topics for good', async () => {
    expect(await cluster.createTopic('short-lived')).toBe(true);
    expect(await cluster.createTopic('short-lived')).toBe(false);
    await cluster.deleteTopic('short-lived');
    await expect(cluster.describeTopic('short-lived')).rejects.toThrow('error 3');
  });

  it('runs the tools that come with Kafka, and reads what Java has compressed', async () => {
    await cluster.createTopic('tool');
    const runs = ['snappy', 'lz4', 'zstd'].map((codec) =>
      cluster.runJavaTool(
        'org.apache.kafka.tools.ProducerPerformance',
        ['--topic', 'tool', '--num-records', '1000', '--record-size', '100', '--throughput', '-1'].concat(
          '--producer-props',
          `bootstrap.servers=${cluster.bootstrapServers().join(',')}`,
          `compression.type=${codec}`,
        ),
      ),
    );
    for (const { exitCode, stdout, stderr } of await Promise.all(runs)) {
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      expect(stdout).toContain('1000 records sent');
    }
    const records = await cluster.readTopic('tool');
    expect(records.map(({ value }) => value?.length)).toEqual(Array.from({ length: 3000 }, () => 100));
  });
});

describe('KafkaTestCluster', () => {
  it('leaves no process, file or port behind after stop', async () => {
    const cluster = await KafkaTestCluster.start({ bootstrapServers: [] });
    const pid = cluster.broker(1).pid ?? 0;
    const directory = cluster.directory ?? '';
    expect(existsSync(directory)).toBe(true);
    const [server = ''] = cluster.bootstrapServers();

    await Promise.all([cluster.stop(), cluster.stop()]);

    expect(await stillRunning([pid])).toEqual([]);
    expect(existsSync(directory)).toBe(false);
    await expect(bind(Number(server.split(':')[1]))).resolves.toBeUndefined();
  });

  it('keeps the directory when it is told to', async () => {
    const cluster = await KafkaTestCluster.start({ bootstrapServers: [], keepData: true });
    const directory = cluster.directory ?? '';
    await cluster.stop();
    expect(existsSync(`${directory}/broker-1/data`)).toBe(true);
    await rm(directory, { recursive: true });
  });

  it('says which step failed, what the broker complained about, and where its logs are', async () => {
    const brokerProperties = { 'log.retention.ms': 'soon' };
    const start = KafkaTestCluster.start({ bootstrapServers: [], brokerProperties });
    const error: unknown = await start.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KafkaTestClusterStartError);
    const message = error instanceof Error ? error.message : '';
    expect(message).toContain('registering the brokers: broker 1 ended (exit code 1)');
    expect(message).toContain('Invalid value soon');
    const directory = /Logs are kept in (.*)\.$/.exec(message)?.[1] ?? '';
    expect(existsSync(`${directory}/broker-1/broker.log`)).toBe(true);
    await rm(directory, { recursive: true });
  });

  it('starts three times, each time with other ports, when a port is taken', async () => {
    const warnings: string[] = [];
    const log = {
      debug: () => undefined,
      info: () => undefined,
      warn: (line: string) => warnings.push(line),
      error: () => undefined,
    };
    const [server = ''] = sharedCluster().bootstrapServers();
    const brokerProperties = { listeners: `PLAINTEXT://127.0.0.1:19999,CONTROLLER://${server}` };
    const start = KafkaTestCluster.start({ bootstrapServers: [], brokerProperties, log });
    const error: unknown = await start.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KafkaTestClusterStartError);
    const message = error instanceof Error ? error.message : '';
    expect(message).toMatch(/Address already in use/);
    expect(warnings).toHaveLength(2);
    await rm(/Logs are kept in (.*)\.$/.exec(message)?.[1] ?? '', { recursive: true });
  });

  it('uses a cluster that runs already, and leaves it alone', async () => {
    const bootstrapServers = sharedCluster().bootstrapServers();
    const cluster = await KafkaTestCluster.start({ bootstrapServers });
    expect(cluster.isExternal).toBe(true);
    expect(cluster.bootstrapServers()).toEqual(bootstrapServers);
    expect(() => cluster.broker(1)).toThrow(FaultNotSupportedError);
    expect(() => cluster.proxy).toThrow(FaultNotSupportedError);
    await cluster.stop();
    await sharedCluster().waitUntilHealthy();
  });

  it('names the addresses when a cluster that should run does not answer', async () => {
    const start = KafkaTestCluster.start({ bootstrapServers: ['127.0.0.1:1'] });
    await expect(start).rejects.toThrow(/No broker of 127\.0\.0\.1:1 answers/);
  });

  it.each([
    [{ brokers: 2 }, 'brokers is 2'],
    [{ kafkaVersion: 'newest' }, "kafkaVersion is 'newest'"],
    [{ users: [{ mechanism: 'plain', username: 'a', password: 'with "quotes"' }] }, "User 'a'"],
    [{ provider: 'podman' }, "'podman'"],
  ])('refuses %j', async (options, message) => {
    const given: object = { bootstrapServers: [], ...options };
    await expect(KafkaTestCluster.start(given)).rejects.toThrow(message);
  });
});
