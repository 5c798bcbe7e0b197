// Package entry `nestjs-kafka-producer/testing`: real Apache Kafka for tests, and faults on demand.

// The cluster
export { KafkaTestCluster } from './kafka-test-cluster.js';
export { KafkaClusterView } from './kafka-cluster-view.js';
export { TestBroker } from './test-broker.js';
export type {
  ClientListener,
  ClusterProfile,
  ClusterProvider,
  KafkaTestClusterOptions,
  ListenerName,
  SaslMechanism,
  TestTopic,
  TestUser,
} from './kafka-test-cluster-options.js';
export type { BrokerState } from './test-broker.js';
export type { ClusterClientConfig } from './kafka-cluster-view.js';
export type { BrokerDescription, ClusterDescription, ListenerAddress } from './cluster/cluster-description.js';
export type { JavaToolOptions, JavaToolResult } from './providers/java-tools.js';

// What is stored
export type { StoredRecord } from './reading/stored-record.js';
export type { ReadTopicOptions } from './reading/topic-reader.js';
export type { CoordinatorType, Isolation } from './reading/broker-requests.js';

// Errors
export { FaultNotSupportedError, KafkaTestClusterStartError, KafkaTestClusterUnavailableError } from './errors.js';
export type { ProviderProbe } from './errors.js';

// Faults
export { FaultProxy, FaultProxyError } from './fault-proxy/index.js';
export type {
  BrokerSelection,
  DelayAction,
  ErrorAction,
  FaultAction,
  FaultDefinition,
  FaultPhase,
  FaultProxyBroker,
  FaultProxyOptions,
  FaultRule,
  HoldAction,
  KafkaApiName,
  KafkaFrame,
  LatencyOptions,
  ProxyConnectionInfo,
  ReplaceAction,
} from './fault-proxy/index.js';

// Waiting without sleeping
export type { LogSink } from '../wire/log-sink.js';
export { waitUntil } from './wait-until.js';
