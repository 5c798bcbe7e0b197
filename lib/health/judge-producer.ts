import type { ProducerStatus } from '../producer/producer-engine-api.js';
import { HealthVerdict } from './health-verdict.js';
import type { ProducerHealthOptions } from './kafka-health-options.js';

/** Of a producer that is not alive a restart makes one that is; nothing else counts. */
export function judgeLiveness({ lastError, state, transactions }: ProducerStatus): HealthVerdict {
  const verdict = new HealthVerdict();
  if (state === 'failed') verdict.down(`It has failed for good: ${lastError ?? 'see the log.'}`);
  if (transactions?.fenced === true) {
    verdict.down(
      'Another process uses its transactionalIdPrefix and has taken over: no transaction will begin here again. Give each process a prefix of its own.',
    );
  }
  return verdict;
}

/** Whether records that are sent now will probably be stored in time. */
export function judgeReadiness(status: ProducerStatus, options: ProducerHealthOptions): HealthVerdict {
  const verdict = judgeLiveness(status);
  const { connectedBrokers, lastError, state } = status;
  if (state === 'starting' || state === 'closed')
    verdict.down(state === 'closed' ? 'It is closed.' : notStarted(status));
  if (state !== 'running') return verdict;
  // Without an error, connections have only been idle for too long.
  if (connectedBrokers === 0 && lastError !== null) verdict.down(`It is not connected to any broker: ${lastError}`);
  judgeMetadata(verdict, status, options);
  judgeRecords(verdict, status, options);
  if (status.waitingSends > 0 && status.bufferAvailableBytes < status.bufferTotalBytes / 100) {
    verdict.degraded(
      `${status.waitingSends} sends wait for memory: the application sends faster than the brokers store. Send less, or raise bufferMemory.`,
    );
  }
  return verdict;
}

/** Whether it has been connected once. */
export function judgeStartup(status: ProducerStatus): HealthVerdict {
  const verdict = judgeLiveness(status);
  if (status.state === 'starting') verdict.down(notStarted(status));
  return verdict;
}

function notStarted({ lastError }: ProducerStatus): string {
  return `It has not been connected yet${lastError === null ? '.' : `: ${lastError}`}`;
}

function judgeMetadata(
  verdict: HealthVerdict,
  { lastError, metadataAgeMs, metadataMaxAgeMs }: ProducerStatus,
  { maxMetadataAgeMs }: ProducerHealthOptions,
): void {
  const limit = maxMetadataAgeMs ?? 2 * metadataMaxAgeMs;
  if (metadataAgeMs === null || metadataAgeMs <= limit) return;
  verdict.down(`The cluster has not told of its brokers for ${metadataAgeMs} ms: ${lastError ?? 'nothing was asked'}`);
}

function judgeRecords(
  verdict: HealthVerdict,
  { deliveryTimeoutMs, lastError, oldestRecordAgeMs }: ProducerStatus,
  { maxOldestRecordAgeMs }: ProducerHealthOptions,
): void {
  const limit = maxOldestRecordAgeMs ?? deliveryTimeoutMs / 2;
  if (oldestRecordAgeMs <= limit) return;
  const why = lastError === null ? '' : ` The last error: ${lastError}`;
  verdict.down(
    `A record has waited ${oldestRecordAgeMs} ms to be stored; after deliveryTimeoutMs (${deliveryTimeoutMs} ms) it fails.${why}`,
  );
}
