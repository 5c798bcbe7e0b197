import { DeliveryError, RecordTooLargeError } from '../../producer/errors.js';
import { SendAllError } from '../../producer/send-all-error.js';
import { TransactionAbortedError, TransactionTimeoutError } from '../../producer/transaction-errors.js';
import { KafkaTimeoutError } from '../../wire/kafka-timeout-error.js';
import { isClusterTrouble } from './cluster-trouble.js';

const late = new KafkaTimeoutError('no broker');
const large = new RecordTooLargeError('too large');

function rejected(...reasons: readonly Error[]): SendAllError {
  const results = reasons.map((reason) => ({ status: 'rejected' as const, reason }));
  return new SendAllError('some failed', results, reasons[0]);
}

describe('the cluster is to blame', () => {
  it.each<[string, unknown]>([
    ['for an error of Kafka that may pass', late],
    ['for a transaction that the broker has aborted', new TransactionAbortedError('aborted')],
    ['for one that was aborted for such an error', new TransactionAbortedError('aborted', { cause: late })],
    ['for several records when all failed so', rejected(late, late)],
  ])('%s', (_name, error) => {
    expect(isClusterTrouble(error)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['for an error of the user', new Error('oops')],
    ['for one of the user that such an error has caused', new Error('oops', { cause: late })],
    ['for an error of Kafka that does not pass', large],
    ['for a refused record', new DeliveryError('refused')],
    ['for a transaction that took too long', new TransactionTimeoutError('too long')],
    ['for a transaction that was aborted for an error of the user', new TransactionAbortedError('a', { cause: large })],
    ['for several records when one failed otherwise', rejected(late, large)],
    ['for what is no error', 'oops'],
  ])('not %s', (_name, error) => {
    expect(isClusterTrouble(error)).toBe(false);
  });
});
