import type { ListenerPartitionStatus } from '../listener-events.js';
import type { PartitionProcessor } from './partition-processor.js';

/** @param committed -1n or null where nothing was committed by this member */
export function partitionStatus(
  { isPaused, oldestCallMs, partition: assigned, tracker }: PartitionProcessor,
  committed: bigint | null,
): ListenerPartitionStatus {
  const { endOffset, partition, position, topic } = assigned;
  const { inFlight, oldestInFlightAt, watermark } = tracker;
  const reached = watermark ?? known(position);
  return {
    topic,
    partition,
    position: text(known(position)),
    committed: text(known(committed)),
    watermark: text(reached),
    endOffset: text(known(endOffset)),
    lag: reached === null || endOffset < 0n ? null : Math.max(0, Number(endOffset - reached)),
    inFlight,
    oldestInFlightMs: oldestInFlightAt === null ? 0 : Math.max(0, Date.now() - oldestInFlightAt),
    oldestCallMs,
    isPaused,
  };
}

function known(offset: bigint | null): bigint | null {
  return offset === null || offset < 0n ? null : offset;
}

function text(offset: bigint | null): string | null {
  return offset === null ? null : String(offset);
}
