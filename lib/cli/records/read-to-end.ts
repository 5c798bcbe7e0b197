import type { TopicPartition } from '../../consumer/consumer-engine-api.js';
import type { RecordSlice } from './record-slice.js';
import type { StandaloneConsumer } from './standalone-consumer.js';

/** A piece of a partition's log. */
export interface LogPiece extends TopicPartition {
  readonly start: bigint;
  /** The first offset behind it. */
  readonly end: bigint;
}

/** Reads pieces of logs, each in order, side by side; ends when all are read, or `stop` is aborted. */
export async function* readToEnd(
  consumer: StandaloneConsumer,
  pieces: readonly LogPiece[],
  stop: AbortSignal,
): AsyncGenerator<RecordSlice> {
  const open = new Map<string, bigint>();
  for (const piece of pieces) {
    if (piece.start >= piece.end) continue;
    open.set(nameOf(piece), piece.end);
    consumer.read(piece, piece.start);
  }
  while (open.size > 0) {
    const slice = await consumer.next(null, stop);
    if (slice === null) return;
    const end = open.get(nameOf(slice.partition));
    if (end === undefined) continue;
    if (slice.nextOffset < end) {
      yield slice;
      continue;
    }
    open.delete(nameOf(slice.partition));
    consumer.leave(slice.partition);
    yield { ...slice, records: slice.records.filter(({ offset }) => offset < end), nextOffset: end };
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
