import { BrokerResponseError } from '../../../wire/broker-response-error.js';
import { CommitFailedError } from '../../../wire/commit-failed-error.js';
import type { CoordinatorClient } from '../../../wire/coordinator-client.js';
import { ErrorCode } from '../../../wire/error-codes.js';
import { KafkaError } from '../../../wire/kafka-error.js';
import { offsetCommitApi, type OffsetCommitResponse } from '../../../wire/protocol/offset-commit.js';
import { offsetFetchApi, type OffsetFetchResponse } from '../../../wire/protocol/offset-fetch.js';
import type { ConsumerConfig } from '../../consumer-config.js';
import type { GroupMembershipIdentity, TopicPartition } from '../../consumer-engine-api.js';
import { byTopicAndIndex, groupByTopic } from '../../../wire/group-by-topic.js';
import { RebalanceInProgressError } from './offset-errors.js';

/** An offset to commit: that of the next record to read. */
export interface GroupOffset extends TopicPartition {
  readonly offset: bigint;
  /** -1 when not known. */
  readonly leaderEpoch: number;
}

/** What a group has committed of a partition: -1n where nothing; `unstable` while a transaction is about to replace it. */
export type CommittedOffset = bigint | 'unstable';

export interface GroupOffsetsDependencies {
  readonly coordinator: CoordinatorClient;
  readonly config: Pick<ConsumerConfig, 'groupId'>;
  /** Whether a broker is known to coordinate the group as of this assignment: what another one tells of offsets may be older. Default: all are believed. */
  readonly isCoordinator?: (nodeId: number) => boolean;
}

/** Nothing that asks can do anything about these; the one that decides over the whole answer. */
const MOVED_ON: ReadonlySet<number> = new Set([
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.FENCED_INSTANCE_ID,
  ErrorCode.STALE_MEMBER_EPOCH,
  ErrorCode.FENCED_MEMBER_EPOCH,
]);

/** The offsets that a group has committed, and commits. */
export class GroupOffsets {
  public constructor(private readonly dependencies: GroupOffsetsDependencies) {}

  /**
   * Commits offsets as the given member of the given generation; retriable errors are retried until `deadline`.
   * @throws CommitFailedError when the group has moved on without the member; RebalanceInProgressError; KafkaTimeoutError; BrokerResponseError
   */
  public async commit(
    offsets: readonly GroupOffset[],
    identity: GroupMembershipIdentity,
    deadline: number,
  ): Promise<void> {
    if (offsets.length === 0) return;
    const { generationId, groupId, groupInstanceId, memberId } = identity;
    const topics = groupByTopic(offsets, ({ partition, offset, leaderEpoch }) => ({
      index: partition,
      offset,
      leaderEpoch,
      metadata: null,
    }));
    try {
      await this.dependencies.coordinator.call({
        api: offsetCommitApi,
        request: { groupId, generationId, memberId, groupInstanceId, topics },
        errorCode: decisiveCode,
        deadline,
      });
    } catch (error) {
      throw commitError(error, identity);
    }
  }

  /**
   * The committed offsets, without waiting for transactions; in the order of the partitions.
   * @throws KafkaTimeoutError; BrokerResponseError
   */
  public async lookUp(partitions: readonly TopicPartition[], deadline: number): Promise<CommittedOffset[]> {
    if (partitions.length === 0) return [];
    const { coordinator, config, isCoordinator } = this.dependencies;
    const topics = groupByTopic(partitions, ({ partition }) => partition);
    const response = await coordinator.call({
      api: offsetFetchApi,
      request: { groupId: config.groupId, topics, requireStable: true },
      errorCode: fetchCode,
      deadline,
      ...(isCoordinator === undefined ? {} : { accepts: isCoordinator }),
    });
    const find = byTopicAndIndex(response.topics);
    return partitions.map((partition) => {
      const committed = find(partition);
      if (committed === undefined) throw toldNothing(partition);
      return committed.errorCode === ErrorCode.UNSTABLE_OFFSET_COMMIT ? 'unstable' : committed.offset;
    });
  }
}

/** That the member is out of the group concerns all partitions; of others the first one that cannot be mended by a repetition. */
function decisiveCode({ topics }: OffsetCommitResponse): number {
  const codes = topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
  const failures = codes.filter((code) => code !== 0);
  const final = failures.find((code) => MOVED_ON.has(code)) ?? failures.find((code) => !isRetriable(code));
  return final ?? failures[0] ?? 0;
}

function fetchCode({ errorCode, topics }: OffsetFetchResponse): number {
  if (errorCode !== 0) return errorCode;
  for (const { partitions } of topics) {
    for (const { errorCode: code } of partitions) {
      if (code !== 0 && code !== ErrorCode.UNSTABLE_OFFSET_COMMIT) return code;
    }
  }
  return 0;
}

function commitError(error: unknown, { groupId, generationId, memberId }: GroupMembershipIdentity): unknown {
  if (!(error instanceof BrokerResponseError)) return error;
  if (error.code === ErrorCode.REBALANCE_IN_PROGRESS) {
    return new RebalanceInProgressError(
      `The offsets of group ${groupId} were not committed: the group is rebalancing, and this member has to join again first.`,
      { cause: error },
    );
  }
  if (!MOVED_ON.has(error.code)) return error;
  return new CommitFailedError(
    `The offsets of group ${groupId} were not committed: it has gone on without member ${memberId} of generation ${generationId}. ` +
      'Others handle these records again. If handlers take long, raise maxPollIntervalMs or sessionTimeoutMs.',
    { cause: error },
  );
}

function isRetriable(code: number): boolean {
  return new BrokerResponseError(code).retriable;
}

function toldNothing(partition: TopicPartition): KafkaError {
  return new KafkaError(`OffsetFetch told nothing about ${nameOf(partition)}.`, { ...partition, retriable: true });
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
