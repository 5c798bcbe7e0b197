import { setTimeout as delay } from 'node:timers/promises';
import { KafkaError } from '../wire/kafka-error.js';
import { messageOf } from './thrown.js';

const POLL_MS = 50;

/**
 * Runs a check again and again until it holds. An error it throws only matters once the limit is over (a broker may just be starting),
 * except a `KafkaError` that is not retriable: that one ends the waiting at once.
 * @param what what is waited for, for the message: `full ISR of topic orders`
 * @throws KafkaError when the limit is over
 */
export async function waitUntil(
  what: string,
  limitMs: number,
  check: () => boolean | Promise<boolean>,
  pollMs: number = POLL_MS,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  let lastError: unknown;
  for (;;) {
    try {
      if (await check()) return;
      lastError = undefined;
    } catch (error) {
      if (error instanceof KafkaError && !error.retriable) throw error;
      lastError = error;
    }
    if (Date.now() + pollMs > deadline) {
      const reason = lastError === undefined ? '' : ` (last: ${messageOf(lastError)})`;
      throw new KafkaError(`Waited ${limitMs} ms in vain for ${what}${reason}.`, { cause: lastError });
    }
    await delay(pollMs);
  }
}
