import { ErrorCode, lookupErrorCode } from '../../../wire/error-codes.js';
import type { KafkaError } from '../../../wire/kafka-error.js';
import { MalformedResponseError } from '../../../wire/malformed-response-error.js';
import {
  CONSUMER_PROTOCOL_TYPE,
  decodeAssignment,
  encodeSubscription,
} from '../../../wire/protocol/consumer-protocol.js';
import type { JoinGroupProtocol, JoinGroupResponse } from '../../../wire/protocol/join-group.js';
import type { SyncGroupAssignment } from '../../../wire/protocol/sync-group.js';
import type { GroupMembershipIdentity, TopicPartition } from '../../consumer-engine-api.js';
import type { PartitionAssignor } from '../assignors/partition-assignor.js';
import { answerError, GroupFatality, isFatalCode, passingError } from './group-failures.js';
import { assignableMembers, assignAll, topicsOf } from './group-leader.js';
import type { GroupMembershipDependencies } from './group-membership-api.js';
import type { GroupRequests } from './group-requests.js';

/** How an attempt to join has ended. */
export type JoinOutcome =
  | {
      readonly joined: true;
      readonly identity: GroupMembershipIdentity;
      readonly assignor: PartitionAssignor;
      readonly isLeader: boolean;
      readonly partitions: readonly TopicPartition[];
    }
  | {
      readonly joined: false;
      /** To join with next time. */
      readonly memberId: string;
      /** null: it is the usual course of things, and the next attempt need not wait. */
      readonly error: KafkaError | null;
      /** For the coordinator's log. */
      readonly reason: string;
    };

/** The coordinator has answered the join: the member is in a generation, and heartbeats are expected whenever no request waits. */
export type OnJoined = (generationId: number, memberId: string) => void;

/** After these the next attempt follows at once: the coordinator works, and only wants it otherwise. */
const USUAL: ReadonlySet<number> = new Set([
  ErrorCode.MEMBER_ID_REQUIRED,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.REBALANCE_IN_PROGRESS,
]);

/** One attempt to become a member with an assignment: JoinGroup, in the leader the assignment, SyncGroup. */
export class GroupJoin {
  public constructor(
    private readonly dependencies: GroupMembershipDependencies,
    private readonly requests: GroupRequests,
    private readonly onJoined: OnJoined,
    private readonly onSyncing: () => void,
  ) {}

  /**
   * @param generationId the last one of this member, -1 before the first. It has to be told: a coordinator answers a member that says the same as before with the
   * generation that there is, in which whatever a former assignment has under way may still commit
   * @throws GroupFatality when no attempt can succeed
   */
  public async attempt(memberId: string, generationId: number, reason: string | null): Promise<JoinOutcome> {
    const { config, events } = this.dependencies;
    const topics = new Set(events.subscription());
    const joined = await this.join(memberId, this.protocols([...topics], generationId), reason);
    if ('outcome' in joined) return joined.outcome;
    const { answer, assignor } = joined;
    this.onJoined(answer.generationId, answer.memberId);
    const synced = await this.sync(answer, assignor);
    if ('outcome' in synced) return synced.outcome;
    const partitions = synced.partitions;
    const stranger = partitions.find(({ topic }) => !topics.has(topic));
    if (stranger !== undefined) {
      const error = new MalformedResponseError(
        `The leader of group ${config.groupId} has assigned ${stranger.topic}-${stranger.partition}, which this member has not asked for.`,
      );
      return { joined: false, memberId: answer.memberId, error, reason: 'assigned a topic that was not asked for' };
    }
    const identity = {
      groupId: config.groupId,
      generationId: answer.generationId,
      memberId: answer.memberId,
      groupInstanceId: config.groupInstanceId,
    };
    return { joined: true, identity, assignor, partitions, isLeader: answer.leader === answer.memberId };
  }

  private async join(
    memberId: string,
    protocols: readonly JoinGroupProtocol[],
    reason: string | null,
  ): Promise<{ outcome: JoinOutcome } | { answer: JoinGroupResponse; assignor: PartitionAssignor }> {
    const { config, assignors } = this.dependencies;
    let answer: JoinGroupResponse;
    try {
      answer = await this.requests.join(memberId, protocols, reason);
    } catch (error) {
      return { outcome: this.failed(error, memberId, 'JoinGroup failed') };
    }
    if (answer.errorCode !== 0)
      return { outcome: this.refused(answer.errorCode, 'JoinGroup', memberId, answer.memberId) };
    const assignor = assignors.find(({ name }) => name === answer.protocolName);
    const isConsumers = answer.protocolType === null || answer.protocolType === CONSUMER_PROTOCOL_TYPE;
    if (assignor === undefined || !isConsumers) {
      throw new GroupFatality(answerError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, 'JoinGroup', config));
    }
    return { answer, assignor };
  }

  private async sync(
    joined: JoinGroupResponse,
    assignor: PartitionAssignor,
  ): Promise<{ outcome: JoinOutcome } | { partitions: TopicPartition[] }> {
    const { memberId } = joined;
    try {
      const assignments = await this.assignments(joined, assignor);
      this.onSyncing();
      const { errorCode, assignment } = await this.requests.sync(joined, assignments);
      if (errorCode !== 0) return { outcome: this.refused(errorCode, 'SyncGroup', memberId) };
      return { partitions: this.assigned(assignment) };
    } catch (error) {
      return { outcome: this.failed(error, memberId, 'SyncGroup failed') };
    }
  }

  private async assignments(
    { leader, memberId, members, skipAssignment }: JoinGroupResponse,
    assignor: PartitionAssignor,
  ): Promise<SyncGroupAssignment[]> {
    if (leader !== memberId) return [];
    const { events, log } = this.dependencies;
    const assignable = assignableMembers(members, log);
    // Asked for in any case: a leader looks out for changes of these topics.
    const counts = await events.partitionCounts(topicsOf(assignable));
    return skipAssignment ? [] : assignAll(assignor, assignable, counts);
  }

  /** Nothing at all is what a member gets that the leader has left out. */
  private assigned(bytes: Buffer): TopicPartition[] {
    if (bytes.length === 0) return [];
    // The bytes are a view into what was received, and are done with here.
    return decodeAssignment(bytes).topicPartitions.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    );
  }

  private protocols(topics: readonly string[], generationId: number): JoinGroupProtocol[] {
    const { assignors, config } = this.dependencies;
    return assignors.map((assignor) => ({
      name: assignor.name,
      // Nothing is owned any more: an eager member has given everything away before it joins.
      metadata: encodeSubscription({
        topics,
        userData: assignor.userData?.() ?? null,
        ownedPartitions: [],
        generationId,
        rackId: config.clientRack,
      }),
    }));
  }

  private refused(errorCode: number, api: string, memberId: string, givenMemberId = ''): JoinOutcome {
    const error = answerError(errorCode, api, this.dependencies.config);
    if (isFatalCode(errorCode)) throw new GroupFatality(error);
    const reason = `${api} answered ${lookupErrorCode(errorCode).name}`;
    this.dependencies.log.debug(`${reason} to member '${memberId}' of group ${this.dependencies.config.groupId}`);
    const next = errorCode === ErrorCode.MEMBER_ID_REQUIRED ? givenMemberId : memberId;
    return {
      joined: false,
      memberId: errorCode === ErrorCode.UNKNOWN_MEMBER_ID ? '' : next,
      error: USUAL.has(errorCode) ? null : error,
      reason,
    };
  }

  private failed(error: unknown, memberId: string, reason: string): JoinOutcome {
    return { joined: false, memberId, error: passingError(error, this.dependencies.config), reason };
  }
}
