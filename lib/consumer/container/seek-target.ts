import { KafkaError } from '../../wire/kafka-error.js';
import type { SeekTarget } from '../consumer-engine-api.js';
import type { ListenerSeekTarget } from './listener-container-api.js';

/** A place by its offset, or a time in milliseconds since the epoch. */
export type CheckedSeekTarget = SeekTarget | { readonly timestamp: number };

/** @throws KafkaError for what is no place to go on from */
export function checkSeekTarget(target: ListenerSeekTarget): CheckedSeekTarget {
  if (target === 'earliest' || target === 'latest') return target;
  if (typeof target === 'bigint' && target >= 0n) return target;
  if (typeof target === 'string' && /^\d+$/.test(target)) return BigInt(target);
  if (typeof target === 'object' && target !== null) {
    const timestamp = Number(target.timestamp);
    if (Number.isInteger(timestamp) && timestamp >= 0) return { timestamp };
  }
  throw new KafkaError(
    "seek goes to an offset (a bigint, or decimal as in status()), 'earliest', 'latest', or { timestamp } with a Date or milliseconds since 1970.",
  );
}
