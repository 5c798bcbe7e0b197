export { FaultProxy } from './fault-proxy.js';
export { FaultProxyError } from './fault-proxy-error.js';
export type {
  BrokerSelection,
  FaultProxyBroker,
  FaultProxyOptions,
  LatencyOptions,
  ProxyConnectionInfo,
} from './fault-proxy-options.js';
export type {
  DelayAction,
  ErrorAction,
  FaultAction,
  FaultDefinition,
  FaultPhase,
  HoldAction,
  ReplaceAction,
} from './fault.js';
export type { FaultRule } from './fault-rule.js';
export type { KafkaApiName } from './kafka-api.js';
export type { KafkaFrame } from './kafka-frame.js';
