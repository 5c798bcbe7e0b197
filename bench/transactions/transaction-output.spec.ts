import { parseTransactionOutput } from './transaction-output.js';

// As TransactionPerformance printed it.
const RESULT =
  '{"transactions":3088,"seconds":4.000,"committed":3305,"errors":{"InvalidTxnStateException":1},"whole":{"p50Ms":0.634,"p99Ms":22.211},"commit":{"p50Ms":0.583,"p99Ms":22.153},"abort":{"p50Ms":0.294,"p99Ms":1.206}}';

describe('parseTransactionOutput', () => {
  it('reads the figures', () => {
    expect(parseTransactionOutput(RESULT)).toEqual({
      transactions: 3088,
      seconds: 4,
      committed: 3305,
      errors: { InvalidTxnStateException: 1 },
      whole: { p50Ms: 0.634, p99Ms: 22.211 },
      commit: { p50Ms: 0.583, p99Ms: 22.153 },
      abort: { p50Ms: 0.294, p99Ms: 1.206 },
    });
  });

  it.each([
    '[kafka-producer-network-thread] WARN something happened',
    '',
    'null',
    '[]',
    '12',
    RESULT.replace('3088', '"3088"'),
    RESULT.replace('"committed":3305,', ''),
    RESULT.replace('"p99Ms":22.153', '"p99Ms":null'),
    RESULT.replace('{"InvalidTxnStateException":1}', '{"InvalidTxnStateException":"once"}'),
  ])('passes over %j', (line) => {
    expect(parseTransactionOutput(line)).toBeNull();
  });
});
