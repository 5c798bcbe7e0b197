import type { RecordMetadata } from '../record.js';
import type { Reject, Resolve } from './producer-batch.js';

const ignore = (): void => undefined;

/**
 * Tells a sender that its record has failed. A promise is settled through its `resolve` alone, so that no second function has to be kept for each
 * record on its way.
 */
export function rejectDelivery(error: Error, metadata: RecordMetadata, resolve: Resolve, reject: Reject | null): void {
  if (reject !== null) {
    reject(error, metadata);
    return;
  }
  const rejection = Promise.reject(error);
  // The sender's own promise takes the rejection over; whoever leaves that one unhandled still hears of it.
  rejection.catch(ignore);
  resolve(rejection);
}
