import { BrokerResponseError } from './broker-response-error.js';
import { ErrorCode, isRetriableCategory, knownErrorCodes, lookupErrorCode, type ErrorCategory } from './error-codes.js';
import { KafkaError } from './kafka-error.js';

describe('error codes', () => {
  it('knows every code of Kafka 4.3 once, -1 to 133', () => {
    const codes = knownErrorCodes().map((info) => info.code);
    expect(codes).toEqual(Array.from({ length: 135 }, (_, index) => index - 1));
  });

  it.each<[number, string, ErrorCategory]>([
    [0, 'NONE', 'none'],
    [-1, 'UNKNOWN_SERVER_ERROR', 'non-retriable'],
    [2, 'CORRUPT_MESSAGE', 'retriable'],
    [3, 'UNKNOWN_TOPIC_OR_PARTITION', 'refresh-retriable'],
    [6, 'NOT_LEADER_OR_FOLLOWER', 'refresh-retriable'],
    [7, 'REQUEST_TIMED_OUT', 'retriable'],
    [10, 'MESSAGE_TOO_LARGE', 'non-retriable'],
    [14, 'COORDINATOR_LOAD_IN_PROGRESS', 'retriable'],
    [16, 'NOT_COORDINATOR', 'refresh-retriable'],
    [19, 'NOT_ENOUGH_REPLICAS', 'retriable'],
    [22, 'ILLEGAL_GENERATION', 'abortable'],
    [29, 'TOPIC_AUTHORIZATION_FAILED', 'non-retriable'],
    [31, 'CLUSTER_AUTHORIZATION_FAILED', 'fatal'],
    [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'abortable'],
    [46, 'DUPLICATE_SEQUENCE_NUMBER', 'non-retriable'],
    [47, 'INVALID_PRODUCER_EPOCH', 'abortable'],
    [51, 'CONCURRENT_TRANSACTIONS', 'retriable'],
    [53, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'fatal'],
    [56, 'KAFKA_STORAGE_ERROR', 'refresh-retriable'],
    [75, 'UNKNOWN_LEADER_EPOCH', 'retriable'],
    [90, 'PRODUCER_FENCED', 'fatal'],
    [120, 'TRANSACTION_ABORTABLE', 'abortable'],
  ])('classes %i as %s, %s', (code, name, category) => {
    expect(lookupErrorCode(code)).toMatchObject({ code, name, category });
  });

  it('names codes for programs', () => {
    expect(ErrorCode.NOT_LEADER_OR_FOLLOWER).toBe(6);
    expect(ErrorCode.TRANSACTION_ABORTABLE).toBe(120);
  });

  it('gives every error but NONE something to do, in whole sentences', () => {
    for (const { code, hint } of knownErrorCodes()) {
      if (code === 0) expect(hint).toBe('');
      else expect(hint).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('takes codes it does not know for non-retriable', () => {
    expect(lookupErrorCode(999)).toMatchObject({ code: 999, name: 'UNKNOWN_999', category: 'non-retriable' });
  });
});

describe('BrokerResponseError', () => {
  it('says which API, code and partition, what the broker wrote, and what to do', () => {
    const error = new BrokerResponseError(87, { api: 'Produce', topic: 'orders', partition: 3, detail: 'no key' });
    expect(error.message).toMatch(/^Produce answered INVALID_RECORD \(87\) for orders-3: no key\. The broker refused/);
    expect(error).toMatchObject({
      name: 'BrokerResponseError',
      code: 87,
      codeName: 'INVALID_RECORD',
      category: 'non-retriable',
      retriable: false,
      topic: 'orders',
      partition: 3,
    });
    expect(error).toBeInstanceOf(KafkaError);
  });

  it('is retriable exactly where the category is', () => {
    for (const { code, category } of knownErrorCodes()) {
      expect(new BrokerResponseError(code).retriable).toBe(isRetriableCategory(category));
    }
  });

  it('keeps the cause', () => {
    const cause = new Error('below');
    expect(new BrokerResponseError(7, { cause }).cause).toBe(cause);
  });

  it('reads as text without any detail', () => {
    expect(new BrokerResponseError(999).message).toMatch(/^The broker answered UNKNOWN_999 \(999\)\. /);
  });
});
