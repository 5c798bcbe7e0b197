import { ClusterLink } from './cluster-link.js';
import type { KafkaClientOptions } from './kafka-client-options.js';
import type { LogSink } from './log-sink.js';

/** The settings of a client that concern its connections, by the names of producers and consumers. */
export interface ConnectionConfig {
  readonly clientId: string;
  readonly socketConnectionSetupTimeoutMs: number;
  readonly connectionsMaxIdleMs: number;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMaxMs: number;
}

export interface LinkOwner {
  readonly client: KafkaClientOptions;
  readonly config: ConnectionConfig;
  readonly log: LogSink;
}

/** A link to a cluster by the settings of the client that owns it. */
export function openLink({ client, config, log }: LinkOwner, onChange: () => void): ClusterLink {
  return new ClusterLink({
    client,
    clientId: config.clientId,
    log,
    connectionSetupTimeoutMs: config.socketConnectionSetupTimeoutMs,
    connectionsMaxIdleMs: config.connectionsMaxIdleMs,
    reconnectBackoffMs: config.reconnectBackoffMs,
    reconnectBackoffMaxMs: config.reconnectBackoffMaxMs,
    onChange,
  });
}
