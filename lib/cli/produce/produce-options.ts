import type { ProducerOptions } from '../../producer/producer-options.js';
import type { ConnectionOptions } from '../common/connection-options.js';
import { UsageError } from '../common/usage-error.js';
import { JsonLineParser } from './json-line-parser.js';
import type { LineParser, ParsedLine } from './line-parser.js';
import { readReaderProperties } from './reader-properties.js';
import { TextLineParser } from './text-line-parser.js';

/** The options of `nest-kafka produce`, as commander hands them over. */
export interface ProduceOptions extends ConnectionOptions {
  readonly topic: string;
  readonly jsonLines?: boolean;
  readonly ignorePartition?: boolean;
  readonly readerProperty?: Readonly<Record<string, string>>;
  readonly parseKey?: boolean;
  readonly keySeparator?: string;
  readonly nullMarker?: string;
  readonly header?: ParsedLine['headers'];
  readonly partition?: number;
  readonly acks?: string;
  readonly requestRequiredAcks?: string;
  /** true: without a value. */
  readonly compressionCodec?: string | true;
  readonly lingerMs?: number;
  readonly timeout?: number;
  readonly batchSize?: number;
  readonly maxMemoryBytes?: number;
  readonly maxBlockMs?: number;
  readonly messageSendMaxRetries?: number;
  readonly retryBackoffMs?: number;
  readonly requestTimeoutMs?: number;
  readonly metadataExpiryMs?: number;
  readonly sync?: boolean;
  readonly transactionalId?: string;
  readonly recordsPerTransaction?: number;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** What a run sends besides what is in the lines. */
export interface LineDefaults {
  readonly headers: ParsedLine['headers'];
  /** Goes before that of a line. */
  readonly partition: number | undefined;
  /** Whether a line's own partition counts. */
  readonly usePartition: boolean;
}

/** @throws UsageError for options that exclude each other, ConfigError for wrong reader properties */
export function createLineParser(options: ProduceOptions): LineParser {
  const { jsonLines, keySeparator, nullMarker, parseKey, readerProperty } = options;
  const properties = {
    ...readerProperty,
    ...(parseKey === true || keySeparator !== undefined ? { 'parse.key': 'true' } : {}),
    ...(keySeparator === undefined ? {} : { 'key.separator': keySeparator }),
    ...(nullMarker === undefined ? {} : { 'null.marker': nullMarker }),
  };
  const [first] = Object.keys(properties);
  if (jsonLines !== true) return new TextLineParser(readReaderProperties(properties));
  if (first === undefined) return new JsonLineParser();
  throw new UsageError(`--json-lines names keys, headers and null itself: leave out ${first}.`);
}

export function lineDefaults({ header = [], ignorePartition, partition }: ProduceOptions): LineDefaults {
  return { headers: header, partition, usePartition: ignorePartition !== true };
}

/** The settings of the producer: only what was given. @throws UsageError for options that exclude each other */
export function producerOptions(options: ProduceOptions): ProducerOptions {
  const { compressionCodec, recordsPerTransaction, transactionalId } = options;
  if (recordsPerTransaction !== undefined && transactionalId === undefined) {
    throw new UsageError('--records-per-transaction needs --transactional-id.');
  }
  const given: Record<string, unknown> = {
    acks: oneOf('--acks', options.acks, '--request-required-acks', options.requestRequiredAcks),
    // As with Kafka's tool, the option alone means gzip.
    compression: compressionCodec === true ? 'gzip' : compressionCodec?.toLowerCase(),
    lingerMs: oneOf('--linger-ms', options.lingerMs, '--timeout', options.timeout),
    batchSize: options.batchSize,
    bufferMemory: options.maxMemoryBytes,
    maxBlockMs: options.maxBlockMs,
    retries: options.messageSendMaxRetries,
    retryBackoffMs: options.retryBackoffMs,
    requestTimeoutMs: options.requestTimeoutMs,
    metadataMaxAgeMs: options.metadataExpiryMs,
    transactionalId,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as ProducerOptions;
}

function oneOf<T>(name: string, value: T | undefined, otherName: string, other: T | undefined): T | undefined {
  if (value === undefined || other === undefined) return value ?? other;
  throw new UsageError(`${name} and ${otherName} are the same option: give one of them.`);
}

/** `name:value` of a header; the value may be empty. null when it is none. */
export function parseHeader(text: string): ParsedLine['headers'][number] | null {
  const at = text.indexOf(':');
  return at < 1 ? null : { key: text.slice(0, at), value: Buffer.from(text.slice(at + 1)) };
}
