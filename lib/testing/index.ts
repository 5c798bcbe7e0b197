// Package entry `nestjs-kafka-producer/testing`: a producer for unit tests, real Apache Kafka for all others, and faults on demand.

// Without a broker
export { RecordingKafkaProducer } from './recording/recording-kafka-producer.js';
export type { RecordingKafkaProducerOptions } from './recording/recording-kafka-producer-options.js';
export type { RecordedRecord, RecordState } from './recording/recorded-record.js';
export type {
  RecordedOffsets,
  RecordedTransaction,
  RecordedTransactionState,
} from './recording/recorded-transaction.js';
export type {
  ScriptedCall,
  ScriptedCalls,
  ScriptedFailure,
  ScriptedFailureOptions,
} from './recording/scripted-failure.js';

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
