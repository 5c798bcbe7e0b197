import { Partitioners } from '../../wire/kafkajs.js';
import type { LogSink } from '../../wire/log-sink.js';
import type { KafkaClusterView } from '../kafka-cluster-view.js';
import { withBroker } from '../reading/broker-client.js';
import { fetchMetadata, findCoordinator, initProducerId } from '../reading/broker-requests.js';
import { waitUntil } from '../wait-until.js';
import { messageOf } from '../thrown.js';

const SCRATCH_TOPIC = 'kafka-test-cluster-ready';
const REQUEST_TIMEOUT_MS = 5_000;

/** A step of the start did not end in time. */
export class ReadinessError extends Error {
  public constructor(step: string, cause: unknown) {
    super(`${step}: ${messageOf(cause)}`, { cause });
    this.name = new.target.name;
  }
}

/**
 * Waits until a cluster is really of use: open ports alone say little, a fresh broker still refuses topics, groups, producer ids and
 * transactions for a while.
 */
export class ClusterReadiness {
  private readonly deadline: number;
  private readonly started = Date.now();

  /** @param checkAlive throws when a broker has ended, which makes all further waiting useless */
  public constructor(
    private readonly cluster: KafkaClusterView,
    private readonly checkAlive: () => void,
    limitMs: number,
    private readonly log: LogSink,
  ) {
    this.deadline = Date.now() + limitMs;
  }

  /** @throws ReadinessError naming the step that failed */
  public async wait(): Promise<void> {
    const servers = this.cluster.bootstrapServers();
    await this.step('registering the brokers', () => this.everyBroker(servers, (s) => this.seesAll(s, servers.length)));
    await this.step('creating a scratch topic with full ISR', () => this.cluster.createTopic(SCRATCH_TOPIC));
    await this.step('starting the coordinators', () => this.everyBroker(servers, hasCoordinators));
    await this.step('handing out producer ids', () => this.everyBroker(servers, handsOutProducerIds));
    await this.step('committing a transaction', () => this.commitOneTransaction());
    await this.step('removing the scratch topic', () => this.cluster.deleteTopic(SCRATCH_TOPIC));
    await this.step('full ISR of all topics', () => this.cluster.waitForFullIsr(undefined, this.remaining()));
  }

  private async step(name: string, work: () => Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = this.remaining();
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('the limit of the start is over')), limit + 500);
    });
    try {
      await Promise.race([work(), expired]);
      this.log.debug(`${name}: done after ${Date.now() - this.started} ms`);
    } catch (error) {
      throw new ReadinessError(name, error);
    } finally {
      clearTimeout(timer);
    }
  }

  private async everyBroker(servers: readonly string[], check: (server: string) => Promise<boolean>): Promise<void> {
    await waitUntil('every broker', this.remaining(), async () => {
      this.checkAlive();
      return (await Promise.all(servers.map(check))).every(Boolean);
    });
  }

  private seesAll(server: string, expected: number): Promise<boolean> {
    return withBroker(server, async (client) => {
      const { brokers } = await fetchMetadata(client, [], REQUEST_TIMEOUT_MS);
      return brokers.length === expected;
    });
  }

  /** The record is waited for by a read_committed reader, so that its marker is written before the topic goes. */
  private async commitOneTransaction(): Promise<void> {
    const producer = this.cluster.kafkaJs().producer({
      transactionalId: SCRATCH_TOPIC,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    try {
      const transaction = await producer.transaction();
      await transaction.send({ topic: SCRATCH_TOPIC, messages: [{ value: 'ready' }] });
      await transaction.commit();
    } finally {
      await producer.disconnect();
    }
    await waitUntil('the committed record', this.remaining(), async () => {
      const limits = { isolation: 'read_committed', limitMs: this.remaining() } as const;
      return (await this.cluster.readTopic(SCRATCH_TOPIC, limits)).length > 0;
    });
  }

  private remaining(): number {
    return Math.max(this.deadline - Date.now(), 0);
  }
}

function hasCoordinators(server: string): Promise<boolean> {
  return withBroker(server, async (client) => {
    const group = await findCoordinator(client, SCRATCH_TOPIC, 'group', REQUEST_TIMEOUT_MS);
    const transaction = await findCoordinator(client, SCRATCH_TOPIC, 'transaction', REQUEST_TIMEOUT_MS);
    return group.errorCode === 0 && transaction.errorCode === 0;
  });
}

function handsOutProducerIds(server: string): Promise<boolean> {
  return withBroker(server, async (client) => (await initProducerId(client, REQUEST_TIMEOUT_MS)) === 0);
}
