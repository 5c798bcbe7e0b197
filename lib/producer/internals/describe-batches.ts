import type { ProducerBatch } from './producer-batch.js';

/** What the oldest of these batches waits for, for an error message; null when there are none. */
export function describeBatches(batches: Iterable<ProducerBatch>, now: number): string | null {
  let count = 0;
  let oldest: ProducerBatch | null = null;
  for (const batch of batches) {
    count++;
    if (oldest === null || batch.createdAt < oldest.createdAt) oldest = batch;
  }
  if (oldest === null) return null;
  const { attempts, createdAt, lastError, onWire, queue } = oldest;
  const where = onWire
    ? `unanswered by broker ${queue.sentTo} for ${now - queue.sentAt} ms`
    : `not on its way${queue.inFlight > 0 ? `, behind ${queue.inFlight} unanswered by broker ${queue.sentTo}` : ''}`;
  const failed = attempts === 0 ? '' : `, ${attempts} failed attempts, the last: ${lastError?.message ?? 'unknown'}`;
  return `${count} ${count === 1 ? 'batch' : 'batches'}, the oldest for ${queue.topic}-${queue.partition} (${now - createdAt} ms old, ${where}${failed})`;
}
