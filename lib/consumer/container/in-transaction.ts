import { CommitFailedError } from '../../wire/commit-failed-error.js';
import type { ConsumedRecord } from '../consumed-record.js';
import type { AssignedPartition } from '../consumer-engine-api.js';
import type { ListenerDefinition } from '../listener-definition.js';

export interface TransactionScope {
  readonly definition: ListenerDefinition;
  readonly partition: AssignedPartition;
  readonly records: readonly ConsumedRecord[];
  /** What the transaction commits: the offset of the record behind the last one. */
  readonly nextOffset: bigint;
  readonly onCommitted: (offset: bigint) => void;
}

/**
 * Commits the offset of these records in a transaction, together with what `work` sends. Not when the partition has been lost before the offset was stored: whoever has it now, and
 * be it this member again, does not know of this transaction then.
 */
export async function inTransaction(
  { definition, nextOffset, onCommitted, partition, records }: TransactionScope,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { instrumentation, transaction } = definition;
  if (transaction === null) throw new TypeError(`${definition.id} has no transaction`);
  const { topic, membership } = partition;
  const leaderEpoch = records.at(-1)?.leaderEpoch ?? -1;
  const offset = { topic, partition: partition.partition, offset: nextOffset, leaderEpoch };
  await transaction.producer.transaction(async (running) => {
    await work(running.signal);
    const send = (): Promise<void> => running.sendOffsets([offset], membership);
    if (instrumentation === null) await send();
    else await instrumentation.commit([{ ...offset, offset: String(nextOffset) }], true, send);
    if (!partition.isAssigned) throw lost(partition);
  }, transaction.options);
  onCommitted(nextOffset);
}

function lost({ partition, topic }: AssignedPartition): CommitFailedError {
  return new CommitFailedError(`${topic}-${partition} was lost before the transaction of its records had committed.`, {
    topic,
    partition,
  });
}
