import { setTimeout as sleep } from 'node:timers/promises';
import { BrokerResponseError } from '../../../wire/broker-response-error.js';
import type { ClusterLink } from '../../../wire/cluster-link.js';
import { isRetriableCategory, lookupErrorCode } from '../../../wire/error-codes.js';
import { KafkaError } from '../../../wire/kafka-error.js';
import { KafkaTimeoutError } from '../../../wire/kafka-timeout-error.js';
import { LATEST_TIMESTAMP, listOffsetsApi } from '../../../wire/protocol/list-offsets.js';
import { RetryBackoff } from '../../../wire/retry-backoff.js';
import { withDeadline } from '../../../wire/with-deadline.js';
import type { ConsumerConfig, IsolationLevel } from '../../consumer-config.js';
import type { TopicPartition } from '../../consumer-engine-api.js';
import type { ConsumerMetadata } from '../metadata/consumer-metadata.js';
import type { ConsumerMetadataUpdater } from '../metadata/consumer-metadata-updater.js';
import { byTopicAndIndex, groupByTopic } from '../../../wire/group-by-topic.js';

/** What is asked about a partition. */
export interface OffsetQuery extends TopicPartition {
  /** Milliseconds since the epoch, `LATEST_TIMESTAMP` or `EARLIEST_TIMESTAMP`. */
  readonly timestamp: bigint;
}

export interface LeaderOffsetsDependencies {
  /** Not that of Fetch: a request would stand behind a long poll. */
  readonly link: ClusterLink;
  readonly metadata: ConsumerMetadata;
  readonly updater: Pick<ConsumerMetadataUpdater, 'request'>;
  readonly config: Pick<ConsumerConfig, 'isolationLevel' | 'requestTimeoutMs' | 'retryBackoffMs' | 'retryBackoffMaxMs'>;
}

/** Offsets as the leaders of partitions know them (ListOffsets). */
export class LeaderOffsets {
  private readonly backoff: RetryBackoff;

  public constructor(private readonly dependencies: LeaderOffsetsDependencies) {
    const { retryBackoffMs, retryBackoffMaxMs } = dependencies.config;
    this.backoff = new RetryBackoff(retryBackoffMs, Math.max(retryBackoffMs, retryBackoffMaxMs));
  }

  /**
   * Asks one broker once about partitions that it leads, each at most once.
   * @param isolation what counts as the end: that of the consumer unless given
   * @returns in the order of the queries; -1n where no record is that young
   * @throws what the connection gave
   */
  public async ask(
    leaderId: number,
    queries: readonly OffsetQuery[],
    isolation: IsolationLevel = this.dependencies.config.isolationLevel,
  ): Promise<(bigint | BrokerResponseError)[]> {
    const { config, link, metadata } = this.dependencies;
    const topics = groupByTopic(queries, ({ topic, partition, timestamp }) => ({
      index: partition,
      currentLeaderEpoch: metadata.leader(topic, partition)?.leaderEpoch ?? -1,
      timestamp,
    }));
    const connection = await link.connect(leaderId);
    const request = { isolationLevel: isolation === 'read_committed' ? 1 : 0, topics };
    const response = await connection.send(listOffsetsApi, request, config.requestTimeoutMs);
    const find = byTopicAndIndex(response.topics);
    return queries.map((query) => {
      const { errorCode, offset } = find(query) ?? { errorCode: -1, offset: -1n };
      return errorCode === 0 ? offset : new BrokerResponseError(errorCode, { ...query, api: listOffsetsApi.name });
    });
  }

  /**
   * The offset of the first record at or after a time, the end where there is none; leaders are looked up again as often as needed.
   * @param deadline milliseconds since the epoch
   * @throws KafkaTimeoutError; BrokerResponseError
   */
  public async forTime(partition: TopicPartition, timestamp: number, deadline: number): Promise<bigint> {
    const found = await this.repeat({ ...partition, timestamp: BigInt(Math.max(0, Math.trunc(timestamp))) }, deadline);
    return found >= 0n ? found : this.repeat({ ...partition, timestamp: LATEST_TIMESTAMP }, deadline);
  }

  private async repeat(query: OffsetQuery, deadline: number): Promise<bigint> {
    for (let attempt = 1; ; attempt++) {
      const failure = await this.attempt(query, deadline);
      if (typeof failure === 'bigint') return failure;
      this.dependencies.updater.request();
      if (Date.now() >= deadline) throw overdue(query, failure);
      await sleep(Math.min(this.backoff.delay(attempt), Math.max(0, deadline - Date.now())));
    }
  }

  /** @returns the offset, or why it is worth another attempt */
  private async attempt(query: OffsetQuery, deadline: number): Promise<bigint | Error> {
    const { topic, partition } = query;
    const leader = this.dependencies.metadata.leader(topic, partition);
    if (leader === null) return new KafkaError(`${topic}-${partition} has no known leader.`);
    try {
      const answers = this.ask(leader.leaderId, [query]);
      const [answer] = await withDeadline(answers, deadline, `The offsets of ${topic}-${partition} were not told`);
      if (typeof answer === 'bigint') return answer;
      if (answer !== undefined && !isRetriableCategory(lookupErrorCode(answer.code).category)) throw answer;
      return answer ?? new KafkaError('Nothing was told.');
    } catch (error) {
      if (error instanceof KafkaError && error.retriable) return error;
      throw error;
    }
  }
}

function overdue({ topic, partition }: TopicPartition, cause: Error): KafkaTimeoutError {
  return new KafkaTimeoutError(
    `The offset of ${topic}-${partition} could not be had in time. Last error: ${cause.message}`,
    { topic, partition, cause },
  );
}
