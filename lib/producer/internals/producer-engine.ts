import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterLink } from '../../wire/cluster-link.js';
import { BrokerUnavailableError, KafkaAuthenticationError } from '../../wire/connection-errors.js';
import { compressionLevelWarning } from '../../wire/compression/compression-level.js';
import { loadCompressionCodec } from '../../wire/compression/load-compression-codec.js';
import { KafkaError } from '../../wire/kafka-error.js';
import { mergeBrokers } from '../../wire/merge-brokers.js';
import { KafkaTimeoutError, ProducerClosedError, ProducerFatalError } from '../errors.js';
import type {
  ProducerEngineApi,
  ProducerEngineDependencies,
  ProducerMetrics,
  ProducerStatus,
  TopicDescription,
} from '../producer-engine-api.js';
import type { DeliveryCallback, PartitionInfo, ProducerRecord, RecordMetadata } from '../record.js';
import { BufferMemory } from './buffer-memory.js';
import { closeParts } from './close-parts.js';
import { describeBatches } from './describe-batches.js';
import { describeTopics } from './describe-topics.js';
import { CompressionRatioEstimator } from './compression-ratio-estimator.js';
import { InterceptorChain } from './interceptor-chain.js';
import { openLink } from '../../wire/open-link.js';
import { MetadataUpdater } from './metadata-updater.js';
import { ProduceOutcomes } from './produce-outcomes.js';
import type { Resolve } from './producer-batch.js';
import { ProducerIdSource } from './producer-id-source.js';
import { ProducerMetadata } from './producer-metadata.js';
import { ProducerMetricsRecorder } from './producer-metrics.js';
import { producerStatus } from './producer-status.js';
import { RecordAccumulator } from './record-accumulator.js';
import { RecordIntake } from './record-intake.js';
import { RetryBackoff } from '../../wire/retry-backoff.js';
import { Sender } from './sender.js';
import type { TransactionBatches, TransactionManager } from './transactions/transaction-manager.js';
import { TopicLookup } from './topic-lookup.js';
import { SequenceManager } from './sequence-manager.js';
import { runUserCode } from './user-code.js';
import { withDeadline } from '../../wire/with-deadline.js';

let capturedResolve: Resolve;
/** One function for all promises: no closure per record. */
const capture = (resolve: Resolve): void => {
  capturedResolve = resolve;
};

/** What exists once the codec has been loaded. */
interface Running {
  readonly accumulator: RecordAccumulator;
  readonly outcomes: ProduceOutcomes;
  readonly sender: Sender;
}

/** The producer without Nest: puts the rooms together, starts, flushes and closes them (Kafka's `KafkaProducer`). */
export class ProducerEngine implements ProducerEngineApi {
  protected readonly dependencies: ProducerEngineDependencies;
  protected readonly link: ClusterLink;
  protected readonly sequences: SequenceManager | null;
  /** Set by an engine with a transactional id. */
  protected transaction: TransactionManager | null = null;
  private readonly interceptors: InterceptorChain;
  private readonly intake: RecordIntake;
  private readonly memory: BufferMemory;
  private readonly metadata: ProducerMetadata;
  private readonly metricsRecorder = new ProducerMetricsRecorder();
  private readonly producerIds: ProducerIdSource;
  private readonly topics: TopicLookup;
  private readonly updater: MetadataUpdater;
  private running: Running | null = null;
  private starting: Promise<void> | null = null;
  private closing: Promise<void> | null = null;
  private refusal: Error | null = null;
  private flushes = 0;

  public constructor(dependencies: ProducerEngineDependencies) {
    this.dependencies = dependencies;
    const { config, log } = dependencies;
    this.interceptors = new InterceptorChain(dependencies.interceptors, log);
    this.metadata = new ProducerMetadata(config.metadataMaxIdleMs, (topic) => this.intake.pending.waitsFor(topic));
    this.memory = new BufferMemory(config.bufferMemory, () => this.intake.pending.memoryReleased());
    this.link = openLink(dependencies, () => this.connectionsChanged());
    this.updater = new MetadataUpdater({
      link: this.link,
      metadata: this.metadata,
      config,
      log,
      onUpdate: (hasChanged) => this.metadataUpdated(hasChanged),
      onAuthenticationFailed: (error) => this.intake.pending.failMetadataWaiters(error),
    });
    this.topics = new TopicLookup({
      config,
      metadata: this.metadata,
      updater: this.updater,
      refusal: () => this.refusal,
    });
    this.sequences = config.enableIdempotence
      ? new SequenceManager(
          config.maxInFlightRequestsPerConnection,
          (batch) => this.running?.outcomes.abandon(batch),
          config.transactionalId !== null,
          this.metadata,
        )
      : null;
    this.producerIds = new ProducerIdSource({
      link: this.link,
      config,
      log,
      onProducerId: (producerId, epoch) => {
        this.sequences?.useProducerId(producerId, epoch);
        this.running?.sender.wake();
      },
      onFatal: (error) => this.fail(error),
    });
    this.intake = new RecordIntake({
      config,
      log,
      keySerializer: dependencies.keySerializer,
      valueSerializer: dependencies.valueSerializer,
      partitioner: dependencies.partitioner,
      metadata: this.metadata,
      interceptors: this.interceptors,
      metrics: this.metricsRecorder,
      refusal: () => this.refusal ?? this.transaction?.refusal ?? null,
      onRejected: (error) => this.transaction?.recordFailed(error, false),
      onTopicNeeded: (isNew) => (isNew ? this.updater.requestNow() : this.updater.request()),
      isConnected: () => this.link.connectedBrokers > 0,
      onMemoryNeeded: () => this.running?.sender.wake(),
      lastMetadataFailure: () => this.updater.lastFailure,
    });
  }

