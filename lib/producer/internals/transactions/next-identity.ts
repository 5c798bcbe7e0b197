import { UnsupportedBrokerError } from '../../../wire/connection-errors.js';
import type { LogSink } from '../../../wire/log-sink.js';
import type { OpenTransaction } from './open-transaction.js';
import { isInUse, isTakenOver } from './taken-over.js';
import { fenced, isEpochLost } from './transaction-failures.js';
import type {
  CallLimits,
  ProducerIdentity,
  TransactionalConfig,
  TransactionProtocol,
  TransactionRequests,
} from './transaction-requests.js';

export interface NextIdentityDependencies {
  readonly config: TransactionalConfig;
  readonly log: LogSink;
  readonly requests: TransactionRequests;
}

/** Where this producer stands: without an identity it has never begun. */
export interface FormerState {
  readonly identity: ProducerIdentity | null;
  readonly protocol: TransactionProtocol;
  readonly transaction: OpenTransaction;
}

/**
 * Gets a producer id and epoch. Asking for the epoch after the former one tells whether somebody else has taken over; a plain request would fence that one.
 * While a transaction is open the coordinator does not even compare the epochs, and ends it: so it is asked first whose that is.
 * @throws ProducerFencedError
 */
export async function nextIdentity(
  { config, log, requests }: NextIdentityDependencies,
  { identity, protocol, transaction }: FormerState,
  limits: CallLimits,
): Promise<ProducerIdentity> {
  if (identity === null) return requests.initProducerId(null, limits);
  const { transactionalId, transactionTimeoutMs: timeoutMs } = config;
  // Before Kafka 3.0 nobody can tell.
  const open = await requests.describe(limits).catch((cause: unknown) => {
    if (cause instanceof UnsupportedBrokerError) return null;
    throw cause;
  });
  if (isInUse(identity, open)) throw fenced(transactionalId, null);
  // It is ours, and the coordinator ends it now.
  if (open?.state === 'Ongoing') transaction.startTimeMs = open.startTimeMs;
  try {
    return await requests.initProducerId(identity, limits);
  } catch (error) {
    if (!isEpochLost(error)) throw error;
    const described = await requests.describe(limits).catch((cause: unknown) => {
      // The cautious answer is yes.
      throw cause instanceof UnsupportedBrokerError ? fenced(transactionalId, error) : cause;
    });
    if (isTakenOver({ identity, protocol, timeoutMs, transaction }, described)) throw fenced(transactionalId, error);
    log.warn(
      `The coordinator has ended a transaction of ${transactionalId} itself; the producer goes on under a new epoch.`,
    );
    return requests.initProducerId(null, limits);
  }
}
