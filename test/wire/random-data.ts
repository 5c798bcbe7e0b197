import type { Random } from '../support/random.js';

const WORDS = ['{"id":', '"departure"', 'airport', ', ', 'ORD', 'ATL', '1234', 'true}', ' ', '"delay"'] as const;

/** A whole number from 0 up to, not including, `limit`. */
export function below(random: Random, limit: number): number {
  return random.integer(0, limit - 1);
}

/** Bytes that compress about as well as JSON does. */
export function compressibleText(random: Random, length: number): Buffer {
  const parts: string[] = [];
  for (let size = 0; size < length;) {
    const word = below(random, 8) === 0 ? String(below(random, 1e9)) : random.pick(WORDS);
    parts.push(word);
    size += word.length;
  }
  return Buffer.from(parts.join('')).subarray(0, length);
}
