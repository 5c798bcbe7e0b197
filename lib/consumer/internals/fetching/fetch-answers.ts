import { BrokerResponseError } from '../../../wire/broker-response-error.js';
import { DecompressionCodecs } from '../../../wire/decompression-codecs.js';
import { ErrorCode } from '../../../wire/error-codes.js';
import { FetchedBatches } from '../../../wire/fetched-batches.js';
import { KafkaError } from '../../../wire/kafka-error.js';
import { fetchApi, type FetchPartitionResponse, type FetchResponse } from '../../../wire/protocol/fetch.js';
import type { ConsumerConfig } from '../../consumer-config.js';
import type { ConsumerMetadata } from '../metadata/consumer-metadata.js';
import type { ConsumerMetadataUpdater } from '../metadata/consumer-metadata-updater.js';
import { byTopicAndIndex } from '../../../wire/group-by-topic.js';
import { isStillWanted, type FetchedFrom, type FetchInFlight } from './fetch-in-flight.js';
import type { PartitionTroubles } from './partition-troubles.js';

export interface FetchAnswersDependencies {
  readonly config: Pick<ConsumerConfig, 'isolationLevel' | 'metadataMaxAgeMs'>;
  readonly metadata: ConsumerMetadata;
  readonly updater: Pick<ConsumerMetadataUpdater, 'request'>;
  readonly troubles: PartitionTroubles;
  /** Something can be handed out or asked now. */
  readonly onChange: () => void;
}

/** Takes Fetch responses apart: each partition for itself, so that one that fails costs the others nothing. */
export class FetchAnswers {
  private readonly codecs = new DecompressionCodecs();
  private served = 0;

  public constructor(private readonly dependencies: FetchAnswersDependencies) {}

  public accept({ entries, nodeId }: FetchInFlight, response: FetchResponse): void {
    if (response.errorCode !== 0) {
      this.refused(entries, new BrokerResponseError(response.errorCode, { api: fetchApi.name }));
      return;
    }
    const find = byTopicAndIndex(response.topics);
    const filled = response.topics.flatMap(({ partitions }) => partitions).filter(({ records }) => records.length > 0);
    for (const entry of entries) {
      if (!isStillWanted(entry)) continue;
      const answer = find(entry.partition);
      if (answer === undefined) this.refused([entry], toldNothing(entry));
      else if (answer.errorCode !== 0) this.failed(entry, answer, nodeId);
      else this.take(entry, answer, filled.length > 1);
    }
  }

  /** The whole request has come to nothing. */
  public refused(entries: readonly FetchedFrom[], error: unknown): void {
    const { troubles, updater } = this.dependencies;
    updater.request();
    for (const entry of entries) {
      if (!isStillWanted(entry)) continue;
      entry.partition.readReplica = null;
      troubles.failedOrFatal(entry.partition, error);
    }
  }

  private failed(entry: FetchedFrom, answer: FetchPartitionResponse, nodeId: number): void {
    const { metadata, troubles, updater } = this.dependencies;
    const { partition } = entry;
    const { topic, partition: index } = partition;
    const fromReplica = partition.readReplica !== null && metadata.leader(topic, index)?.leaderId !== nodeId;
    partition.readReplica = null;
    const error = new BrokerResponseError(answer.errorCode, { topic, partition: index, api: fetchApi.name });
    if (answer.errorCode === ErrorCode.TOPIC_AUTHORIZATION_FAILED) {
      troubles.fatal(error);
      return;
    }
    if (answer.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE && !fromReplica) {
      partition.wanted = 'in-range';
      return;
    }
    if (answer.currentLeader !== null && metadata.updateLeader(topic, index, answer.currentLeader)) return;
    if (error.category === 'refresh-retriable' || !error.retriable) updater.request();
    troubles.failed(partition, error);
  }

  private take(entry: FetchedFrom, answer: FetchPartitionResponse, isShared: boolean): void {
    const { config, troubles } = this.dependencies;
    const { partition } = entry;
    const isCommitted = config.isolationLevel === 'read_committed';
    partition.endOffset = isCommitted && answer.lastStableOffset >= 0n ? answer.lastStableOffset : answer.highWatermark;
    if (answer.preferredReadReplica >= 0) {
      partition.readReplica = { nodeId: answer.preferredReadReplica, until: Date.now() + config.metadataMaxAgeMs };
    }
    if (answer.records.length === 0) {
      troubles.succeeded(partition);
      return;
    }
    // Kept records would otherwise hold the memory of all partitions that came with them.
    const bytes = isShared ? Buffer.from(answer.records) : answer.records;
    partition.servedAs = ++this.served;
    const loading = this.codecs.prepare(bytes);
    const keep = (): void => {
      partition.kept = new FetchedBatches({
        topic: partition.topic,
        partition: partition.partition,
        bytes,
        fetchOffset: entry.offset,
        abortedTransactions: isCommitted ? answer.abortedTransactions : null,
        codecs: this.codecs.loaded,
      });
    };
    if (loading === null) keep();
    else this.keepWhenLoaded(entry, loading, keep);
  }

  private keepWhenLoaded({ partition, epoch }: FetchedFrom, loading: Promise<void>, keep: () => void): void {
    partition.isBusy = true;
    void loading
      .then(
        () => {
          if (partition.isCurrent(epoch)) keep();
        },
        (error: unknown) => {
          // A package that is missing may be installed; until then everything else is read on.
          const failure = error instanceof Error ? error : new Error(String(error));
          if (partition.isCurrent(epoch)) this.dependencies.troubles.failed(partition, failure);
        },
      )
      .finally(() => {
        if (partition.isCurrent(epoch)) partition.isBusy = false;
        this.dependencies.onChange();
      });
  }
}

function toldNothing({ partition: { topic, partition } }: FetchedFrom): KafkaError {
  return new KafkaError(`Fetch told nothing about ${topic}-${partition}.`, { topic, partition, retriable: true });
}
