const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/**
 * The 32-bit MurmurHash2 that Kafka's clients place keys with (`org.apache.kafka.common.utils.Utils.murmur2`).
 *
 * @returns a signed 32-bit integer; `toPositive(hash) % partitionCount` is the key's partition
 */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  let hash = SEED ^ length;
  const blocksEnd = length & ~3;
  let at = 0;
  // The casts below are true: `at` stays under `length`. `?? 0` instead would cost a branch per byte.
  for (; at < blocksEnd; at += 4) {
    let block =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    block = Math.imul(block, MULTIPLIER);
    block ^= block >>> 24;
    block = Math.imul(block, MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ block;
  }
  const rest = length & 3;
  if (rest === 3) hash ^= (bytes[at + 2] as number) << 16;
  if (rest >= 2) hash ^= (bytes[at + 1] as number) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ (bytes[at] as number), MULTIPLIER);

  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/** Clears the sign bit, as Kafka does before the modulo (`Utils.toPositive`). Not `Math.abs`: that breaks at -2147483648. */
export function toPositive(hash: number): number {
  return hash & 0x7fffffff;
}