  public start(): Promise<void> {
    this.starting ??= this.connect();
    return this.starting;
  }

  public send(record: ProducerRecord): Promise<RecordMetadata> {
    const promise = new Promise<RecordMetadata>(capture);
    this.intake.accept(record, capturedResolve, null);
    return promise;
  }

  public sendWithCallback(record: ProducerRecord, callback: DeliveryCallback): void {
    const call = (error: Error | null, metadata: RecordMetadata): void =>
      runUserCode('A delivery callback', this.dependencies.log, () => callback(error, metadata));
    this.intake.accept(
      record,
      (outcome) => {
        if (!(outcome instanceof Promise)) call(null, outcome);
      },
      (error, metadata) => call(error, metadata),
    );
  }

  public async flush(): Promise<void> {
    const startedAt = process.hrtime.bigint();
    this.flushes++;
    try {
      this.running?.sender.wake();
      await this.intake.pending.drained();
      const settled = this.running?.accumulator.settled();
      this.running?.sender.wake();
      await settled;
    } finally {
      this.flushes--;
      this.metricsRecorder.flushed(Number(process.hrtime.bigint() - startedAt));
    }
  }

  public close(timeoutMs: number): Promise<void> {
    if (!(timeoutMs >= 0))
      return Promise.reject(new RangeError(`close(${timeoutMs}): the timeout must not be negative.`));
    this.closing ??= this.shutDown(timeoutMs);
    return this.closing;
  }

  public partitionsFor(topic: string): Promise<PartitionInfo[]> {
    return this.topics.partitionsFor(topic);
  }

  public metrics(): ProducerMetrics {
    const now = Date.now();
    return this.metricsRecorder.read(now, {
      bufferTotalBytes: this.memory.totalBytes,
      bufferAvailableBytes: this.memory.availableBytes,
      waitingThreads: this.intake.pending.size,
      requestsInFlight: this.running?.sender.requestsInFlight ?? 0,
      metadataAgeMs: this.metadata.version === 0 ? 0 : now - this.metadata.updatedAt,
    });
  }

  public status(): ProducerStatus {
    const { link, memory, metadata, refusal, running, updater } = this;
    const { config } = this.dependencies;
    const { pending } = this.intake;
    return producerStatus({
      config,
      link,
      memory,
      metadata,
      outcomes: running?.outcomes ?? null,
      pending,
      refusal,
      updater,
    });
  }

  public topicsInUse(): readonly string[] {
    return this.metadata.topicsInUse;
  }

  public describeTopics(topics: readonly string[], configs: readonly string[]): Promise<readonly TopicDescription[]> {
    const { requestTimeoutMs } = this.dependencies.config;
    return describeTopics({ link: this.link, requestTimeoutMs, topics, configs });
  }

  protected get batches(): TransactionBatches {
    return {
      flush: () => this.flush(),
      dropUnsent: (error) => {
        this.intake.pending.failAll(error);
        this.running?.outcomes.abortUnsent(error);
      },
      dropAll: (error) => this.abortAll(error),
      settled: () => this.running?.accumulator.settled() ?? Promise.resolve(),
      wake: () => this.running?.sender.wake(),
    };
  }

  /** What waits for brokers, for an error message; null when nothing does. */
  protected describeBatches(now: number): string | null {
    const waiting = this.intake.pending.size;
    const batches = describeBatches(this.running?.accumulator.incomplete ?? [], now);
    return waiting === 0 ? batches : `${waiting} sends without a batch${batches === null ? '' : `, ${batches}`}`;
  }

  /** With a transactional id the coordinator gives it, when transactions are initialized. */
  private requestProducerId(): void {
    if (this.sequences !== null && this.dependencies.config.transactionalId === null) this.producerIds.request();
  }

  private async connect(): Promise<void> {
    const { config, log } = this.dependencies;
    try {
      const warning = compressionLevelWarning(config.compressionType, config.compressionLevel);
      if (warning !== null) log.warn(warning);
      const codec = await loadCompressionCodec(config.compressionType, config.compressionLevel);
      this.running = this.createSender(codec);
      this.intake.useAccumulator(this.running.accumulator);
      if (config.startTimeoutMs === 0) this.updater.requestNow();
      else await this.firstMetadata(config.startTimeoutMs);
      this.requestProducerId();
    } catch (error) {
      await this.close(0);
      throw error;
    }
  }

