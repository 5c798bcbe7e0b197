import type { BrokerPlan } from '../cluster/server-properties.js';
import type { BrokerDescription, ListenerAddress } from '../cluster/cluster-description.js';
import type { ClientListener, ListenerName } from '../kafka-test-cluster-options.js';
import type { PortBlock } from './port-block.js';

const HOST = '127.0.0.1';

/** What a cluster needs ports for. */
export interface LayoutRequest {
  readonly brokers: number;
  readonly listeners: readonly ClientListener[];
  readonly faultProxy: boolean;
  readonly spareFaultListeners: number;
}

/** Gives every listener of every broker its port; clients of a fault listener are told another one, where the proxy is. */
export async function planBrokers(request: LayoutRequest, ports: PortBlock): Promise<BrokerPlan[]> {
  const names: ListenerName[] = [...new Set<ClientListener>(['plaintext', ...request.listeners])];
  if (request.faultProxy) names.push('fault');
  for (let i = 1; i <= request.spareFaultListeners; i++) names.push(`fault${i}`);

  const plans: BrokerPlan[] = [];
  for (let nodeId = 1; nodeId <= request.brokers; nodeId++) {
    const listeners = new Map<ListenerName, ListenerAddress>();
    for (const name of names) {
      const port = await ports.take();
      const advertisedPort = name.startsWith('fault') ? await ports.take() : port;
      listeners.set(name, { host: HOST, port, advertisedPort });
    }
    plans.push({ nodeId, controllerHost: HOST, controllerPort: await ports.take(), internal: null, listeners });
  }
  return plans;
}

/** The part of a plan that clients need. */
export function describeBroker(plan: BrokerPlan): BrokerDescription {
  return { nodeId: plan.nodeId, listeners: Object.fromEntries(plan.listeners) };
}
