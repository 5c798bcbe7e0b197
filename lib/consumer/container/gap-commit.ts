import { setTimeout as sleep } from 'node:timers/promises';
import { TransactionOutcomeUnknownError } from '../../producer/transaction-errors.js';
import type { AssignedPartition } from '../consumer-engine-api.js';
import type { ListenerDefinition } from '../listener-definition.js';
import { inTransaction } from './in-transaction.js';

export interface GapCommitOptions {
  readonly definition: ListenerDefinition;
  readonly partition: AssignedPartition;
  readonly nextOffset: bigint;
  readonly committed: (partition: AssignedPartition) => Promise<bigint>;
  readonly stopping: AbortSignal;
}

const ASK_AGAIN_AFTER_MS = 250;

/**
 * Commits the offset behind markers and aborted records, which no record of a transactional listener carries: else there would be a lag for ever. In a transaction,
 * as all its offsets: a plain commit that arrives late could undo that of a later transaction. Never rejects; what fails is committed with the next record.
 */
export async function commitGap(options: GapCommitOptions): Promise<void> {
  const { committed, partition, stopping } = options;
  try {
    await inTransaction({ ...options, records: [] }, () => Promise.resolve());
  } catch (error) {
    if (!(error instanceof TransactionOutcomeUnknownError)) return;
    // It must have ended, either way, before the next one begins.
    while (!stopping.aborted && partition.isAssigned) {
      const isStable = await committed(partition).then(
        () => true,
        () => false,
      );
      if (isStable) return;
      await sleep(ASK_AGAIN_AFTER_MS, undefined, { ref: false });
    }
  }
}
