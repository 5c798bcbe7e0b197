import { readFile } from 'node:fs/promises';
import type { KafkaClusterView } from './kafka-cluster-view.js';
import type { BrokerHandle } from './providers/broker-handle.js';
import { withBroker } from './reading/broker-client.js';
import { fetchMetadata } from './reading/broker-requests.js';
import { waitUntil } from './wait-until.js';

const DEFAULT_LIMIT_MS = 30_000;
const REQUEST_TIMEOUT_MS = 5_000;

export type BrokerState = 'running' | 'paused' | 'stopped';

/** One broker of a `KafkaTestCluster`, to be made to fail and to come back. */
export class TestBroker {
  private paused = false;

  public constructor(
    private readonly handle: BrokerHandle,
    private readonly cluster: KafkaClusterView,
  ) {}

  public get nodeId(): number {
    return this.handle.nodeId;
  }

  /** The process id (of the `docker` command, where the broker runs in a container). */
  public get pid(): number | undefined {
    return this.handle.pid;
  }

  public get state(): BrokerState {
    if (!this.handle.isAlive()) return 'stopped';
    return this.paused ? 'paused' : 'running';
  }

  /** The state, and how it came to it if it is stopped; for messages. */
  public describeState(): string {
    return this.state === 'stopped' ? `stopped (${this.handle.howItEnded()})` : this.state;
  }

  /** SIGKILL, also while it is paused. Resolves when it has ended. */
  public async kill(): Promise<void> {
    await this.handle.kill();
    this.paused = false;
  }

  /** SIGTERM: the broker hands its leaderships over first. Resolves when it has ended. */
  public async terminate(): Promise<void> {
    await this.resume();
    await this.handle.terminate();
  }

  /** Starts it on its ports and data and does not wait: with two of three down, one alone never comes back. */
  public start(): void {
    if (this.handle.isAlive()) return;
    this.paused = false;
    this.handle.start();
  }

  /** Terminates it if it runs, starts it on the same ports and data, and waits until it is back in the cluster. */
  public async restart(limitMs: number = DEFAULT_LIMIT_MS): Promise<void> {
    await this.terminate();
    this.start();
    await this.waitUntilRegistered(limitMs);
  }

  /** Waits until the broker answers and finds itself among the cluster's brokers. */
  public async waitUntilRegistered(limitMs: number = DEFAULT_LIMIT_MS): Promise<void> {
    const { nodeId } = this;
    const listeners = this.cluster.description.brokers.find((broker) => broker.nodeId === nodeId)?.listeners;
    const address = listeners?.plaintext;
    if (address === undefined) return;
    await waitUntil(`broker ${nodeId} to be back`, limitMs, () =>
      withBroker(`${address.host}:${address.port}`, async (client) => {
        const { brokers } = await fetchMetadata(client, [], REQUEST_TIMEOUT_MS);
        return brokers.some((broker) => broker.nodeId === nodeId);
      }),
    );
  }

  /** SIGSTOP: its connections stay open, new ones are taken, nothing is answered once this resolves. Not on Windows. */
  public async pause(): Promise<void> {
    await this.handle.pause();
    this.paused = true;
  }

  /** SIGCONT. */
  public async resume(): Promise<void> {
    if (!this.paused) return;
    await this.handle.resume();
    this.paused = false;
  }

  /** The last lines of what the broker printed, over all its starts; default 400. */
  public async logs(lastLines = 400): Promise<string[]> {
    const lines = (await readFile(this.handle.logFile, 'utf8')).split('\n');
    if (lines.at(-1) === '') lines.pop();
    return lines.slice(-lastLines);
  }
}
