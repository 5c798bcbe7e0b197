import type { ConsumedHeader } from '../consumed-record.js';
import { deadLetterHeaders } from './dead-letter-headers.js';
import type { FailedRecord } from './recovery-policy.js';
import { consumedRecord, failedRecord } from './spec-support/failed-record.js';

const ALL = { stack: false, onlyEssential: false };
const WITH_STACK = { stack: true, onlyEssential: false };
const ESSENTIAL = { stack: true, onlyEssential: true };

class PaymentError extends Error {}

function header(key: string, value: string | Buffer | null): ConsumedHeader {
  return { key, value: typeof value === 'string' ? Buffer.from(value) : value };
}

/** As `[name, text]`, in their order. */
function texts(failed: FailedRecord, options = ALL): [string, string | null][] {
  return deadLetterHeaders(failed, options).map(({ key, value }) => [key, value === null ? null : value.toString()]);
}

function valueOf(failed: FailedRecord, name: string, options = ALL): Buffer {
  const found = deadLetterHeaders(failed, options).filter(({ key }) => key === name);
  if (found.length !== 1 || !found[0]?.value) throw new Error(`${found.length} headers ${name}`);
  return found[0].value;
}

const withMessage = (message: string): FailedRecord => failedRecord({ error: new Error(message) });

/** The record as it was read from the topic of its first dead letter. */
function secondRound(headers: readonly ConsumedHeader[] = []): FailedRecord {
  const first = failedRecord({
    record: consumedRecord({ headers: [header('trace', 'abc')] }),
    error: new PaymentError('no money'),
    attempts: 10,
  });
  return failedRecord({
    record: consumedRecord({
      topic: 'orders-dlt',
      partition: 1,
      offset: 7n,
      timestamp: 1_800_000_000_000,
      headers: [...deadLetterHeaders(first, WITH_STACK), ...headers],
    }),
    error: new RangeError('still none'),
    attempts: 2,
    firstFailedAt: 1_800_000_001_000,
    groupId: 'repair',
    listenerId: 'Repair.onOrder',
  });
}

describe('the headers of a dead letter', () => {
  it('say as text where the record stood, who gave it up, and why', () => {
    const failed = failedRecord({ error: new PaymentError('no möney'), attempts: 10 });

    expect(texts(failed)).toEqual([
      ['dlt-original-topic', 'orders'],
      ['dlt-original-partition', '2'],
      ['dlt-original-offset', '42'],
      ['dlt-original-timestamp', '1700000000000'],
      ['dlt-consumer-group', 'shop'],
      ['dlt-listener', 'Orders.onOrder'],
      ['dlt-error-class', 'PaymentError'],
      ['dlt-error-message', 'no möney'],
      ['dlt-attempts', '10'],
      ['dlt-first-failed-at', '1700000005000'],
    ]);
  });

  it("stand behind the record's own, which are left as they are", () => {
    const own = [
      header('a', Buffer.from([0xff, 0])),
      header('b', null),
      header('a', ''),
      header('dlt-attempts', 'a name like ours'),
    ];
    const failed = failedRecord({ record: consumedRecord({ headers: own }) });

    expect(deadLetterHeaders(failed, ALL).slice(0, 4)).toEqual(own);
    expect(deadLetterHeaders(failed, ALL)).toHaveLength(4 + 10);
  });

  it('hold the stack only where it was asked for', () => {
    const error = new PaymentError('no money');

    expect(texts(failedRecord({ error })).map(([name]) => name)).not.toContain('dlt-error-stack');
    expect(valueOf(failedRecord({ error }), 'dlt-error-stack', WITH_STACK).toString()).toBe(error.stack);
    expect(texts(failedRecord({ error: 'no error' }), WITH_STACK).map(([name]) => name)).not.toContain(
      'dlt-error-stack',
    );
  });

  it.each([
    ['a text', 'string', 'a text'],
    [undefined, 'undefined', ''],
    [null, 'null', ''],
    [42, 'number', ''],
    [{ status: 'error', message: 'Internal server error' }, 'Object', 'Internal server error'],
    [[1, 2], 'Array', ''],
    [Object.create(null), 'Object', ''],
  ])('describe %p that was thrown in place of an error', (error, errorClass, message) => {
    expect(valueOf(failedRecord({ error }), 'dlt-error-class').toString()).toBe(errorClass);
    expect(valueOf(failedRecord({ error }), 'dlt-error-message').toString()).toBe(message);
  });

  it('do without the words of an error that does not let itself be read', () => {
    const error = {
      get message(): string {
        throw new Error('not readable');
      },
    };

    expect(valueOf(failedRecord({ error }), 'dlt-error-class').toString()).toBe('object');
    expect(valueOf(failedRecord({ error }), 'dlt-error-message')).toHaveLength(0);
  });

  it('cut a long message, between characters', () => {
    expect(valueOf(withMessage('x'.repeat(1_024)), 'dlt-error-message')).toHaveLength(1_024);
    expect(valueOf(withMessage('x'.repeat(1_025)), 'dlt-error-message')).toHaveLength(1_024);
    // Three bytes each, then four: 1024 is no multiple of three, and in the middle of the second.
    expect(valueOf(withMessage('한'.repeat(1_000)), 'dlt-error-message').toString()).toBe('한'.repeat(341));
    expect(valueOf(withMessage(`xx${'😀'.repeat(600)}`), 'dlt-error-message').toString()).toBe(`xx${'😀'.repeat(255)}`);
    expect(valueOf(withMessage(`${'x'.repeat(1_023)}😀`), 'dlt-error-message').toString()).toBe('x'.repeat(1_023));
  });

  it('cut a long stack', () => {
    const error = Object.assign(new Error('x'), { stack: 's'.repeat(100_000) });

    expect(valueOf(failedRecord({ error }), 'dlt-error-stack', WITH_STACK)).toHaveLength(8_192);
  });

  it('are the place and the class of the error alone where there is no room', () => {
    expect(texts(failedRecord(), ESSENTIAL)).toEqual([
      ['dlt-original-topic', 'orders'],
      ['dlt-original-partition', '2'],
      ['dlt-original-offset', '42'],
      ['dlt-original-timestamp', '1700000000000'],
      ['dlt-error-class', 'Error'],
    ]);
  });
});

