import type { DescribedTransaction, ProducerIdentity, TransactionProtocol } from './transaction-requests.js';

/** States of an aborted transaction, from the coordinator's decision to its last marker. */
const ABORTED: ReadonlySet<string> = new Set(['PrepareEpochFence', 'PrepareAbort', 'CompleteAbort']);
const COMMITTED: ReadonlySet<string> = new Set(['PrepareCommit', 'CompleteCommit']);

/** What this producer knows of its last transaction. */
export interface FormerTransaction {
  readonly identity: ProducerIdentity;
  /** The coordinator has known of it: a transaction whose first request was refused, or not answered, may never have been open. */
  readonly isConfirmed: boolean;
  readonly protocol: TransactionProtocol;
}

/** While a transaction is open its epoch is that of the producer which has begun it, and this one asks only when it has none open under another epoch than its own. */
export function isInUse(identity: ProducerIdentity, described: DescribedTransaction | null): boolean {
  if (described?.state !== 'Ongoing') return false;
  return described.producerId !== identity.producerId || described.producerEpoch !== identity.producerEpoch;
}

/**
 * Whether another producer holds the transactional id, when the coordinator has refused ours. A coordinator that ends a transaction for its timeout raises the
 * epoch by one and leaves it aborted. A producer that takes over raises it by one more, or, when it found no transaction open, leaves the state `Empty` first; and it
 * cannot have found ours gone when ours was open.
 *
 * @param described what the coordinator knows, or null when it has forgotten the id (`transactional.id.expiration.ms`)
 */
export function isTakenOver(
  { identity, isConfirmed, protocol }: FormerTransaction,
  described: DescribedTransaction | null,
): boolean {
  if (described === null) return false;
  const isNext = described.producerId === identity.producerId && described.producerEpoch === identity.producerEpoch + 1;
  if (!isNext || !isConfirmed) return true;
  // With protocol 2 our own commit has raised the epoch too; with protocol 1 only somebody else's could stand behind a higher one.
  return !(ABORTED.has(described.state) || (protocol === 2 && COMMITTED.has(described.state)));
}
