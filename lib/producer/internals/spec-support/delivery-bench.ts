import type { CompressionCodec } from '../../../wire/compression/compression-codec.js';
import { NoneCodec } from '../../../wire/compression/none-codec.js';
import type { MetadataResponse } from '../../../wire/cluster-metadata.js';
import { RecordingLog } from '../../../../test/support/recording-log.js';
import type { ProducerConfig } from '../../producer-config.js';
import type { RecordMetadata } from '../../record.js';
import { BufferMemory } from '../buffer-memory.js';
import { CompressionRatioEstimator } from '../compression-ratio-estimator.js';
import type { MetadataUpdater } from '../metadata-updater.js';
import { ProduceOutcomes } from '../produce-outcomes.js';
import { ProducerMetadata } from '../producer-metadata.js';
import { ProducerMetricsRecorder } from '../producer-metrics.js';
import { NO_MEMORY, RecordAccumulator, UNASSIGNED_PARTITION } from '../record-accumulator.js';
import { SerializedRecord } from '../record-serializer.js';
import { Sender } from '../sender.js';
import { SequenceManager } from '../sequence-manager.js';
import { FakeLink, type SentRequest } from './fake-connection.js';
import { testConfig } from './producer-test-config.js';

/** What has become of one record. */
export class Delivery {
  public metadata: RecordMetadata | null = null;
  public error: Error | null = null;
  /** More than 1 is a mistake. */
  public outcomes = 0;

  public constructor(public readonly value: string) {}

  public get state(): 'pending' | 'stored' | 'failed' {
    if (this.outcomes === 0) return 'pending';
    return this.error === null ? 'stored' : 'failed';
  }
}

export interface DeliveryBenchOptions {
  readonly config?: Partial<ProducerConfig>;
  readonly codec?: CompressionCodec;
  /** Leader by partition of the topic `t`; default: partitions 0 to 3 on node 1. */
  readonly leaders?: readonly number[];
  /** Default: 7, epoch 0; null for none yet. */
  readonly producerId?: { readonly id: bigint; readonly epoch: number } | null;
}

/** Accumulator, sender and outcomes put together as the engine does, over a link in memory and under Jest's fake timers. */
export class DeliveryBench {
  public readonly config: ProducerConfig;
  public readonly link = new FakeLink();
  public readonly log = new RecordingLog();
  public readonly memory: BufferMemory;
  public readonly metadata: ProducerMetadata;
  public readonly metrics = new ProducerMetricsRecorder();
  public readonly ratios = new CompressionRatioEstimator();
  public readonly sequences: SequenceManager | null;
  public readonly accumulator: RecordAccumulator;
  public readonly outcomes: ProduceOutcomes;
  public readonly sender: Sender;
  public readonly deliveries: Delivery[] = [];
  /** Order in which records were told of their outcome, as `value` or `value!` for a failure. */
  public readonly told: string[] = [];
  /** What interceptors saw, in the same form. */
  public readonly acknowledged: string[] = [];
  public readonly counts = {
    metadataRequests: 0,
    metadataStale: 0,
    producerIdNeeded: 0,
  };
  public isUrgent = false;
  public onMetadataStale: () => void = () => undefined;
  /** A record has failed. */
  public onFailed: () => void = () => undefined;
  /** Of the topics, as the next metadata tells it. */
  public topicId: string | null = 'a'.repeat(32);
  private updates = 0;

