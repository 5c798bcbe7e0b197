import type { DescribedTransaction, ProducerIdentity, TransactionProtocol } from './transaction-requests.js';

/** States of an aborted transaction, from the coordinator's decision to its last marker. */
const ABORTED: ReadonlySet<string> = new Set(['PrepareEpochFence', 'PrepareAbort', 'CompleteAbort']);
const COMMITTED: ReadonlySet<string> = new Set(['PrepareCommit', 'CompleteCommit']);

/**
 * Whether another producer holds the transactional id, when the coordinator has refused ours. A coordinator that ends a transaction for its timeout raises the
 * epoch by one and leaves it aborted. A producer that takes over raises it by one more, or, when it found no transaction open, leaves the state `Empty` first; and it
 * cannot have found ours gone when ours was open.
 *
 * @param described what the coordinator knows, or null when it has forgotten the id (`transactional.id.expiration.ms`)
 */
export function isTakenOver(
  former: ProducerIdentity,
  described: DescribedTransaction | null,
  { protocol, isRegistered }: { readonly protocol: TransactionProtocol; readonly isRegistered: boolean },
): boolean {
  if (described === null) return false;
  const isNext = described.producerId === former.producerId && described.producerEpoch === former.producerEpoch + 1;
  if (!isNext || !isRegistered) return true;
  // With protocol 2 our own commit has raised the epoch too; with protocol 1 only somebody else's could stand behind a higher one.
  return !(ABORTED.has(described.state) || (protocol === 2 && COMMITTED.has(described.state)));
}
