import { describe, expect, it } from '@jest/globals';
import type { ProducerStatus, TransactionPoolStatus } from '../producer/producer-engine-api.js';
import { runningStatus } from '../producer/spec-support/running-status.js';
import { judgeLiveness, judgeReadiness, judgeStartup } from './judge-producer.js';

const POOL: TransactionPoolStatus = {
  poolSize: 2,
  leased: 0,
  waiting: 0,
  fenced: false,
  failed: 0,
  lastError: null,
  oldestPendingMs: 0,
  pendingWork: [],
};
const OUTAGE = { connectedBrokers: 0, lastError: 'No Kafka broker could be reached.' };

function statuses(changes: Partial<ProducerStatus>): { live: string; ready: string; started: string } {
  const status = runningStatus(changes);
  return {
    live: judgeLiveness(status).status,
    ready: judgeReadiness(status, {}).status,
    started: judgeStartup(status).status,
  };
}

describe('a producer', () => {
  it.each<[string, Partial<ProducerStatus>, string, string, string]>([
    ['that runs', {}, 'up', 'up', 'up'],
    ['that has not been connected yet', { state: 'starting', metadataAgeMs: null }, 'up', 'down', 'down'],
    ['that is closed', { state: 'closed' }, 'up', 'down', 'up'],
    ['that has failed for good', { state: 'failed' }, 'down', 'down', 'down'],
    ['without brokers', OUTAGE, 'up', 'down', 'up'],
    ['whose connections have rested for too long', { connectedBrokers: 0 }, 'up', 'up', 'up'],
    ['that knows little of its cluster', { metadataAgeMs: 600_001 }, 'up', 'down', 'up'],
    ['with a record that has waited long', { oldestRecordAgeMs: 60_001 }, 'up', 'down', 'up'],
    ['with a record that waits', { oldestRecordAgeMs: 60_000 }, 'up', 'up', 'up'],
    ['without memory', { waitingSends: 3, bufferAvailableBytes: 100 }, 'up', 'degraded', 'up'],
    ['that waits for a topic', { waitingSends: 3 }, 'up', 'up', 'up'],
    ['that is fenced', { transactions: { ...POOL, fenced: true } }, 'down', 'down', 'down'],
    ['one of whose transactional producers has failed', { transactions: { ...POOL, failed: 1 } }, 'up', 'up', 'up'],
  ])('%s is live, ready and started, or not', (_name, changes, live, ready, started) => {
    expect(statuses(changes)).toEqual({ live, ready, started });
  });

  it('is measured by the limits that were given', () => {
    const status = runningStatus({ oldestRecordAgeMs: 2_000, metadataAgeMs: 3_000 });
    expect(judgeReadiness(status, { maxOldestRecordAgeMs: 2_000, maxMetadataAgeMs: 3_000 }).problems).toEqual([]);
    expect(judgeReadiness(status, { maxOldestRecordAgeMs: 1_999, maxMetadataAgeMs: 2_999 }).problems).toEqual([
      expect.stringContaining('for 3000 ms'),
      expect.stringContaining('A record has waited 2000 ms'),
    ]);
  });

  it('says why', () => {
    expect(judgeReadiness(runningStatus(OUTAGE), {}).problems).toEqual([
      'It is not connected to any broker: No Kafka broker could be reached.',
    ]);
  });
});
