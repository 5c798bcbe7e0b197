import type { FaultProxy, KafkaFrame } from '../../lib/testing/index.js';
import { apiNameOf } from '../../lib/testing/fault-proxy/kafka-api.js';

/** One request of a client, as a broker sees it. */
export interface SeenRequest {
  readonly api: string;
  readonly version: number;
}

/** Notes every request of one client from now on, in the order of their arrival; changes none. */
export function seeRequests(proxy: FaultProxy, clientId: string): SeenRequest[] {
  const seen: SeenRequest[] = [];
  const note = (frame: KafkaFrame): boolean => {
    if (frame.clientId === clientId) seen.push({ api: apiNameOf(frame.apiKey), version: frame.apiVersion });
    return false;
  };
  proxy.on({ phase: 'request', action: 'drop', times: Infinity, match: note });
  return seen;
}
