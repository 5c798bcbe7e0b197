import type { ProducerOptions } from '../producer-options.js';
import type { KafkaConsumerProperties } from './kafka-consumer-properties.js';
import { partitionerClass, serializerClass, interceptorClasses } from './java-classes.js';
import { booleanProperty, integerProperty, listProperty, textProperty, wordProperty } from './property-values.js';

/** Turns the value given for one name into that of the option. */
type PropertyReader = (name: string, value: unknown) => unknown;

interface PropertyTarget<Options> {
  readonly option: keyof Options;
  readonly read: PropertyReader;
}

const acks: PropertyReader = (name, value) => (typeof value === 'number' ? value : textProperty(name, value));
const compression: PropertyReader = (name, value) => textProperty(name, value).toLowerCase();
const isolation: PropertyReader = (name, value) => wordProperty(name, value, ['read_uncommitted', 'read_committed']);
const texts: PropertyReader = (name, value) => listProperty(name, value).map((entry) => textProperty(name, entry));

const producer = (
  option: keyof ProducerOptions,
  read = integerProperty as PropertyReader,
): PropertyTarget<ProducerOptions> => ({
  option,
  read,
});
const consumer = (
  option: keyof KafkaConsumerProperties,
  read = integerProperty as PropertyReader,
): PropertyTarget<KafkaConsumerProperties> => ({ option, read });

/** Kafka's names of the producer's settings. */
export const PRODUCER_PROPERTIES: ReadonlyMap<string, PropertyTarget<ProducerOptions>> = new Map([
  ['acks', producer('acks', acks)],
  ['batch.size', producer('batchSize')],
  ['buffer.memory', producer('bufferMemory')],
  ['compression.type', producer('compression', compression)],
  ['connections.max.idle.ms', producer('connectionsMaxIdleMs')],
  ['delivery.timeout.ms', producer('deliveryTimeoutMs')],
  ['enable.idempotence', producer('enableIdempotence', booleanProperty)],
  ['interceptor.classes', producer('interceptors', interceptorClasses)],
  ['key.serializer', producer('keySerializer', serializerClass)],
  ['linger.ms', producer('lingerMs')],
  ['max.block.ms', producer('maxBlockMs')],
  ['max.in.flight.requests.per.connection', producer('maxInFlightRequestsPerConnection')],
  ['max.request.size', producer('maxRequestSize')],
  ['metadata.max.age.ms', producer('metadataMaxAgeMs')],
  ['metadata.max.idle.ms', producer('metadataMaxIdleMs')],
  ['partitioner.adaptive.partitioning.enable', producer('partitionerAdaptivePartitioningEnable', booleanProperty)],
  ['partitioner.availability.timeout.ms', producer('partitionerAvailabilityTimeoutMs')],
  ['partitioner.class', producer('partitioner', partitionerClass)],
  ['partitioner.ignore.keys', producer('partitionerIgnoreKeys', booleanProperty)],
  ['receive.buffer.bytes', producer('receiveBufferBytes')],
  ['reconnect.backoff.max.ms', producer('reconnectBackoffMaxMs')],
  ['reconnect.backoff.ms', producer('reconnectBackoffMs')],
  ['request.timeout.ms', producer('requestTimeoutMs')],
  ['retries', producer('retries')],
  ['retry.backoff.max.ms', producer('retryBackoffMaxMs')],
  ['retry.backoff.ms', producer('retryBackoffMs')],
  ['send.buffer.bytes', producer('sendBufferBytes')],
  ['socket.connection.setup.timeout.max.ms', producer('socketConnectionSetupTimeoutMaxMs')],
  ['socket.connection.setup.timeout.ms', producer('socketConnectionSetupTimeoutMs')],
  ['transaction.timeout.ms', producer('transactionTimeoutMs')],
  ['transactional.id', producer('transactionalId', textProperty)],
  ['value.serializer', producer('valueSerializer', serializerClass)],
]);

/** Kafka's names of the consumer's settings. Those that a producer has too are the producer's. */
export const CONSUMER_PROPERTIES: ReadonlyMap<string, PropertyTarget<KafkaConsumerProperties>> = new Map([
  ['allow.auto.create.topics', consumer('allowAutoCreateTopics', booleanProperty)],
  ['auto.commit.interval.ms', consumer('autoCommitIntervalMs')],
  ['auto.offset.reset', consumer('autoOffsetReset', textProperty)],
  ['client.rack', consumer('clientRack', textProperty)],
  ['enable.auto.commit', consumer('enableAutoCommit', booleanProperty)],
  ['fetch.max.bytes', consumer('fetchMaxBytes')],
  ['fetch.max.wait.ms', consumer('fetchMaxWaitMs')],
  ['fetch.min.bytes', consumer('fetchMinBytes')],
  ['group.id', consumer('groupId', textProperty)],
  ['group.instance.id', consumer('groupInstanceId', textProperty)],
  ['heartbeat.interval.ms', consumer('heartbeatIntervalMs')],
  ['isolation.level', consumer('isolationLevel', isolation)],
  ['max.partition.fetch.bytes', consumer('maxPartitionFetchBytes')],
  ['max.poll.interval.ms', consumer('maxPollIntervalMs')],
  ['max.poll.records', consumer('maxPollRecords')],
  ['partition.assignment.strategy', consumer('partitionAssignmentStrategy', texts)],
  ['session.timeout.ms', consumer('sessionTimeoutMs')],
]);

/** Names of Kafka's clients that have no meaning in Node or kafkajs; whole families end with a dot. */
const WITHOUT_MEANING: readonly string[] = [
  'auto.include.jmx.reporter',
  'bootstrap.resolve.timeout.ms',
  'buffer.memory.allocation.strategy',
  'client.dns.lookup',
  'config.providers',
  'enable.metrics.push',
  'key.deserializer',
  'metadata.recovery.rebootstrap.trigger.ms',
  'metadata.recovery.strategy',
  'metric.reporters',
  'metrics.num.samples',
  'metrics.recording.level',
  'metrics.sample.window.ms',
  'partitioner.rack.aware',
  'sasl.',
  'security.providers',
  'ssl.',
  'transaction.two.phase.commit.enable',
  'value.deserializer',
];

/** Whether Kafka knows the name, though it has no counterpart here. */
export function isWithoutMeaning(name: string): boolean {
  return WITHOUT_MEANING.some((known) => (known.endsWith('.') ? name.startsWith(known) : name === known));
}
