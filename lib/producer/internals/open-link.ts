import { ClusterLink } from '../../wire/cluster-link.js';
import type { ProducerEngineDependencies } from '../producer-engine-api.js';

/** A link to the producer's cluster, by the producer's settings. */
export function openLink(
  { client, config, log }: Pick<ProducerEngineDependencies, 'client' | 'config' | 'log'>,
  onChange: () => void,
): ClusterLink {
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