  private createSender(codec: Awaited<ReturnType<typeof loadCompressionCodec>>): Running {
    const { config, log } = this.dependencies;
    const ratios = new CompressionRatioEstimator();
    const { memory, metadata, sequences, updater } = this;
    const metrics = this.metricsRecorder;
    const accumulator: RecordAccumulator = new RecordAccumulator({
      config,
      memory,
      codec,
      ratios,
      onBatchOpened: (queue) => this.transaction?.partitionNeeded(queue),
      onWork: (isFull) => {
        if (isFull || config.lingerMs === 0) this.running?.sender.wake();
        else this.running?.sender.wakeIn(config.lingerMs);
      },
    });
    const outcomes = new ProduceOutcomes({
      config,
      accumulator,
      codec,
      ratios,
      sequences,
      metrics,
      log,
      listener: this.interceptors.isEmpty
        ? null
        : (recordMetadata, error) => this.interceptors.onAcknowledgement(recordMetadata, error),
      onMetadataStale: () => updater.request(),
      onStored: (ms) => this.transaction?.batchStored(ms),
      onGivenUp: (error, wasSequenced) => this.transaction?.recordFailed(error, wasSequenced),
      onLeaderNamed: (topic, partition, leader, endpoints) => {
        if (endpoints.length > 0) this.link.updateBrokers(mergeBrokers(this.link.knownBrokers, endpoints));
        if (metadata.updateLeader(topic, partition, leader)) this.running?.sender.leaderChanged();
      },
    });
    const sender = new Sender({
      config,
      link: this.link,
      metadata,
      updater,
      accumulator,
      outcomes,
      sequences,
      metrics,
      isUrgent: () => this.flushes > 0 || this.closing !== null || this.intake.pending.waitsForMemory,
      transaction: this.transaction,
      onProducerIdNeeded: () => this.requestProducerId(),
    });
    return { accumulator, outcomes, sender };
  }

  /** Tries until the limit; a refused login ends it at once. */
  private async firstMetadata(limitMs: number): Promise<void> {
    const { config } = this.dependencies;
    const backoff = new RetryBackoff(config.reconnectBackoffMs, config.reconnectBackoffMaxMs);
    const deadline = Date.now() + limitMs;
    let last: Error | null = null;
    for (let attempt = 1; this.refusal === null; attempt++) {
      try {
        await withDeadline(this.updater.refreshOnce(), deadline, `No answer from ${this.bootstrapAddresses()}`);
        return;
      } catch (error) {
        if (isFinal(error)) throw error;
        // What failed before says more than that the time is over.
        if (last === null || !(error instanceof KafkaTimeoutError))
          last = error instanceof Error ? error : new Error(String(error));
      }
      const left = deadline - Date.now();
      if (left <= 0) break;
      await sleep(Math.min(backoff.delay(attempt), left));
    }
    if (this.refusal !== null) throw this.refusal;
    throw new BrokerUnavailableError(
      `The producer could not start within startTimeoutMs (${limitMs} ms). ${last?.message ?? ''}`,
      {
        cause: last,
      },
    );
  }

  private bootstrapAddresses(): string {
    const { brokers } = this.dependencies.client;
    return typeof brokers === 'function' ? 'the brokers that client.brokers() gave' : brokers.join(', ');
  }

  private connectionsChanged(): void {
    this.running?.sender.wake();
    if (this.refusal === null && this.running !== null && this.link.lastConnectFailure !== null) this.updater.request();
  }

  private metadataUpdated(leadersChanged: boolean): void {
    this.intake.pending.metadataChanged();
    if (this.intake.pending.waitsForMetadata) this.updater.request();
    if (leadersChanged) this.running?.sender.leaderChanged();
    else this.running?.sender.wake();
    this.topics.metadataChanged();
  }

  private fail(cause: Error): void {
    const error = new ProducerFatalError(
      `The producer cannot go on: ${cause.message} Mend that and create a new producer.`,
      { cause },
    );
    this.dependencies.log.error(error.message);
    this.refusal ??= error;
    this.abortAll(error);
  }

  private abortAll(error: Error): void {
    this.intake.pending.failAll(error);
    this.running?.outcomes.abortAll(error);
  }

  private async shutDown(timeoutMs: number): Promise<void> {
    const closed = new ProducerClosedError('The producer is closed. Records sent after close() are refused.');
    this.refusal ??= closed;
    const deadline = Date.now() + timeoutMs;
    if (timeoutMs > 0) {
      await withDeadline(this.flush(), deadline, 'close timed out').catch((error: unknown) =>
        this.dependencies.log.warn(`The producer closes with records undelivered: ${String(error)}`),
      );
    }
    this.intake.pending.failAll(new ProducerClosedError('The producer was closed before the record was sent.'));
    this.running?.outcomes.abortAll(
      new ProducerClosedError(
        `The producer was closed after ${timeoutMs} ms before the record was acknowledged. It may have been stored.`,
      ),
    );
    this.updater.close();
    this.producerIds.close();
    this.running?.sender.stop();
    this.intake.close();
    await this.link.close(closed);
    closeParts(this.dependencies);
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof KafkaAuthenticationError || (error instanceof KafkaError && !error.retriable);
}
