import type { ClientListener, ClusterProfile, TestUser } from '../kafka-test-cluster-options.js';

/** What a provider has to set going: the options with their defaults filled in. */
export interface ProviderRequest {
  readonly brokers: 1 | 3;
  readonly kafkaVersion: string;
  readonly profile: ClusterProfile;
  readonly listeners: readonly ClientListener[];
  readonly users: readonly TestUser[];
  readonly brokerProperties: Readonly<Record<string, string>>;
  readonly faultProxy: boolean;
  readonly spareFaultListeners: number;
  readonly keepData: boolean;
}

export function needsTls(request: Pick<ProviderRequest, 'listeners'>): boolean {
  return request.listeners.some((name) => name === 'ssl' || name === 'sasl_ssl');
}
