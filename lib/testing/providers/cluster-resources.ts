import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatProperties } from '../cluster/server-properties.js';
import type { RunningCluster } from '../cluster/running-cluster.js';
import type { BrokerProcess } from './broker-process.js';
import { PortBlock } from './port-block.js';
import { Watchdog } from './watchdog.js';

const GENTLE_LIMIT_MS = 5_000;

/** What every started cluster owns, whoever runs its brokers, and the one way to give it all back. */
export class ClusterResources {
  public readonly brokers: BrokerProcess[] = [];

  private constructor(
    public readonly directory: string,
    public readonly ports: PortBlock,
    public readonly watchdog: Watchdog,
  ) {}

  public static async acquire(keepData: boolean): Promise<ClusterResources> {
    const ports = await PortBlock.reserve();
    const directory = await mkdtemp(join(tmpdir(), 'kafka-test-'));
    const watchdog = new Watchdog();
    if (!keepData) watchdog.watchDirectory(directory);
    return new ClusterResources(directory, ports, watchdog);
  }

  /** The broker's own directory and the path of its properties file, written into it. */
  public async brokerHome(nodeId: number, properties: Readonly<Record<string, string>>): Promise<string> {
    const home = join(this.directory, `broker-${nodeId}`);
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'server.properties'), formatProperties(properties));
    return home;
  }

  public readonly dispose: RunningCluster['dispose'] = async ({ keep }) => {
    await Promise.all(this.brokers.map((broker) => (keep === 'all' ? endGently(broker) : broker.kill())));
    if (keep === 'nothing') await remove(this.directory);
    if (keep === 'logs') {
      await Promise.all(this.brokers.map(({ nodeId }) => remove(join(this.directory, `broker-${nodeId}`, 'data'))));
    }
    this.watchdog.unwatchDirectory(this.directory);
    await this.watchdog.close();
    await this.ports.release();
  };
}

/** Data that is kept should be complete, but a broker whose quorum is gone would wait for ever. */
async function endGently(broker: BrokerProcess): Promise<void> {
  await broker.resume();
  const timer = setTimeout(() => void broker.kill(), GENTLE_LIMIT_MS);
  await broker.terminate();
  clearTimeout(timer);
}

function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
