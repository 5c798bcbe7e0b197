import type { ConsumerConfig } from '../../consumer-config.js';
import type { ConsumerMetadata } from '../metadata/consumer-metadata.js';
import type { FetchedFrom, FetchInFlight } from './fetch-in-flight.js';
import type { FetchPartition } from './fetch-partition.js';

/**
 * How long a broker may wait for data when one of its partitions is left out at the moment, because it is paused or its records are not handed out yet: when it
 * comes back it must not wait for the end of a long poll of idle ones. Twenty requests per second cost a broker and a client next to nothing.
 */
const SHORT_WAIT_MS = 50;

/** What to ask one broker for. */
export interface PlannedFetch extends Omit<FetchInFlight, 'sentAt'> {
  /** Nobody leads these. */
  readonly withoutLeader: boolean;
}

interface NodePartitions {
  readonly ready: FetchPartition[];
  /** Some partition of the broker is left out. */
  isPartial: boolean;
  /** Some of its records are just being handed out. */
  isHandedOut: boolean;
}

/** Decides which partitions go into the next request to each broker. */
export class FetchPlan {
  public constructor(
    private readonly config: Pick<ConsumerConfig, 'fetchMaxWaitMs'>,
    private readonly metadata: ConsumerMetadata,
  ) {}

  /** @param partitions all that are assigned */
  public make(partitions: readonly FetchPartition[], now: number): PlannedFetch[] {
    const nodes = new Map<number | null, NodePartitions>();
    for (const partition of partitions) {
      const nodeId = this.nodeOf(partition, now);
      const node = nodes.get(nodeId) ?? { ready: [], isPartial: false, isHandedOut: false };
      nodes.set(nodeId, node);
      if (isReady(partition, now)) node.ready.push(partition);
      else {
        node.isPartial = true;
        if (partition.kept !== null && !partition.isPaused) node.isHandedOut = true;
      }
    }
    return [...nodes].filter(([, node]) => isWorthAsking(node)).map(([nodeId, node]) => this.fetchOf(nodeId, node));
  }

  private fetchOf(nodeId: number | null, { isPartial, ready }: NodePartitions): PlannedFetch {
    const { fetchMaxWaitMs } = this.config;
    // A broker fills the answer in the order of the request, up to the limit.
    ready.sort((left, right) => left.servedAs - right.servedAs);
    return {
      nodeId: nodeId ?? -1,
      withoutLeader: nodeId === null,
      waitMs: isPartial ? Math.min(SHORT_WAIT_MS, fetchMaxWaitMs) : fetchMaxWaitMs,
      entries: ready.map((partition): FetchedFrom => ({
        partition,
        epoch: partition.epoch,
        offset: partition.position,
      })),
    };
  }

  private nodeOf(partition: FetchPartition, now: number): number | null {
    const { readReplica } = partition;
    const isUsable = readReplica !== null && readReplica.until > now && this.metadata.knowsBroker(readReplica.nodeId);
    if (isUsable) return readReplica.nodeId;
    partition.readReplica = null;
    return this.metadata.leader(partition.topic, partition.partition)?.leaderId ?? null;
  }
}

function isReady(partition: FetchPartition, now: number): boolean {
  const { isBusy, isPaused, kept, retryAt, wanted } = partition;
  return wanted === null && kept === null && !isBusy && !isPaused && retryAt <= now;
}

/** While records are handed out only what is certain to bring more at once: a long poll now would hold up those partitions that come back soon. */
function isWorthAsking({ isHandedOut, ready }: NodePartitions): boolean {
  return ready.length > 0 && (!isHandedOut || ready.some((partition) => partition.lags));
}
