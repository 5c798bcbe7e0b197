import type { ConsumedRecord } from '../../consumed-record.js';
import type { FailedRecord } from '../recovery-policy.js';

/** A record as it was fetched; what the test does not name does not matter to it. */
export function consumedRecord(given: Partial<ConsumedRecord> = {}): ConsumedRecord {
  return {
    topic: 'orders',
    partition: 2,
    offset: 42n,
    timestamp: 1_700_000_000_000,
    timestampType: 'CreateTime',
    leaderEpoch: 0,
    key: Buffer.from('key'),
    value: Buffer.from('value'),
    headers: [],
    sizeInBytes: 8,
    ...given,
  };
}

/** A record whose handler has failed once. */
export function failedRecord(given: Partial<FailedRecord> = {}): FailedRecord {
  return {
    record: consumedRecord(),
    error: new Error('boom'),
    attempts: 1,
    firstFailedAt: 1_700_000_005_000,
    groupId: 'shop',
    listenerId: 'Orders.onOrder',
    ...given,
  };
}
