import { TransactionOutcomeUnknownError } from '../../producer/transaction-errors.js';
import type { AssignedPartition } from '../consumer-engine-api.js';
import type { ListenerDefinition } from '../listener-definition.js';
import { aborted } from './aborted.js';
import { inTransaction } from './in-transaction.js';

export interface GapCommitOptions {
  readonly definition: ListenerDefinition;
  readonly partition: AssignedPartition;
  readonly nextOffset: bigint;
  readonly onCommitted: (offset: bigint) => void;
  readonly onOutcomeUnknown: () => void;
  readonly stopping: AbortSignal;
}

/**
 * Commits the offset behind markers and aborted records, which no record of a transactional listener carries: else there would be a lag for ever. In a transaction,
 * as all its offsets: a plain commit that arrives late could undo that of a later transaction. Never rejects; what fails is committed with the next record.
 */
export async function commitGap(options: GapCommitOptions): Promise<void> {
  const { onOutcomeUnknown, stopping } = options;
  try {
    await inTransaction({ ...options, records: [] }, () => Promise.resolve());
  } catch (error) {
    if (!(error instanceof TransactionOutcomeUnknownError)) return;
    // It must have ended, either way, before the next one begins.
    onOutcomeUnknown();
    await aborted(stopping);
  }
}
