import type { OpenTransaction } from './open-transaction.js';
import type { DescribedTransaction, ProducerIdentity, TransactionProtocol } from './transaction-requests.js';

/** States of an aborted transaction, from the coordinator's decision to its last marker. */
const ABORTED: ReadonlySet<string> = new Set(['PrepareEpochFence', 'PrepareAbort', 'CompleteAbort']);
const COMMITTED: ReadonlySet<string> = new Set(['PrepareCommit', 'CompleteCommit']);

/** How far the clocks of this computer and of the brokers may be apart. */
const CLOCKS_APART_MS = 10_000;

/** What this producer knows of its last transaction. */
export interface FormerTransaction {
  readonly identity: ProducerIdentity;
  readonly protocol: TransactionProtocol;
  /** `transactionTimeoutMs` */
  readonly timeoutMs: number;
  readonly transaction: Pick<
    OpenTransaction,
    'endAskedAt' | 'isConfirmed' | 'isEndUncertain' | 'registeredAt' | 'startTimeMs'
  >;
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
export function isTakenOver(former: FormerTransaction, described: DescribedTransaction | null): boolean {
  if (described === null) return false;
  const { identity, protocol, transaction } = former;
  const isNext = described.producerId === identity.producerId && described.producerEpoch === identity.producerEpoch + 1;
  if (!isNext || !transaction.isConfirmed) return true;
  // With protocol 2 our own end has raised the epoch too; with protocol 1 only somebody else's commit could stand behind a higher one.
  if (protocol === 2) return !(ABORTED.has(described.state) || COMMITTED.has(described.state));
  if (!ABORTED.has(described.state)) return true;
  // With protocol 1 our own end, if it was carried out, has left the epoch: who came after it stands one epoch on, and what is aborted there may be theirs.
  return transaction.isEndUncertain && !isOurs(former, described);
}

/**
 * Whether the transaction that was aborted under the next epoch is ours. Kafka does not say whose it was, so its age has to tell: the coordinator has not timed ours
 * out before its timeout, and nobody else has begun one before the end of ours was asked for.
 */
function isOurs({ timeoutMs, transaction }: FormerTransaction, { startTimeMs }: DescribedTransaction): boolean {
  if (transaction.startTimeMs !== null) return startTimeMs === transaction.startTimeMs;
  if (Date.now() - transaction.registeredAt < timeoutMs - CLOCKS_APART_MS) return false;
  return Number(startTimeMs) < transaction.endAskedAt + CLOCKS_APART_MS;
}
