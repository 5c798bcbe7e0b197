import type { MetadataResponse, TopicMetadata } from '../wire/cluster-metadata.js';
import { KafkaError } from '../wire/kafka-error.js';
import { Kafka, logLevel, type Admin, type KafkaJsClient, type SASLOptions } from '../wire/kafkajs.js';
import type { ClusterDescription } from './cluster/cluster-description.js';
import type { FaultProxyBroker } from './fault-proxy/fault-proxy-options.js';
import type { ListenerName, TestTopic, TestUser } from './kafka-test-cluster-options.js';
import { withBroker } from './reading/broker-client.js';
import { brokerError, fetchMetadata, findCoordinator, type CoordinatorType } from './reading/broker-requests.js';
import type { StoredRecord } from './reading/stored-record.js';
import { TopicReader, type ReadTopicOptions } from './reading/topic-reader.js';
import { waitUntil } from './wait-until.js';

const REQUEST_TIMEOUT_MS = 5_000;
const DEFAULT_LIMIT_MS = 30_000;

/** What a kafkajs or `KafkaProducerModule` client needs to connect. */
export interface ClusterClientConfig {
  readonly brokers: string[];
  readonly ssl?: { ca: string[] };
  readonly sasl?: SASLOptions;
}

/**
 * A cluster as a client sees it: addresses, topics, and what is stored. It starts and stops nothing, so any process that knows a
 * cluster's description can have one.
 */
export class KafkaClusterView {
  /** Plain data; `new KafkaClusterView(description)` attaches to the same cluster from another process. */
  public readonly description: ClusterDescription;

  public constructor(description: ClusterDescription) {
    this.description = description;
  }

  /** Whether the cluster was started with that listener. */
  public hasListener(listener: ListenerName): boolean {
    return this.description.brokers.every(({ listeners }) => listeners[listener] !== undefined);
  }

  /**
   * The brokers' advertised addresses on a listener.
   * @throws KafkaError when the cluster was started without it
   */
  public bootstrapServers(listener: ListenerName = 'plaintext'): string[] {
    return this.description.brokers.map(({ nodeId, listeners }) => {
      const address = listeners[listener];
      if (address === undefined) {
        const known = Object.keys(listeners).join(', ');
        throw new KafkaError(
          `Broker ${nodeId} has no listener '${listener}': start the cluster with it (it has ${known}).`,
        );
      }
      return `${address.host}:${address.advertisedPort}`;
    });
  }

  /** Addresses, certificate and login for a listener; `wanted` chooses among the users, else the first one logs in. */
  public clientConfig(listener: ListenerName = 'plaintext', wanted: Partial<TestUser> = {}): ClusterClientConfig {
    const { ca, users } = this.description;
    const config: ClusterClientConfig = { brokers: this.bootstrapServers(listener) };
    const ssl = ca !== null && (listener === 'ssl' || listener === 'sasl_ssl') ? { ssl: { ca: [ca] } } : {};
    if (listener !== 'sasl_plaintext' && listener !== 'sasl_ssl') return { ...config, ...ssl };
    const { username, mechanism } = wanted;
    const user = users.find(
      (candidate) =>
        (username === undefined || candidate.username === username) &&
        (mechanism === undefined || candidate.mechanism === mechanism),
    );
    if (user === undefined)
      throw new KafkaError(`The cluster was started without a user like ${username ?? mechanism}.`);
    return { ...config, ...ssl, sasl: saslOf(user) };
  }

  /** What a `FaultProxy` has to be started with to stand behind the advertised addresses of a fault listener. */
  public proxyTargets(listener: ListenerName): FaultProxyBroker[] {
    return this.description.brokers.flatMap(({ nodeId, listeners }) => {
      const address = listeners[listener];
      if (address === undefined) return [];
      const { host, port, advertisedPort } = address;
      return [{ nodeId, listenPort: advertisedPort, targetHost: host, targetPort: port }];
    });
  }

