import { createServer, connect, type Server } from 'node:net';
import { once } from 'node:events';
import type { ISocketFactory } from 'kafkajs';
import type { ProducerOptions } from '../../lib/producer/producer-options.js';
import type { FaultDefinition } from '../../lib/testing/index.js';
import { sharedCluster, startFaultProxy, uniqueTopic } from '../support/broker.js';
import { createRandom, type Random } from '../support/random.js';
import { TestEngine } from '../support/test-engine.js';
import { DISTORTIONS, distort } from './hostile-answers.js';

export interface HostileTask {
  readonly kind: 'distortions' | 'servers' | 'fuzz';
  readonly seed: number;
}

export interface HostileCase {
  readonly name: string;
  /** `acknowledged`, or the name of the error that start or send gave. */
  readonly outcome: string;
  readonly elapsedMs: number;
  /** How often the record is stored; -1 where there is no broker behind. */
  readonly stored: number;
}

export interface HostileReport {
  readonly cases: HostileCase[];
  readonly residentBytes: number;
  /** Sockets and timers that are left. */
  readonly left: string[];
}

const AT_ONCE = 36;
const FUZZ_MS = 5_000;
const PRODUCER: ProducerOptions = {
  maxBlockMs: 3_000,
  requestTimeoutMs: 500,
  deliveryTimeoutMs: 5_000,
  retryBackoffMs: 20,
  reconnectBackoffMs: 20,
  reconnectBackoffMaxMs: 100,
  socketConnectionSetupTimeoutMs: 500,
};
const STAGES: readonly Pick<FaultDefinition, 'api' | 'nth'>[] = [
  { api: 'ApiVersions', nth: 1 },
  { api: 'ApiVersions', nth: 2 },
  { api: 'Metadata', nth: 1 },
  { api: 'Metadata', nth: 2 },
  { api: 'InitProducerId', nth: 1 },
  { api: 'Produce', nth: 1 },
];

/** A distorted answer may name any host: connections go to the brokers of this run or nowhere. */
function onlyTo(addresses: readonly string[]): ISocketFactory {
  return ({ host, port, onConnect }) => {
    if (addresses.includes(`${host}:${port}`)) return connect({ host, port }, onConnect);
    return connect({ host: '127.0.0.1', port: 1 }, onConnect);
  };
}

/** Starts, sends one record, closes: whatever the broker does, each of the three ends. */
async function tryOut(
  engine: TestEngine,
  topic: string,
  value: string,
  partition?: number,
): Promise<{ outcome: string; elapsedMs: number }> {
  const startedAt = performance.now();
  let outcome = 'acknowledged';
  try {
    await engine.start();
    await engine.send({ topic, value, ...(partition === undefined ? {} : { partition }) });
  } catch (error) {
    outcome = error instanceof Error ? error.name : String(error);
  }
  const elapsedMs = performance.now() - startedAt;
  await engine.close(1_000);
  return { outcome, elapsedMs };
}

/** Each distortion of each kind of answer, twice in a row, over a broker that is honest otherwise. */
async function distortions(random: Random): Promise<HostileCase[]> {
  const topic = uniqueTopic('hostile');
  const kinds = STAGES.flatMap((stage) =>
    Object.entries(DISTORTIONS).map(([what, distortion]) => ({ stage, what, distortion })),
  );
  // A partition each: two answers with the same forged producer id would make one record the duplicate of another.
  await sharedCluster().createTopic(topic, { partitions: kinds.length });
  await using fault = await startFaultProxy();
  const { proxy, bootstrapServers: brokers } = fault;
  const runs = kinds.map(({ stage, what, distortion }, partition) => async (): Promise<HostileCase> => {
    const name = `${what} for ${String(stage.api)} ${stage.nth}`;
    const clientId = name;
    proxy.on({
      ...stage,
      phase: 'response',
      times: 2,
      match: (frame) => frame.clientId === clientId,
      action: { replaceWith: ({ bytes }) => distortion(bytes, random) },
    });
    const client = { brokers, socketFactory: onlyTo(brokers) };
    const engine = new TestEngine({ client, clientId, producer: PRODUCER, startTimeoutMs: 3_000 });
    return { name, ...(await tryOut(engine, topic, name, partition)), stored: -1 };
  });
  const cases = await inGroups(runs);
  const stored = new Map<string, number>();
  for (const { value } of await sharedCluster().readTopic(topic)) {
    stored.set(String(value), (stored.get(String(value)) ?? 0) + 1);
  }
  return cases.map((tried) => ({ ...tried, stored: stored.get(tried.name) ?? 0 }));
}

