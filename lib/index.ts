// The public API. Everything else may change without notice.

// The module, and the producer it makes injectable.
export { KafkaProducerModule } from './producer/kafka-producer.module.js';
export { KafkaProducer } from './producer/kafka-producer.js';
export { InjectKafkaProducer } from './producer/inject-kafka-producer.decorator.js';
export { getKafkaProducerToken } from './producer/get-kafka-producer-token.js';
export type {
  KafkaProducerConfiguration,
  KafkaProducerModuleAsyncOptions,
  KafkaProducerModuleExtras,
  KafkaProducerModuleOptions,
  KafkaProducerOptionsFactory,
  KafkaTransactionsOptions,
} from './producer/kafka-producer-module-options.js';
export type { LogSink } from './wire/log-sink.js';
export type { KafkaClientOptions } from './wire/kafka-client-options.js';
export type { ProducerOptions } from './producer/producer-options.js';
export type { CompressionType } from './wire/compression/compression-codec.js';

// Records, and what becomes of them.
export type {
  DeliveryCallback,
  PartitionInfo,
  ProducerRecord,
  RecordHeaders,
  RecordHeaderValue,
  RecordMetadata,
} from './producer/record.js';
export type {
  ProducerMetrics,
  ProducerStatus,
  TopicDescription,
  TransactionPoolStatus,
} from './producer/producer-engine-api.js';

// Transactions.
export { Transactional, type TransactionalOptions } from './transactions/transactional.decorator.js';
export { KafkaTransactional } from './transactions/kafka-transactional.decorator.js';
export type {
  ConsumerGroupMetadata,
  ErrorMatcher,
  KafkaTransaction,
  Propagation,
  TopicPartitionOffset,
  TransactionOptions,
  TransactionWork,
} from './producer/transaction.js';

// Consumers: the transport, the decorator, what handlers get, and how to steer listeners.
export { KafkaTransportStrategy } from './consumer/nest/kafka-transport-strategy.js';
export type { KafkaTransportEvents, KafkaTransportStatus } from './consumer/nest/kafka-transport-strategy.js';
export { getKafkaTransportStrategyToken } from './consumer/nest/get-kafka-transport-strategy-token.js';
export { KafkaListener } from './consumer/nest/kafka-listener.decorator.js';
export type { KafkaListenerOptions } from './consumer/nest/kafka-listener-options.js';
export { KafkaContext } from './consumer/nest/kafka-context.js';
export { KafkaListenerRegistry, type KafkaConsumerStatus } from './consumer/nest/kafka-listener-registry.js';
export { InjectKafkaListenerRegistry } from './consumer/nest/inject-kafka-listener-registry.decorator.js';
export { getKafkaListenerRegistryToken } from './consumer/nest/get-kafka-listener-registry-token.js';
export type {
  CommitStrategyOption,
  ConsumerOptions,
  DeserializerOption,
  KafkaConsumerOptions,
  ListenerDefaults,
} from './consumer/consumer-options.js';
export type { AutoOffsetReset, IsolationLevel } from './consumer/consumer-config.js';
export type { ListenerConcurrency } from './consumer/listener-definition.js';
export type { ListenerHandle } from './consumer/container/listener-container-api.js';
export type {
  KafkaListenerEvent,
  KafkaListenerStatus,
  ListenerPartitionStatus,
  RecordEvent,
} from './consumer/listener-events.js';
export type { ConsumedHeader, ConsumedRecord } from './consumer/consumed-record.js';
export type { ConsumerEngineStatus, SeekTarget, TopicPartition } from './consumer/consumer-engine-api.js';

// Commit strategies: the contract, and those to name in options.
export type {
  CommitCallback,
  CommitSession,
  CommitStrategy,
  CommittedOffset,
  DoneRecords,
  ListenerOffsets,
} from './consumer/commit/commit-strategy.js';
export { AsyncCommitStrategy, type AsyncCommitOptions } from './consumer/commit/async-commit.strategy.js';
export { AutoCommitStrategy, type AutoCommitOptions } from './consumer/commit/auto-commit.strategy.js';
export { ManualCommitStrategy, type ManualCommitOptions } from './consumer/commit/manual-commit.strategy.js';
export { SyncCommitStrategy, type SyncCommitOptions } from './consumer/commit/sync-commit.strategy.js';
export type { CommitUnit } from './consumer/commit/strategy-options.js';
export { TransactionalCommitStrategy } from './consumer/commit/transactional-commit.strategy.js';

// What becomes of records whose handler fails.
export type {
  DeadLetterOptions,
  DeadLetterTopicFunction,
  RecoveryBackoffFunction,
  RecoveryBackoffOptions,
  RecoveryOptions,
} from './consumer/recovery/recovery-options.js';
export type { FailedRecord, RecoveryDecision, RecoveryPolicy } from './consumer/recovery/recovery-policy.js';

