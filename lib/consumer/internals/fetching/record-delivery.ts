import { MalformedResponseError } from '../../../wire/malformed-response-error.js';
import type { LogSink } from '../../../wire/log-sink.js';
import type { ConsumerEngineEvents } from '../../consumer-engine-api.js';
import type { FetchPartition } from './fetch-partition.js';
import type { PartitionTroubles } from './partition-troubles.js';

/** What one turn of the event loop hands out: about half a millisecond of decoding, so that heartbeats and other traffic are never held up. */
const RECORDS_PER_TURN = 1_000;
const BYTES_PER_TURN = 1_048_576;

export interface RecordDeliveryDependencies {
  readonly onRecords: ConsumerEngineEvents['onRecords'];
  readonly troubles: PartitionTroubles;
  readonly log: LogSink;
}

/** Hands fetched records out in slices, each partition in its turn. */
export class RecordDelivery {
  private turn = 0;

  public constructor(private readonly dependencies: RecordDeliveryDependencies) {}

  /** @returns whether something is left that may be handed out */
  public run(partitions: readonly FetchPartition[]): boolean {
    const start = this.turn++;
    let records = RECORDS_PER_TURN;
    let bytes = BYTES_PER_TURN;
    let isLeft = false;
    for (let step = 0; step < partitions.length; step++) {
      const partition = partitions[(start + step) % partitions.length];
      if (partition === undefined) continue;
      while (records > 0 && bytes > 0 && mayBeHandedOut(partition)) {
        const slice = this.handOut(partition, records, bytes);
        records -= slice.records;
        bytes -= slice.bytes;
      }
      if (mayBeHandedOut(partition)) isLeft = true;
    }
    return isLeft;
  }

  private handOut(partition: FetchPartition, maxRecords: number, maxBytes: number): { records: number; bytes: number } {
    const { kept } = partition;
    if (kept === null) return { records: 0, bytes: 0 };
    const before = kept.nextOffset;
    let records;
    try {
      records = kept.take(maxRecords, maxBytes);
      if (records.length === 0 && kept.nextOffset === before) throw nothingWhole(partition);
    } catch (error) {
      partition.kept = null;
      this.dependencies.troubles.failed(partition, error instanceof Error ? error : new Error(String(error)));
      return { records: 0, bytes: 0 };
    }
    if (kept.isExhausted) partition.kept = null;
    this.dependencies.troubles.succeeded(partition);
    // Before it is told: whoever is told may seek.
    partition.position = kept.nextOffset;
    try {
      this.dependencies.onRecords(partition, records, kept.nextOffset);
    } catch (error) {
      this.dependencies.log.error(`onRecords has thrown for ${partition.name}: ${String(error)}`);
    }
    let bytes = 0;
    for (const { sizeInBytes } of records) bytes += sizeInBytes;
    return { records: records.length, bytes };
  }
}

function mayBeHandedOut(partition: FetchPartition): boolean {
  return partition.kept !== null && partition.isAssigned && !partition.isPaused;
}

function nothingWhole({ name, topic, partition, position }: FetchPartition): MalformedResponseError {
  return new MalformedResponseError(`${name}: the broker has sent no whole batch from offset ${position} on.`, {
    topic,
    partition,
  });
}