/** Servers that are no brokers at all. */
async function servers(random: Random): Promise<HostileCase[]> {
  const behaviours: Record<string, (server: Server) => void> = {
    'closes at once': (server) => server.on('connection', (socket) => socket.destroy()),
    'resets at once': (server) => server.on('connection', (socket) => socket.resetAndDestroy()),
    'says nothing': () => undefined,
    'talks first': (server) => server.on('connection', (socket) => socket.write(random.bytes(1_000))),
    echoes: (server) => server.on('connection', (socket) => socket.pipe(socket)),
    'never stops talking': (server) =>
      server.on('connection', (socket) => {
        const timer = setInterval(() => socket.write(random.bytes(500)), 1);
        socket.once('close', () => clearInterval(timer));
      }),
    'sends a huge frame slowly': (server) =>
      server.on('connection', (socket) => {
        socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff]));
        const timer = setInterval(() => socket.write(Buffer.alloc(100_000)), 5);
        socket.once('close', () => clearInterval(timer));
      }),
    'closes after the first request': (server) =>
      server.on('connection', (socket) => socket.once('data', () => socket.end())),
  };
  return inGroups(
    Object.entries(behaviours).map(([name, behave]) => async () => {
      const server = createServer((socket) => socket.on('error', () => undefined).resume());
      behave(server);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const engine = new TestEngine({
        client: { brokers: [`127.0.0.1:${port}`] },
        producer: PRODUCER,
        startTimeoutMs: 1_000,
      });
      const tried = await tryOut(engine, 'any', 'v');
      server.close();
      return { name, ...tried, stored: -1 };
    }),
  );
}

/** Any answer may be distorted at any time, while several producers send; a new one every time one has ended. */
async function fuzz(random: Random): Promise<HostileCase[]> {
  const topic = uniqueTopic('fuzz');
  await sharedCluster().createTopic(topic, { partitions: 3 });
  await using fault = await startFaultProxy();
  const { proxy, bootstrapServers: brokers } = fault;
  proxy.on({
    phase: 'response',
    times: Infinity,
    match: () => random.integer(1, 5) === 1,
    action: { replaceWith: ({ bytes }) => distort(bytes, random) },
  });
  const end = Date.now() + FUZZ_MS;
  const cases: HostileCase[] = [];
  const producer = async (): Promise<void> => {
    while (Date.now() < end) {
      const compression = random.pick(['none', 'gzip', 'lz4']);
      const options = { ...PRODUCER, compression, batchSize: 512 } as ProducerOptions;
      const client = { brokers, socketFactory: onlyTo(brokers) };
      const engine = new TestEngine({ client, producer: options, startTimeoutMs: 2_000 });
      for (let n = 0; n < 50; n++) engine.sendWithCallback({ topic, value: 'v' }, () => undefined);
      const tried = await tryOut(engine, topic, 'v');
      cases.push({ name: `fuzz ${cases.length}`, ...tried, stored: -1 });
    }
  };
  await Promise.all(Array.from({ length: 8 }, producer));
  return cases;
}

async function inGroups<T>(runs: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  for (let from = 0; from < runs.length; from += AT_ONCE) {
    results.push(...(await Promise.all(runs.slice(from, from + AT_ONCE).map((run) => run()))));
  }
  return results;
}

const task: HostileTask = JSON.parse(process.argv[2] ?? '{}');
const random = createRandom(task.seed);
const cases = await { distortions, servers, fuzz }[task.kind](random);
await new Promise((resolve) => setTimeout(resolve, 200));
const left = process.getActiveResourcesInfo().filter((type) => /TCP|Timeout/.test(type));
const report: HostileReport = { cases, residentBytes: process.memoryUsage.rss(), left };
process.send?.(report);
process.disconnect();