describe('the headers of a dead letter that was one before', () => {
  it('keep where the record stood first, tell where it stood now, and replace what was about the failure', () => {
    expect(texts(secondRound())).toEqual([
      ['trace', 'abc'],
      ['dlt-original-topic', 'orders'],
      ['dlt-original-partition', '2'],
      ['dlt-original-offset', '42'],
      ['dlt-original-timestamp', '1700000000000'],
      ['dlt-first-failed-at', '1700000005000'],
      ['dlt-source-topic', 'orders-dlt'],
      ['dlt-source-partition', '1'],
      ['dlt-source-offset', '7'],
      ['dlt-consumer-group', 'repair'],
      ['dlt-listener', 'Repair.onOrder'],
      ['dlt-error-class', 'RangeError'],
      ['dlt-error-message', 'still none'],
      ['dlt-attempts', '2'],
    ]);
  });

  it.each([
    [[header('dlt-original-topic', 'x'), header('dlt-attempts', '1')]],
    [[header('dlt-original-topic', null), header('dlt-original-partition', '1'), header('dlt-original-offset', '1')]],
  ])('take less than a place for names of somebody else, which stay before ours: %p', (headers) => {
    const failed = failedRecord({ record: consumedRecord({ headers }) });

    expect(deadLetterHeaders(failed, ALL).slice(0, headers.length)).toEqual(headers);
    expect(texts(failed).slice(headers.length)).toEqual(texts(failedRecord()));
  });

  it('do not grow from round to round', () => {
    let failed = secondRound([header('own', 'x')]);
    const { length } = texts(failed);
    for (let round = 0; round < 3; round++) {
      failed = failedRecord({ record: consumedRecord({ headers: deadLetterHeaders(failed, ALL) }) });
      expect(texts(failed)).toHaveLength(length);
    }
  });

  it('keep the first place where there is no room for more', () => {
    expect(texts(secondRound(), ESSENTIAL)).toEqual([
      ['trace', 'abc'],
      ['dlt-original-topic', 'orders'],
      ['dlt-original-partition', '2'],
      ['dlt-original-offset', '42'],
      ['dlt-original-timestamp', '1700000000000'],
      ['dlt-first-failed-at', '1700000005000'],
      ['dlt-source-topic', 'orders-dlt'],
      ['dlt-source-partition', '1'],
      ['dlt-source-offset', '7'],
      ['dlt-error-class', 'RangeError'],
    ]);
  });
});