// Deserializers: the contract, and those with a name in options.
export type { Deserializer } from './consumer/deserializers/deserializer.js';
export type { DeserializerName } from './consumer/deserializers/named-deserializers.js';
export type { DecodedHeaders, DecodedHeaderValue } from './consumer/deserializers/decode-headers.js';
export type { DecodedRecord } from './consumer/deserializers/decode-record.js';
export { BufferDeserializer } from './consumer/deserializers/buffer.deserializer.js';
export { Float64Deserializer } from './consumer/deserializers/float64.deserializer.js';
export { Int32Deserializer } from './consumer/deserializers/int32.deserializer.js';
export { Int64Deserializer } from './consumer/deserializers/int64.deserializer.js';
export { JsonDeserializer } from './consumer/deserializers/json.deserializer.js';
export { StringDeserializer } from './consumer/deserializers/string.deserializer.js';

// Settings by Kafka's own dotted names.
export { fromKafkaProperties, type KafkaPropertiesOptions } from './producer/kafka-properties/from-kafka-properties.js';
export type { KafkaConsumerProperties } from './producer/kafka-properties/kafka-consumer-properties.js';
export { parseProperties } from './producer/kafka-properties/parse-properties.js';

// Instrumentation: who watches producers and listeners, and the figures they tell. `OpenTelemetryInstrumentation` is in nestjs-kafka-producer/opentelemetry.
export type {
  CommitObservation,
  CommitOperation,
  KafkaInstrumentation,
  ListenerIdentity,
  ObservedConsumers,
  ObservedProducer,
  ProcessObservation,
  ProcessOperation,
  ReceiveOperation,
  SendObservation,
  SendOperation,
  StopObserving,
} from './instrumentation/kafka-instrumentation.js';
export type {
  ConsumerMetrics,
  KafkaConsumerMetrics,
  KafkaGroupMetrics,
  KafkaListenerMetrics,
  ListenerPartitionMetrics,
} from './consumer/consumer-metrics.js';

// Interceptors.
export type { ProducerInterceptor } from './producer/producer-interceptor.js';

// Partitioners: the contract, the ones to name in options, and the hash for one's own.
export type { ClusterView, PartitionContext, Partitioner } from './producer/partitioners/partitioner.js';
export { Crc32Partitioner } from './producer/partitioners/crc32.partitioner.js';
export { DefaultPartitioner } from './producer/partitioners/default.partitioner.js';
export {
  ReservedKeyPartitioner,
  type ReservedKeyOptions,
  type ReservedKeys,
} from './producer/partitioners/reserved-key.partitioner.js';
export { RoundRobinPartitioner } from './producer/partitioners/round-robin.partitioner.js';
export { UniformStickyPartitioner } from './producer/partitioners/uniform-sticky.partitioner.js';
export { murmur2, toPositive } from './producer/partitioners/murmur2.js';

// Serializers: the contract, those without a name in options, and those with one.
export type { SerializedData, Serializer } from './producer/serializers/serializer.js';
export { DefaultKeySerializer } from './producer/serializers/default-key.serializer.js';
export { DefaultValueSerializer } from './producer/serializers/default-value.serializer.js';
export type { SerializerName } from './producer/serializers/named-serializers.js';
export { BufferSerializer } from './producer/serializers/buffer.serializer.js';
export { Float64Serializer } from './producer/serializers/float64.serializer.js';
export { Int32Serializer } from './producer/serializers/int32.serializer.js';
export { Int64Serializer } from './producer/serializers/int64.serializer.js';
export { RawBytes } from './producer/serializers/raw-bytes.js';
export { JsonSerializer } from './producer/serializers/json.serializer.js';
export { StringSerializer } from './producer/serializers/string.serializer.js';

// Errors. Decide by class and `retriable`, never by message.
export { KafkaError, type KafkaErrorDetails } from './wire/kafka-error.js';
export {
  BrokerUnavailableError,
  BufferExhaustedError,
  ConfigError,
  DeliveryError,
  DeliveryTimeoutError,
  InvalidPartitionError,
  InvalidRecordError,
  KafkaAuthenticationError,
  KafkaTimeoutError,
  ProducerClosedError,
  ProducerFatalError,
  RecordTooLargeError,
  SerializationError,
  UnknownTopicError,
  UnsupportedBrokerError,
} from './producer/errors.js';
export {
  CommitFailedError,
  IllegalTransactionStateError,
  ProducerFencedError,
  TransactionAbortedError,
  TransactionEndedError,
  TransactionOutcomeUnknownError,
  TransactionPoolExhaustedError,
  TransactionTimeoutError,
} from './producer/transaction-errors.js';
export { BatchRecordError } from './consumer/batch-record-error.js';
export { DeadLetterError } from './consumer/recovery/dead-letter-error.js';
export { DeserializationError } from './consumer/deserializers/deserialization-error.js';
export { ReplyError } from './consumer/nest/reply-error.js';
export { UndecodableRecordError } from './consumer/deserializers/undecodable-record-error.js';
export { UnsupportedOperationError } from './consumer/nest/unsupported-operation-error.js';
export {
  NoOffsetForPartitionError,
  OffsetOutOfRangeError,
  RebalanceInProgressError,
} from './consumer/internals/offsets/offset-errors.js';
export { BrokerResponseError } from './wire/broker-response-error.js';
export { BrokerConnectionError, RequestTimeoutError } from './wire/connection-errors.js';
export { CompressionCodecUnavailableError } from './wire/compression/compression-codec-unavailable-error.js';
export { SendAllError } from './producer/send-all-error.js';
