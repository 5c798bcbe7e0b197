import type { ConsumerEngineStatus } from '../consumer/consumer-engine-api.js';
import type { KafkaListenerStatus, ListenerPartitionStatus } from '../consumer/listener-events.js';

/** What a health check tells of a listener. */
export interface ListenerDetails {
  readonly state: KafkaListenerStatus['state'];
  readonly error: string | null;
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Partition numbers by topic. */
  readonly assignment: Readonly<Record<string, readonly number[]>>;
  /** It is a member of a group that has no partition left for it, and takes over when another one goes. */
  readonly isStandby: boolean;
  /** Records between the first one that is not done and the end, over all partitions; null where not known yet. */
  readonly lag: number | null;
  /** The record that has been in the listener's hands for longest; null when there is none. Offsets are decimal. */
  readonly oldestInFlight: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: string | null;
    readonly ageMs: number;
  } | null;
  readonly oldestCallMs: number;
  readonly pausedPartitions: number;
  readonly group: Omit<ConsumerEngineStatus, 'assigned'> | null;
}

export function listenerDetails(listener: KafkaListenerStatus, group: ConsumerEngineStatus | null): ListenerDetails {
  const { error, groupId, oldestCallMs, partitions, state, topics } = listener;
  const assignment: Record<string, number[]> = {};
  for (const { partition, topic } of partitions) (assignment[topic] ??= []).push(partition);
  return {
    state,
    error: error?.message ?? null,
    groupId,
    topics,
    assignment,
    isStandby: group?.state === 'stable' && group.assigned.length === 0 && group.missingTopics.length === 0,
    lag: lagOf(listener),
    oldestInFlight: oldestOf(partitions),
    oldestCallMs,
    pausedPartitions: partitions.filter(({ isPaused }) => isPaused).length,
    group: group === null ? null : withoutAssignment(group),
  };
}

/** null while that of some partition is not known. */
export function lagOf({ partitions }: KafkaListenerStatus): number | null {
  let total = 0;
  for (const { lag } of partitions) {
    if (lag === null) return null;
    total += lag;
  }
  return total;
}

function oldestOf(partitions: readonly ListenerPartitionStatus[]): ListenerDetails['oldestInFlight'] {
  let oldest: ListenerPartitionStatus | null = null;
  for (const candidate of partitions) {
    if (candidate.inFlight > 0 && candidate.oldestInFlightMs >= (oldest?.oldestInFlightMs ?? 0)) oldest = candidate;
  }
  if (oldest === null) return null;
  const { oldestInFlightMs, partition, topic, watermark } = oldest;
  return { topic, partition, offset: watermark, ageMs: oldestInFlightMs };
}

/** Its partitions are those of the listeners, and cannot be written as JSON. */
function withoutAssignment({
  assigned: _assigned,
  ...status
}: ConsumerEngineStatus): Omit<ConsumerEngineStatus, 'assigned'> {
  return status;
}