  public constructor(options: DeliveryBenchOptions = {}) {
    const config = testConfig(options.config);
    const codec = options.codec ?? new NoneCodec();
    const { link, log, metrics, ratios } = this;
    this.config = config;
    link.codecs = [codec];
    this.memory = new BufferMemory(config.bufferMemory, () => undefined);
    this.metadata = new ProducerMetadata(config.metadataMaxIdleMs);
    this.lead(options.leaders ?? [1, 1, 1, 1]);
    this.sequences = config.enableIdempotence
      ? new SequenceManager(
          config.maxInFlightRequestsPerConnection,
          (batch) => this.outcomes.abandon(batch),
          false,
          this.metadata,
        )
      : null;
    const { id, epoch } =
      options.producerId === undefined ? { id: 7n, epoch: 0 } : (options.producerId ?? { id: -1n, epoch: -1 });
    this.sequences?.useProducerId(id, epoch);
    this.accumulator = new RecordAccumulator({
      config,
      memory: this.memory,
      codec,
      ratios,
      onWork: (isFull) => {
        if (isFull || config.lingerMs === 0) this.sender.wake();
        else this.sender.wakeIn(config.lingerMs);
      },
    });
    this.outcomes = new ProduceOutcomes({
      config,
      accumulator: this.accumulator,
      codec,
      ratios,
      sequences: this.sequences,
      metrics,
      log,
      listener: (metadata, error) => this.acknowledged.push(`${metadata.offset}${error === null ? '' : '!'}`),
      onGivenUp: () => undefined,
      onMetadataStale: () => {
        this.counts.metadataStale++;
        this.onMetadataStale();
      },
      onLeaderNamed: (topic, partition, leader) => {
        if (this.metadata.updateLeader(topic, partition, leader)) this.sender.leaderChanged();
      },
    });
    this.sender = new Sender({
      config,
      link: link.asLink,
      metadata: this.metadata,
      updater: {
        request: () => {
          this.counts.metadataRequests++;
        },
      } as unknown as MetadataUpdater,
      accumulator: this.accumulator,
      outcomes: this.outcomes,
      sequences: this.sequences,
      metrics,
      isUrgent: () => this.isUrgent,
      transaction: null,
      onProducerIdNeeded: () => {
        this.counts.producerIdNeeded++;
      },
    });
  }

  public get requests(): readonly SentRequest[] {
    return this.link.requests;
  }

  /** The newest request. */
  public get last(): SentRequest {
    const request = this.requests.at(-1);
    if (request === undefined) throw new Error('Nothing was sent');
    return request;
  }

  /** The one request without an answer. */
  public get open(): SentRequest {
    const [request, ...others] = this.link.open;
    if (request === undefined || others.length > 0) throw new Error(`${this.link.open.length} requests are open`);
    return request;
  }

  public get freeMemory(): number {
    return this.memory.availableBytes;
  }

  /** New metadata for the topic `t`: the leader of each partition, -1 for none. */
  public lead(leaders: readonly number[]): void {
    this.updates++;
    const response: MetadataResponse = {
      throttleTimeMs: 0,
      brokers: [...new Set(leaders)].map((nodeId) => ({
        nodeId,
        host: `kafka-${nodeId}`,
        port: 9092,
        rack: null,
      })),
      clusterId: null,
      controllerId: -1,
      topics: ['t', 'u'].map((name) => ({
        name,
        errorCode: 0,
        isInternal: false,
        topicId: this.topicId,
        partitions: leaders.map((leaderId, partition) => ({
          partition,
          leaderId,
          leaderEpoch: this.updates,
          replicas: [],
          isr: [],
          offlineReplicas: [],
          errorCode: 0,
        })),
      })),
    };
    if (this.metadata.update(response, Date.now()) && this.updates > 1) this.sender.leaderChanged();
  }

  /** Appends a record; throws when there is no memory for it. */
  public send(value: string, partition = 0, topic = 't', timestamp = Date.now()): Delivery {
    const known = this.metadata.topic(topic);
    if (known === undefined) throw new Error(`No topic ${topic}`);
    const delivery = new Delivery(value);
    const record = new SerializedRecord(topic, timestamp, null, value, null);
    const result = this.accumulator.append(
      this.accumulator.topicQueues(known),
      partition,
      record,
      Date.now(),
      (metadata) => {
        delivery.outcomes++;
        delivery.metadata = metadata instanceof Promise ? null : metadata;
        this.told.push(value);
      },
      (error, metadata) => {
        delivery.outcomes++;
        delivery.metadata = metadata;
        delivery.error = error;
        this.told.push(`${value}!`);
        this.onFailed();
      },
    );
    if (result === NO_MEMORY) throw new Error('No memory');
    this.deliveries.push(delivery);
    return delivery;
  }

  /** As `send`, where the built-in partitioner chooses. */
  public sendAnywhere(value: string): Delivery {
    return this.send(value, UNASSIGNED_PARTITION);
  }

  /** Closes the open batch of a partition, so that the next record begins another one. */
  public cut(partition = 0, topic = 't'): void {
    const known = this.metadata.topic(topic);
    if (known !== undefined) this.accumulator.topicQueues(known).queue(partition).tail?.close();
  }

  /** Sends one batch for each of these values to a partition. */
  public sendBatches(values: readonly string[], partition = 0): Delivery[] {
    return values.map((value) => {
      const delivery = this.send(value, partition);
      this.cut(partition);
      return delivery;
    });
  }
}
