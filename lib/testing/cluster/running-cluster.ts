import type { BrokerHandle } from '../providers/broker-handle.js';
import type { ClusterDescription } from './cluster-description.js';

/** Brokers that a provider has set going, with everything that has to be given back at the end. */
export interface RunningCluster {
  readonly description: ClusterDescription;
  readonly brokers: readonly BrokerHandle[];
  /** Holds logs, properties and data. */
  readonly directory: string;
  /** Ends the brokers, frees ports, timers and processes, and removes the directory as far as it is not to be kept. */
  dispose(options: { readonly keep: 'nothing' | 'logs' | 'all' }): Promise<void>;
}
