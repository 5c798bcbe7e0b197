import type { FaultAction, FaultPhase, KafkaApiName } from '../../lib/testing/index.js';
import type { TransactionFaultCase } from './transaction-fault-case.js';

/** A request of a transaction, and where it is met. */
export interface TransactionalRequest extends Pick<TransactionFaultCase, 'at' | 'end' | 'ofGroup' | 'rested'> {
  readonly title: string;
  readonly api: KafkaApiName;
  /** Codes of the protocol by what a producer does about them, beyond those that every one of these requests may get. */
  readonly retriable?: readonly number[];
  readonly abortable?: readonly number[];
}

const PHASES: readonly FaultPhase[] = ['request', 'response'];

export const TRANSACTIONAL_REQUESTS: readonly TransactionalRequest[] = [
  { title: 'FindCoordinator of the transactional id', api: 'FindCoordinator', at: 'start' },
  { title: 'FindCoordinator of the group', api: 'FindCoordinator', at: 'transaction', ofGroup: true },
  { title: 'InitProducerId', api: 'InitProducerId', at: 'start' },
  { title: 'AddPartitionsToTxn', api: 'AddPartitionsToTxn', at: 'transaction', retriable: [3], abortable: [48, 120] },
  { title: 'AddOffsetsToTxn', api: 'AddOffsetsToTxn', at: 'transaction', abortable: [48, 120] },
  {
    title: 'TxnOffsetCommit',
    api: 'TxnOffsetCommit',
    at: 'transaction',
    retriable: [3],
    abortable: [22, 25, 27, 82, 48, 120],
  },
  {
    title: 'Produce',
    api: 'Produce',
    at: 'transaction',
    retriable: [3, 5, 6, 19, 20, 51],
    abortable: [10, 45, 48, 87, 120],
  },
  { title: 'EndTxn of a commit', api: 'EndTxn', at: 'transaction', abortable: [48, 120] },
  { title: 'EndTxn of an abort', api: 'EndTxn', at: 'transaction', end: 'abort', abortable: [48, 120] },
];

/** With protocol 2, after a rest: AddPartitionsToTxn and AddOffsetsToTxn are not sent then. */
export const REQUESTS_AFTER_A_REST: readonly TransactionalRequest[] = TRANSACTIONAL_REQUESTS.filter(
  ({ api, at }) => at === 'transaction' && api !== 'AddPartitionsToTxn' && api !== 'AddOffsetsToTxn',
).map((request) => ({ ...request, title: `${request.title} after a rest`, rested: true }));

const COORDINATOR_CODES = [14, 15, 16, 51, 7];
const EPOCH_CODES = [47, 90];
const FATAL_CODES = [49, 53, 29, 30, 31];
const MESSAGE_TOO_LARGE = 10;

function caseOf(
  { title, api, at, end, ofGroup, rested }: TransactionalRequest,
  what: string,
  phase: FaultPhase,
  action: FaultAction,
  isHarmless: boolean,
): TransactionFaultCase {
  const outcome = isHarmless && end !== 'abort' ? 'committed' : 'aborted';
  return {
    name: `${title} ${what}`,
    fault: { api, phase, action },
    at,
    ...(end === undefined ? {} : { end }),
    ...(ofGroup === undefined ? {} : { ofGroup }),
    ...(rested === undefined ? {} : { rested }),
    expected: [outcome],
  };
}

/** Lost, reset and late, on the way there and on the way back: repeated, the request succeeds. */
export function networkFaults(request: TransactionalRequest): TransactionFaultCase[] {
  return PHASES.flatMap((phase) => [
    caseOf(request, `${phase} lost`, phase, 'drop', true),
    caseOf(request, `connection reset at the ${phase}`, phase, 'reset', true),
    fencesItself(caseOf(request, `${phase} later than its timeout`, phase, { delayMs: 1_300 }, true)),
  ]);
}

/** A request for a producer id takes the id over whenever it arrives, also from the producer that has sent it long ago: the transaction in which it does is aborted. */
function fencesItself(late: TransactionFaultCase): TransactionFaultCase {
  const { api, phase } = late.fault;
  return api === 'InitProducerId' && phase === 'request' ? { ...late, isHeld: true, expected: ['aborted'] } : late;
}

/** Answered with "try again", whether or not the broker has done it. */
export function retriableErrors(request: TransactionalRequest): TransactionFaultCase[] {
  const { api, retriable = [] } = request;
  const codes = api === 'Produce' ? [7, ...retriable] : [...COORDINATOR_CODES, ...retriable];
  return PHASES.flatMap((phase) =>
    codes.map((errorCode) => caseOf(request, `${phase} answered ${errorCode}`, phase, { errorCode }, true)),
  );
}

/** Refused: the transaction cannot commit, the producer goes on. */
export function finalErrors(request: TransactionalRequest): TransactionFaultCase[] {
  const { at, abortable = [] } = request;
  const codes = [...abortable, ...(request.api === 'FindCoordinator' ? [] : EPOCH_CODES), ...FATAL_CODES];
  return codes.map((errorCode) => {
    const refused = caseOf(request, `answered ${errorCode}`, 'request', { errorCode }, false);
    // Several records that are too large together are sent one by one; here each of them is.
    if (errorCode === MESSAGE_TOO_LARGE) return { ...refused, fault: { ...refused.fault, times: Infinity } };
    return at === 'start' ? madeAgain(refused) : refused;
  });
}

/** Never answered: within its limit the transaction is known not to be committed, or said to be unknown. */
export function endlessFaults(request: TransactionalRequest): TransactionFaultCase[] {
  return PHASES.map((phase) => {
    const lost: TransactionFaultCase = {
      ...caseOf(request, `every ${phase} lost`, phase, 'drop', false),
      fault: { api: request.api, phase, action: 'drop', times: Infinity },
      expected: request.api === 'EndTxn' && request.end !== 'abort' ? ['unknown'] : ['aborted'],
    };
    return request.at === 'start' ? madeAgain(lost) : lost;
  });
}

/** The transaction comes after the second start. */
function madeAgain(refusedStart: TransactionFaultCase): TransactionFaultCase {
  return { ...refusedStart, startFails: true, expected: ['committed'] };
}
