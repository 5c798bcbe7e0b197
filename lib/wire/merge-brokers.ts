import type { BrokerAddress } from './cluster-metadata.js';

/** Puts brokers named in a response beside those known, without losing any. */
export function mergeBrokers(known: Iterable<BrokerAddress>, named: readonly BrokerAddress[]): BrokerAddress[] {
  const merged = new Map<number, BrokerAddress>();
  for (const broker of known) merged.set(broker.nodeId, broker);
  for (const broker of named) merged.set(broker.nodeId, broker);
  return [...merged.values()];
}
