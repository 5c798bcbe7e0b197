import type { FetchRequest } from '../../../wire/protocol/fetch.js';
import type { ConsumerConfig } from '../../consumer-config.js';
import type { ConsumerMetadata } from '../metadata/consumer-metadata.js';
import { groupByTopic } from '../../../wire/group-by-topic.js';
import type { FetchPartition } from './fetch-partition.js';

/** A partition in a Fetch request, as it was when the request left. */
export interface FetchedFrom {
  readonly partition: FetchPartition;
  readonly epoch: number;
  readonly offset: bigint;
}

/** A Fetch request that has not been answered. */
export interface FetchInFlight {
  readonly nodeId: number;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
  /** How long the broker may wait. */
  readonly waitMs: number;
  readonly entries: readonly FetchedFrom[];
}

export function fetchRequest(
  { entries, waitMs }: FetchInFlight,
  config: ConsumerConfig,
  metadata: ConsumerMetadata,
): FetchRequest {
  return {
    maxWaitMs: waitMs,
    minBytes: config.fetchMinBytes,
    maxBytes: config.fetchMaxBytes,
    isolationLevel: config.isolationLevel === 'read_committed' ? 1 : 0,
    rackId: config.clientRack ?? '',
    topics: groupByTopic(
      entries.map(({ partition: { topic, partition }, offset }) => ({ topic, partition, offset })),
      ({ topic, partition, offset }) => ({
        index: partition,
        currentLeaderEpoch: metadata.leader(topic, partition)?.leaderEpoch ?? -1,
        fetchOffset: offset,
        maxBytes: config.maxPartitionFetchBytes,
      }),
    ),
  };
}

/** Whether what came for the partition is what it needs now: not sought elsewhere, revoked, or fetched from another broker meanwhile. */
export function isStillWanted({ partition, epoch, offset }: FetchedFrom): boolean {
  return (
    partition.isCurrent(epoch) &&
    partition.wanted === null &&
    partition.position === offset &&
    partition.kept === null &&
    !partition.isBusy
  );
}
