import { describe, expect, it, jest } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { KafkaClusterView } from '../../lib/testing/index.js';
import { waitFor } from '../support/broker.js';
import type { ClusterHostMessage } from '../support/cluster-host.js';
import {
  childrenOf,
  commandOf,
  disconnectAndWait,
  forkTypescript,
  nextMessage,
  stillRunning,
} from '../support/run-typescript.js';

const HOST = new URL('../support/cluster-host.ts', import.meta.url);
jest.setTimeout(60_000);

type Options = Readonly<Record<string, unknown>>;

function startHost(options: Options, environment: Readonly<Record<string, string>> = {}): ChildProcess {
  return forkTypescript(HOST, [JSON.stringify({ bootstrapServers: [], ...options })], environment);
}

async function started(host: ChildProcess): Promise<{ cluster: KafkaClusterView; directory: string; pid: number }> {
  const message = (await nextMessage(host)) as ClusterHostMessage;
  if ('error' in message) throw new Error(message.error.message);
  return {
    cluster: new KafkaClusterView(message.description),
    directory: message.directory ?? '',
    pid: host.pid ?? 0,
  };
}

describe('a cluster whose owner ends', () => {
  it('leaves no process and no file behind when the owner is killed with SIGKILL, a paused broker included', async () => {
    const host = startHost({});
    const { directory, pid } = await started(host);
    const processes = await childrenOf(pid);
    expect(processes).toHaveLength(2); // the broker and the watchdog
    expect(existsSync(directory)).toBe(true);
    for (const child of processes) {
      if ((await commandOf(child)).includes(directory)) process.kill(child, 'SIGSTOP');
    }

    host.kill('SIGKILL');

    await waitFor(async () => (await stillRunning([pid, ...processes])).length === 0, { what: 'the end of all' });
    await waitFor(() => !existsSync(directory), { what: 'the removal of the directory' });
  });

  it('starts twice at the same time from an empty cache, resolving the jars once and with ports of their own', async () => {
    const cache = await mkdtemp(join(tmpdir(), 'kafka-cache-'));
    const hosts = [1, 2].map(() => startHost({}, { KAFKA_TEST_CACHE: cache }));
    try {
      const clusters = await Promise.all(hosts.map(started));
      const ports = clusters.flatMap(({ cluster }) => cluster.bootstrapServers());
      expect(new Set(ports).size).toBe(2);
      for (const { cluster } of clusters) expect(await cluster.createTopic('t')).toBe(true);
      const cached = await readdir(cache);
      expect(cached.filter((name) => name.startsWith('kafka-'))).toEqual(['kafka-4.3.1']);
      expect(cached.filter((name) => /lock|tmp/.test(name))).toEqual([]);
    } finally {
      await Promise.all(hosts.map(disconnectAndWait));
      await rm(cache, { recursive: true });
    }
  });

  it('says what was tried and what to do when there is no way to run a broker', async () => {
    const nothing = await mkdtemp(join(tmpdir(), 'empty-path-'));
    const host = startHost({}, { PATH: nothing, JAVA_HOME: '' });
    const message = (await nextMessage(host)) as ClusterHostMessage;
    await disconnectAndWait(host);
    await rm(nothing, { recursive: true });

    expect(message).toMatchObject({
      error: {
        name: 'KafkaTestClusterUnavailableError',
        probes: [
          { provider: 'KAFKA_BROKERS', result: 'not set' },
          { provider: 'Java', result: expect.stringContaining('no java') },
          { provider: 'Docker', result: expect.stringContaining('no docker command') },
        ],
      },
    });
    const text = 'error' in message ? message.error.message : '';
    expect(text).toContain('KAFKA_BROKERS=host:port');
    expect(text).toContain('install Java 17');
    expect(text).toContain('start Docker');
  });
});
