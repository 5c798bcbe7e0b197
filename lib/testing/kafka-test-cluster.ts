import type { ChildProcess } from 'node:child_process';
import { KafkaError } from '../wire/kafka-error.js';
import { silentLog, type LogSink } from '../wire/log-sink.js';
import { startFailure, portWasTaken } from './cluster/start-failure.js';
import { ClusterReadiness } from './cluster/cluster-readiness.js';
import { chosenProvider, externalServers, providerRequest } from './cluster/cluster-settings.js';
import { describeExternalCluster } from './cluster/external-cluster.js';
import type { ClusterDescription } from './cluster/cluster-description.js';
import type { RunningCluster } from './cluster/running-cluster.js';
import { FaultNotSupportedError } from './errors.js';
import { FaultProxy } from './fault-proxy/fault-proxy.js';
import { KafkaClusterView } from './kafka-cluster-view.js';
import { DEFAULT_KAFKA_VERSION, type KafkaTestClusterOptions } from './kafka-test-cluster-options.js';
import { chooseProvider, type Launch } from './providers/choose-provider.js';
import { JavaTools, type JavaToolOptions, type JavaToolResult } from './providers/java-tools.js';
import { versionOfKafkaHome } from './providers/kafka-jars.js';
import { TestBroker } from './test-broker.js';

const START_ATTEMPTS = 3;
const DEFAULT_START_TIMEOUT_MS = 60_000;

/**
 * Real Apache Kafka for tests, samples and benchmarks: one or three brokers, ready to use, whose processes can be killed, paused and
 * restarted. They end with the process that started them, whatever ends it.
 *
 * Taken from the first of these that is there: a cluster named by `KAFKA_BROKERS` (never started or stopped from here), Java with
 * Kafka's jars (got once through Maven, or from `KAFKA_HOME`), Docker.
 *
 * @example
 * await using cluster = await KafkaTestCluster.start({ brokers: 3, topics: [{ name: 'orders', partitions: 6 }] });
 * const producer = new Kafka(cluster.clientConfig()).producer();
 */
export class KafkaTestCluster extends KafkaClusterView {
  private readonly brokers: readonly TestBroker[];
  private faultProxy: FaultProxy | null = null;
  private javaTools: Promise<JavaTools> | null = null;
  private stopping: Promise<void> | null = null;

  private constructor(
    description: ClusterDescription,
    private readonly running: RunningCluster | null,
    private readonly options: KafkaTestClusterOptions,
    private readonly log: LogSink,
  ) {
    super(description);
    this.brokers = (running?.brokers ?? []).map((handle) => new TestBroker(handle, this));
  }

