import type { AdminClient } from '../../wire/admin/admin-client.js';
import { BrokerResponseError } from '../../wire/broker-response-error.js';
import { UnsupportedBrokerError } from '../../wire/connection-errors.js';
import { ErrorCode, isRetriableCategory, lookupErrorCode } from '../../wire/error-codes.js';
import { consumerGroupDescribeApi, type DescribedConsumerGroup } from '../../wire/protocol/consumer-group-describe.js';
import { CONSUMER_PROTOCOL_TYPE, decodeAssignment } from '../../wire/protocol/consumer-protocol.js';
import { describeGroupsApi, type DescribedGroup } from '../../wire/protocol/describe-groups.js';
import { listGroupsApi, type ListedGroup } from '../../wire/protocol/list-groups.js';
import { offsetFetchApi } from '../../wire/protocol/offset-fetch.js';
import type { PartitionName } from '../common/partition-offsets.js';

/** A member of a group. */
export interface GroupMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly host: string;
  readonly assignment: readonly PartitionName[];
}

/** A group as its coordinator knows it. */
export interface GroupDescription {
  readonly group: string;
  /** Kafka's name of it: Stable, Empty, PreparingRebalance, CompletingRebalance, Assigning, Reconciling. */
  readonly state: string;
  /** `classic`, or `consumer` (KIP-848). */
  readonly type: 'classic' | 'consumer';
  readonly assignor: string;
  readonly members: readonly GroupMember[];
}

/** What a group has committed of a partition. */
export interface CommittedOffset extends PartitionName {
  readonly offset: bigint;
}

/** The consumer groups of all brokers by name, those that have only offsets too. */
export async function listConsumerGroups(admin: AdminClient, states: readonly string[] = []): Promise<ListedGroup[]> {
  const brokers = await admin.brokerIds();
  const answers = await Promise.all(
    brokers.map((nodeId) =>
      admin.toBroker(nodeId, {
        api: listGroupsApi,
        request: { states },
        ...(states.length > 0 ? { minVersion: 4 } : {}),
        errorCode: (response) => response.errorCode,
      }),
    ),
  );
  const groups = new Map(answers.flatMap(({ groups: own }) => own).map((group) => [group.groupId, group]));
  return [...groups.values()]
    .filter(({ protocolType }) => protocolType === CONSUMER_PROTOCOL_TYPE || protocolType === '')
    .sort((left, right) => (left.groupId < right.groupId ? -1 : 1));
}

/**
 * Members, assignments and the state of a group; null where there is no such group.
 * @throws BrokerResponseError
 */
export async function describeGroup(admin: AdminClient, group: string): Promise<GroupDescription | null> {
  const { groups } = await admin.toCoordinator(group, {
    api: describeGroupsApi,
    request: { groups: [group] },
    errorCode: (response) => finalCode(response.groups),
  });
  const [classic] = groups;
  if (classic !== undefined && classic.errorCode === 0 && classic.state !== 'Dead') return classicGroup(classic);
  const described = await describeNewGroup(admin, group);
  return described === null ? null : consumerGroup(described);
}

/**
 * What a group has committed, all partitions.
 * @param requireStable waits for transactions that are about to replace an offset; without it the former offset is told
 */
export async function committedOffsets(
  admin: AdminClient,
  group: string,
  requireStable = false,
): Promise<CommittedOffset[]> {
  const { topics } = await admin.toCoordinator(group, {
    api: offsetFetchApi,
    request: { groupId: group, topics: null, requireStable },
    minVersion: 2,
    errorCode: ({ errorCode, topics: told }) =>
      errorCode === 0 ? worstCode(told.flatMap(({ partitions }) => partitions)) : errorCode,
  });
  return topics
    .flatMap(({ name, partitions }) =>
      partitions.map(({ index, offset }) => ({ topic: name, partition: index, offset })),
    )
    .filter(({ offset }) => offset >= 0n);
}

/** The code that a repetition cannot mend, else any other; 0 for success. */
export function worstCode(results: readonly { readonly errorCode: number }[]): number {
  const codes = results.map(({ errorCode }) => errorCode).filter((code) => code !== 0);
  return codes.find((code) => !isRetriableCategory(lookupErrorCode(code).category)) ?? codes[0] ?? 0;
}

async function describeNewGroup(admin: AdminClient, group: string): Promise<DescribedConsumerGroup | null> {
  try {
    const { groups } = await admin.toCoordinator(group, {
      api: consumerGroupDescribeApi,
      request: { groups: [group] },
      errorCode: (response) => finalCode(response.groups),
    });
    return groups.find(({ errorCode }) => errorCode === 0) ?? null;
  } catch (error) {
    // The broker does not know the protocol, or has it switched off: then it has no such groups.
    if (error instanceof UnsupportedBrokerError) return null;
    if (error instanceof BrokerResponseError && error.code === ErrorCode.UNSUPPORTED_VERSION) return null;
    throw error;
  }
}

/** That a group is not there is an answer, and no failure. */
function finalCode(groups: readonly { readonly errorCode: number }[]): number {
  return worstCode(groups.filter(({ errorCode }) => errorCode !== ErrorCode.GROUP_ID_NOT_FOUND));
}

function classicGroup({ groupId, members, protocol, state }: DescribedGroup): GroupDescription {
  return {
    group: groupId,
    state,
    type: 'classic',
    assignor: protocol,
    members: members.map((member) => ({
      memberId: member.memberId,
      instanceId: member.groupInstanceId,
      clientId: member.clientId,
      host: member.clientHost,
      assignment: member.assignment.length === 0 ? [] : named(decodeAssignment(member.assignment).topicPartitions),
    })),
  };
}

function consumerGroup({ assignorName, groupId, members, state }: DescribedConsumerGroup): GroupDescription {
  return {
    group: groupId,
    state,
    type: 'consumer',
    assignor: assignorName,
    members: members.map((member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      clientId: member.clientId,
      host: member.clientHost,
      assignment: named(member.assignment),
    })),
  };
}

function named(topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[]): PartitionName[] {
  return topics.flatMap(({ partitions, topic }) => partitions.map((partition) => ({ topic, partition })));
}
