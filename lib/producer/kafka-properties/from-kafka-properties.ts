import type { KafkaClientOptions } from '../../wire/kafka-client-options.js';
import type { LogSink } from '../../wire/log-sink.js';
import { ConfigError } from '../errors.js';
import type { ProducerOptions } from '../producer-options.js';
import type { KafkaConsumerProperties } from './kafka-consumer-properties.js';
import { CONSUMER_PROPERTIES, isWithoutMeaning, PRODUCER_PROPERTIES } from './property-table.js';
import { integerProperty, listProperty, textProperty } from './property-values.js';
import { readSecurity, SECURITY_PROPERTIES } from './security-properties.js';

/** What `fromKafkaProperties` returns: the parts of `KafkaProducerModule.forRoot`. */
export interface KafkaPropertiesOptions {
  /** `brokers` is empty when `bootstrap.servers` was not given; the module then refuses to start. */
  readonly client: KafkaClientOptions;
  readonly producer: ProducerOptions;
  /** Only if a setting of the consumer was given. */
  readonly consumer?: KafkaConsumerProperties;
  /** Names that are unknown, or have no meaning in Node, and settings that are not used. Already written to `log`, if given. */
  readonly warnings: readonly string[];
}

/** Settings that stand beside the tables: the client's, and levels that belong to one codec. */
const OTHER_PROPERTIES: ReadonlySet<string> = new Set([
  'bootstrap.servers',
  'client.id',
  'compression.gzip.level',
  'compression.lz4.level',
  'compression.zstd.level',
]);

/**
 * Reads settings by Kafka's own dotted names, as in a `.properties` file (`parseProperties`) or a map of environment variables. Values
 * are text or of their own type; `undefined` and null count as not given.
 *
 * ```ts
 * const { client, producer } = fromKafkaProperties({ 'bootstrap.servers': '127.0.0.1:9092', 'linger.ms': '20' });
 * KafkaProducerModule.forRoot({ client, producer });
 * ```
 *
 * @param log where warnings go; without it, look at `warnings` in the result
 * @throws ConfigError naming the property: a value of the wrong type, a Java class that has no counterpart, a key store that Node
 * cannot read. Limits and rules between settings are checked at start-up.
 */
export function fromKafkaProperties(
  properties: Readonly<Record<string, unknown>>,
  log?: LogSink,
): KafkaPropertiesOptions {
  if (typeof properties !== 'object' || properties === null) {
    throw new ConfigError(
      "fromKafkaProperties takes an object by Kafka's names, e.g. { 'linger.ms': '5' }; parseProperties reads text.",
      'properties',
      undefined,
      'TYPE',
    );
  }
  const given = new Map(Object.entries(properties).filter(([, value]) => value !== undefined && value !== null));
  const warnings: string[] = [];
  const producer: Record<string, unknown> = {};
  const consumer: Record<string, unknown> = {};
  for (const [name, value] of given) {
    const ofProducer = PRODUCER_PROPERTIES.get(name);
    if (ofProducer !== undefined) producer[ofProducer.option] = ofProducer.read(name, value);
    const ofConsumer = CONSUMER_PROPERTIES.get(name);
    if (ofConsumer !== undefined) consumer[ofConsumer.option] = ofConsumer.read(name, value);
  }
  readCompressionLevel(given, producer);
  const client = readClient(given, warnings);
  warnings.push(...warningsForNames(given.keys()));
  for (const warning of warnings) log?.warn(warning);
  return {
    client,
    producer: producer as ProducerOptions,
    ...(Object.keys(consumer).length > 0 ? { consumer: consumer as KafkaConsumerProperties } : {}),
    warnings,
  };
}

/** As in Java, the level of a codec that is not the chosen one is left aside. */
function readCompressionLevel(given: ReadonlyMap<string, unknown>, producer: Record<string, unknown>): void {
  for (const codec of ['gzip', 'lz4', 'zstd']) {
    const name = `compression.${codec}.level`;
    if (!given.has(name)) continue;
    const level = integerProperty(name, given.get(name));
    if (producer['compression'] === codec) producer['compressionLevel'] = level;
  }
}

function readClient(given: ReadonlyMap<string, unknown>, warnings: string[]): KafkaClientOptions {
  const clientId = given.get('client.id');
  return {
    brokers: readBrokers(given.get('bootstrap.servers'), warnings),
    ...(clientId === undefined ? {} : { clientId: textProperty('client.id', clientId) }),
    ...readSecurity(given, warnings),
  };
}

function readBrokers(value: unknown, warnings: string[]): string[] {
  if (value === undefined) return [];
  const name = 'bootstrap.servers';
  const brokers = listProperty(name, value).map((entry) => textProperty(name, entry));
  if (brokers.length === 0 || brokers.includes('')) {
    throw new ConfigError(`${name} must be host:port, several parted by commas, none empty.`, name, value, 'RANGE');
  }
  const different = [...new Set(brokers)];
  if (different.length < brokers.length) warnings.push(`${name} names a broker more than once.`);
  return different;
}

function warningsForNames(names: Iterable<string>): string[] {
  const unknown: string[] = [];
  const meaningless: string[] = [];
  for (const name of names) {
    if (PRODUCER_PROPERTIES.has(name) || CONSUMER_PROPERTIES.has(name)) continue;
    if (OTHER_PROPERTIES.has(name) || SECURITY_PROPERTIES.has(name)) continue;
    (isWithoutMeaning(name) ? meaningless : unknown).push(name);
  }
  const warnings: string[] = [];
  if (unknown.length > 0)
    warnings.push(`Unknown Kafka setting(s), ignored: ${unknown.join(', ')}. Check the spelling.`);
  if (meaningless.length > 0)
    warnings.push(`Kafka setting(s) without a counterpart in Node, ignored: ${meaningless.join(', ')}.`);
  return warnings;
}
