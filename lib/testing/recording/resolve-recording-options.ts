import { Logger, type Type } from '@nestjs/common';
import { ConfigError } from '../../producer/errors.js';
import { NestLogSink } from '../../producer/nest-log-sink.js';
import { isBuiltInPartitioner } from '../../producer/partitioners/is-built-in-partitioner.js';
import type { Partitioner } from '../../producer/partitioners/partitioner.js';
import type { ProducerEngineDependencies } from '../../producer/producer-engine-api.js';
import type { ProducerOptions } from '../../producer/producer-options.js';
import type { ProducerParts } from '../../producer/producer-parts.factory.js';
import type { TransactionsSettings } from '../../producer/producer-transactions.js';
import { DefaultKeySerializer } from '../../producer/serializers/default-key.serializer.js';
import { DefaultValueSerializer } from '../../producer/serializers/default-value.serializer.js';
import { createNamedSerializer, SERIALIZER_NAMES } from '../../producer/serializers/named-serializers.js';
import type { Serializer } from '../../producer/serializers/serializer.js';
import { validateModuleOptions } from '../../producer/validate-module-options.js';
import type { RecordingKafkaProducerOptions } from './recording-kafka-producer-options.js';

/** Never connected to. */
const CLIENT = { brokers: ['127.0.0.1:9092'], clientId: 'recording' };
const DEFAULT_PREFIX = 'recording-';

/** The options with their defaults. */
export interface ResolvedRecordingOptions {
  readonly dependencies: ProducerEngineDependencies;
  /** null: not configured. */
  readonly transactions: TransactionsSettings | null;
  readonly closeTimeoutMs: number;
}

/** @throws ConfigError, as the module would */
export function resolveRecordingOptions({
  log = new NestLogSink(new Logger('RecordingKafkaProducer')),
  producer = {},
  transactions = {},
}: RecordingKafkaProducerOptions): ResolvedRecordingOptions {
  const settings = validateModuleOptions({
    client: CLIENT,
    producer,
    transactions: transactions === false ? undefined : { transactionalIdPrefix: DEFAULT_PREFIX, ...transactions },
  });
  for (const warning of settings.warnings) log.warn(warning);
  const { client, closeTimeoutMs, config } = settings;
  return {
    dependencies: { config, client, ...partsOf(producer), log },
    transactions: settings.transactions,
    closeTimeoutMs,
  };
}

function partsOf({ interceptors = [], keySerializer, partitioner, valueSerializer }: ProducerOptions): ProducerParts {
  return {
    keySerializer: serializerOf('keySerializer', keySerializer ?? new DefaultKeySerializer()),
    valueSerializer: serializerOf('valueSerializer', valueSerializer ?? new DefaultValueSerializer()),
    partitioner: partitionerOf(partitioner),
    interceptors: interceptors.map((interceptor) => instanceOf('interceptors', interceptor)),
  };
}

function partitionerOf(given: ProducerOptions['partitioner'] = null): Partitioner | null {
  return given === null || isBuiltInPartitioner(given) ? null : instanceOf('partitioner', given);
}

function serializerOf(setting: string, given: NonNullable<ProducerOptions['keySerializer']>): Serializer {
  if (typeof given !== 'string') return instanceOf(setting, given);
  const serializer = createNamedSerializer(given);
  if (serializer !== null) return serializer;
  throw new ConfigError(`${setting} must be one of ${SERIALIZER_NAMES.join(', ')}.`, setting, given, 'V10');
}

function instanceOf<T extends object>(setting: string, given: Type<T> | T): T {
  if (typeof given !== 'function') return given;
  if (given.length === 0) return new given();
  throw new ConfigError(
    `${setting}: ${given.name} needs something to be made of, and RecordingKafkaProducer has no injector. Give an instance.`,
    setting,
    given.name,
    'DI',
  );
}