  /** A kafkajs client on the plaintext listener that writes no log lines; the caller disconnects what it makes from it. */
  public kafkaJs(clientId = 'kafka-test-cluster'): KafkaJsClient {
    return new Kafka({
      clientId,
      brokers: this.adminServers(),
      logLevel: logLevel.NOTHING,
      logCreator: () => () => undefined,
      connectionTimeout: 2_000,
      requestTimeout: REQUEST_TIMEOUT_MS,
      retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 8 },
    });
  }

  /**
   * Creates a topic and waits until all its partitions have a leader and full ISR. Resolves to false, and leaves the topic as it is,
   * when there is one of that name already.
   */
  public async createTopic(name: string, topic: TestTopic = {}): Promise<boolean> {
    const configEntries = Object.entries(topic.configs ?? {}).map(([key, value]) => ({ name: key, value }));
    const created = await this.withAdmin((admin) =>
      admin.createTopics({
        waitForLeaders: false,
        topics: [
          {
            topic: name,
            numPartitions: topic.partitions ?? 1,
            replicationFactor: topic.replicationFactor ?? Math.min(this.description.brokers.length, 3),
            configEntries,
          },
        ],
      }),
    );
    await this.waitForFullIsr(name);
    return created;
  }

  /** Deletes a topic and waits until no broker that answers knows it any more. */
  public async deleteTopic(name: string): Promise<void> {
    await this.withAdmin((admin) => admin.deleteTopics({ topics: [name] }));
    await waitUntil(`topic ${name} to be gone`, DEFAULT_LIMIT_MS, async () => {
      const seen = await this.metadataOfAll([name]);
      return seen.every(({ topics }) => topics.every((topic) => topic.errorCode === 3));
    });
  }

  /** Partitions with leaders, replicas and ISR. */
  public async describeTopic(name: string): Promise<TopicMetadata> {
    const { topics } = await this.metadata([name]);
    const [topic] = topics;
    if (topic === undefined || topic.errorCode !== 0) throw brokerError(topic?.errorCode ?? 3, name, -1);
    return topic;
  }

  /** What a group has committed of a topic, by partition; the offset is decimal, `-1` where nothing. Transactions under way do not count. */
  public async committedOffsets(
    groupId: string,
    topic: string,
  ): Promise<{ readonly partition: number; readonly offset: string }[]> {
    const found = await this.withAdmin((admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
    return found
      .flatMap(({ partitions }) => partitions.map(({ offset, partition }) => ({ partition, offset })))
      .sort((left, right) => left.partition - right.partition);
  }

  /** The node id of the leader; -1 while there is none. */
  public async leaderOf(topic: string, partition: number): Promise<number> {
    const { partitions } = await this.describeTopic(topic);
    return partitions.find((p) => p.partition === partition)?.leaderId ?? -1;
  }

  /** The node id of the broker that coordinates a consumer group or a transactional id; waits until there is one. */
  public async coordinatorOf(type: CoordinatorType, key: string, limitMs = DEFAULT_LIMIT_MS): Promise<number> {
    let coordinator = -1;
    await waitUntil(`a coordinator of ${type} ${key}`, limitMs, async () => {
      const [server] = this.adminServers();
      if (server === undefined) return false;
      const found = await withBroker(server, (client) => findCoordinator(client, key, type, REQUEST_TIMEOUT_MS));
      coordinator = found.nodeId;
      return found.errorCode === 0;
    });
    return coordinator;
  }

  /** Waits until every replica of the topic (default: of all topics, internal ones too) is in sync, as every broker sees it. */
  public async waitForFullIsr(topic?: string, limitMs = DEFAULT_LIMIT_MS): Promise<void> {
    await waitUntil(`full ISR of ${topic ?? 'all topics'}`, limitMs, async () => {
      const seen = await this.metadataOfAll(topic === undefined ? null : [topic]);
      return seen.every(({ topics }) => topics.every(hasFullIsr));
    });
  }

  /** Waits until every broker runs, sees every other one, and all topics have full ISR. */
  public async waitUntilHealthy(limitMs = DEFAULT_LIMIT_MS): Promise<void> {
    const expected = this.description.brokers.length;
    await waitUntil(`${expected} registered brokers`, limitMs, async () => {
      const seen = await this.metadataOfAll(null);
      return seen.length === expected && seen.every(({ brokers }) => brokers.length === expected);
    });
    await this.waitForFullIsr(undefined, limitMs);
  }

  /** Everything the topic holds at the moment of the call, partition by partition in offset order. */
  public async readTopic(topic: string, options: ReadTopicOptions = {}): Promise<StoredRecord[]> {
    const byPartition = new Map<number, StoredRecord[]>();
    await this.visitTopic(
      topic,
      (record) => {
        const records = byPartition.get(record.partition);
        if (records === undefined) byPartition.set(record.partition, [record]);
        else records.push(record);
      },
      options,
    );
    return [...byPartition.entries()].sort(([a], [b]) => a - b).flatMap(([, records]) => records);
  }

  /** Like `readTopic`, but keeps nothing: for topics that do not fit into memory. */
  public async visitTopic(
    topic: string,
    visit: (record: StoredRecord) => void,
    options: ReadTopicOptions = {},
  ): Promise<void> {
    await new TopicReader(() => this.adminServers(), topic, options).read(visit);
  }

  /** Direct addresses of the brokers worth asking. */
  protected adminServers(): string[] {
    return this.description.brokers.flatMap(({ listeners: { plaintext } }) =>
      plaintext === undefined ? [] : [`${plaintext.host}:${plaintext.port}`],
    );
  }

  private async withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.kafkaJs().admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }

  private async metadata(topics: readonly string[] | null): Promise<MetadataResponse> {
    let failure: unknown = new KafkaError('No broker is running.', { retriable: true });
    for (const server of this.adminServers()) {
      try {
        return await withBroker(server, (client) => fetchMetadata(client, topics, REQUEST_TIMEOUT_MS));
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  private metadataOfAll(topics: readonly string[] | null): Promise<MetadataResponse[]> {
    return Promise.all(
      this.adminServers().map((server) =>
        withBroker(server, (client) => fetchMetadata(client, topics, REQUEST_TIMEOUT_MS)),
      ),
    );
  }
}

function hasFullIsr(topic: TopicMetadata): boolean {
  return (
    topic.errorCode === 0 &&
    topic.partitions.length > 0 &&
    topic.partitions.every((p) => p.errorCode === 0 && p.leaderId >= 0 && p.isr.length === p.replicas.length)
  );
}

function saslOf({ mechanism, username, password }: TestUser): SASLOptions {
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
  }
}