  /**
   * Starts a cluster and waits until it can do everything: topics, groups, producer ids, transactions.
   * @throws KafkaTestClusterUnavailableError when this machine has no way to run a broker
   * @throws KafkaTestClusterStartError when the brokers were started but did not become ready
   */
  public static async start(options: KafkaTestClusterOptions = {}): Promise<KafkaTestCluster> {
    const log = options.log ?? silentLog;
    const servers = externalServers(options);
    const cluster =
      servers.length > 0
        ? new KafkaTestCluster(await describeExternalCluster(servers), null, options, log)
        : await KafkaTestCluster.launch(options, log);
    try {
      for (const { name, ...topic } of options.topics ?? []) await cluster.createTopic(name, topic);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Whether the cluster belongs to somebody else: then `broker`, `proxy` and `stop` can do nothing to it. */
  public get isExternal(): boolean {
    return this.running === null;
  }

  /** Where logs, properties and data of the brokers are, or null for an external cluster. */
  public get directory(): string | null {
    return this.running?.directory ?? null;
  }

  /**
   * One broker, by node id (1 to the number of brokers).
   * @throws FaultNotSupportedError for an external cluster
   */
  public broker(nodeId: number): TestBroker {
    if (this.running === null) throw new FaultNotSupportedError('Controlling a broker');
    const broker = this.brokers.find((candidate) => candidate.nodeId === nodeId);
    if (broker !== undefined) return broker;
    throw new KafkaError(`There is no broker ${nodeId}: the cluster has ${this.brokers.length}.`);
  }

  /**
   * The proxy behind the listener `fault`.
   * @throws FaultNotSupportedError for an external cluster; KafkaError when it was started without `faultProxy: true`
   */
  public get proxy(): FaultProxy {
    if (this.running === null) throw new FaultNotSupportedError('The fault proxy');
    if (this.faultProxy === null) throw new KafkaError('No fault proxy: start the cluster with faultProxy: true.');
    return this.faultProxy;
  }

  /** Kafka's jars, absolute, for running its Java tools; they are got first if the brokers did not need them. */
  public async classpath(): Promise<readonly string[]> {
    return (await this.tools()).classpath;
  }

  /**
   * Runs one of Kafka's own tools, such as `org.apache.kafka.tools.ProducerPerformance`, to its end.
   * @throws KafkaError when there is no Java, or the tool does not end in time; any exit code is a result
   */
  public async runJavaTool(
    mainClass: string,
    args: readonly string[],
    options?: JavaToolOptions,
  ): Promise<JavaToolResult> {
    return (await this.tools()).run(mainClass, args, options);
  }

  /** Starts one of Kafka's own tools with three pipes; the caller reads them and ends it. */
  public async spawnJavaTool(
    mainClass: string,
    args: readonly string[],
    jvmArgs?: readonly string[],
  ): Promise<ChildProcess> {
    return (await this.tools()).spawn(mainClass, args, jvmArgs);
  }

  /** Ends the brokers and the proxy and removes everything they left behind. Safe to call again. */
  public stop(): Promise<void> {
    this.stopping ??= this.end(this.options.keepData === true ? 'all' : 'nothing');
    return this.stopping;
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Brokers that are down or paused are not asked: one that is paused takes connections and never answers. */
  protected override adminServers(): string[] {
    if (this.running === null) return super.adminServers();
    const up = new Set(this.brokers.filter((b) => b.state === 'running').map((b) => b.nodeId));
    if (up.size === 0) {
      const states = this.brokers.map((broker) => `broker ${broker.nodeId} is ${broker.describeState()}`).join(', ');
      throw new KafkaError(`No broker is running: ${states}.`, { retriable: true });
    }
    return this.description.brokers.flatMap(({ nodeId, listeners: { plaintext } }) =>
      plaintext !== undefined && up.has(nodeId) ? [`${plaintext.host}:${plaintext.port}`] : [],
    );
  }

  private static async launch(options: KafkaTestClusterOptions, log: LogSink): Promise<KafkaTestCluster> {
    const request = providerRequest(options, await versionOfKafkaHome());
    const launch = await chooseProvider(request, chosenProvider(options), log);
    for (let attempt = 1; ; attempt++) {
      const cluster = await KafkaTestCluster.tryLaunch(launch, options, log, attempt < START_ATTEMPTS);
      if (cluster !== null) return cluster;
      log.warn('A port of the cluster was taken by another program: starting again with other ports.');
    }
  }

  /** Resolves to null when a port was taken meanwhile and another attempt is due. */
  private static async tryLaunch(
    launch: Launch,
    options: KafkaTestClusterOptions,
    log: LogSink,
    mayRetry: boolean,
  ): Promise<KafkaTestCluster | null> {
    const running = await launch();
    const cluster = new KafkaTestCluster(running.description, running, options, log);
    try {
      const limitMs = options.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS;
      const checkAlive = (): void => cluster.failIfBrokerEnded();
      if (options.faultProxy === true) await cluster.startProxy();
      await new ClusterReadiness(cluster, checkAlive, limitMs, log).wait();
      return cluster;
    } catch (error) {
      const retry = mayRetry && (await portWasTaken(running, error));
      const failure = retry ? null : await startFailure(running, error);
      await cluster.end(retry ? 'nothing' : 'logs');
      if (failure !== null) throw failure;
      return null;
    }
  }

  private async startProxy(): Promise<void> {
    this.faultProxy = await FaultProxy.start({ brokers: this.proxyTargets('fault'), log: this.log });
  }

  private failIfBrokerEnded(): void {
    const ended = this.running?.brokers.find((broker) => !broker.isAlive());
    if (ended !== undefined) throw new KafkaError(`broker ${ended.nodeId} ended (${ended.howItEnded()})`);
  }

  private async end(keep: 'nothing' | 'logs' | 'all'): Promise<void> {
    await this.faultProxy?.close();
    await this.running?.dispose({ keep });
  }

  private tools(): Promise<JavaTools> {
    const { kafkaVersion } = this.description;
    this.javaTools ??= JavaTools.find(this.running === null ? DEFAULT_KAFKA_VERSION : kafkaVersion, this.log);
    return this.javaTools;
  }
}
