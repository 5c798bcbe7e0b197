import type { CompressionType } from '../wire/compression/compression-codec.js';
import { ConfigError } from './errors.js';
import { type BooleanOption, INT_MAX, type IntegerOption, OPTION_RULES, suggestOption } from './option-rules.js';
import { isBuiltInPartitioner } from './partitioners/is-built-in-partitioner.js';
import type { ProducerConfig } from './producer-config.js';
import type { ProducerOptions } from './producer-options.js';

/** What `resolveProducerConfig` returns. */
export interface ResolvedProducerConfig {
  readonly config: ProducerConfig;
  /** What the user should know or change: a setting that is not honoured, or was adjusted. */
  readonly warnings: string[];
  /** What was decided by rule and is usually wanted. */
  readonly infos: string[];
}

/** The most batches per partition that a broker remembers of an idempotent producer. */
const MAX_IDEMPOTENT_IN_FLIGHT = 5;

const COMPRESSION_TYPES: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

const NOT_HONOURED = {
  receiveBufferBytes: 'Node leaves the socket receive buffer to the operating system',
  sendBufferBytes: 'Node leaves the socket send buffer to the operating system',
  socketConnectionSetupTimeoutMaxMs: 'every connection attempt has socketConnectionSetupTimeoutMs',
} as const;

let generatedClientIds = 0;

/**
 * Defaults, types, limits and Kafka's rules between settings (`ProducerConfig.postProcessParsedConfig`).
 *
 * @param options as the user gave them; `undefined` counts as not given
 * @param clientId default `producer-<transactionalId>`, else `producer-<n>`
 * @param startTimeoutMs how long start-up waits for a broker; default 30 000, 0 does not wait
 * @throws ConfigError naming the option, the rule and the way out
 */
export function resolveProducerConfig(
  options: ProducerOptions = {},
  clientId?: string,
  startTimeoutMs = 30_000,
): ResolvedProducerConfig {
  rejectUnknown(options);
  const warnings: string[] = [];
  const infos: string[] = [];
  const integer = (name: IntegerOption): number => readInteger(options, name);
  const ms = (name: IntegerOption): number => Math.min(integer(name), INT_MAX);

  const acks = readAcks(options.acks);
  const transactionalId = readTransactionalId(options.transactionalId);
  const enableIdempotence = resolveIdempotence(options, acks, infos);
  if (transactionalId !== null && !enableIdempotence) {
    throw new ConfigError(
      `transactionalId is set, but idempotence is off${options.enableIdempotence === false ? '' : ' (by acks or retries)'}. ` +
        `Transactions need it: remove enableIdempotence, set acks to 'all' and retries above 0, or remove transactionalId.`,
      'transactionalId',
      transactionalId,
      'V7',
    );
  }

  const lingerMs = ms('lingerMs');
  const requestTimeoutMs = ms('requestTimeoutMs');
  const compression = readCompression(options, warnings);
  const config: ProducerConfig = {
    clientId: readClientId(clientId, transactionalId),
    acks,
    enableIdempotence,
    maxInFlightRequestsPerConnection: integer('maxInFlightRequestsPerConnection'),
    retries: integer('retries'),
    ...resolveBackoff(options, warnings),
    requestTimeoutMs,
    deliveryTimeoutMs: resolveDeliveryTimeout(options, lingerMs, requestTimeoutMs, warnings),
    maxBlockMs: ms('maxBlockMs'),
    lingerMs,
    batchSize: Math.max(1, integer('batchSize')),
    bufferMemory: integer('bufferMemory'),
    maxRequestSize: integer('maxRequestSize'),
    ...compression,
    partitionerIgnoreKeys: readBoolean(options, 'partitionerIgnoreKeys'),
    partitionerAdaptivePartitioningEnable: readBoolean(options, 'partitionerAdaptivePartitioningEnable'),
    partitionerAvailabilityTimeoutMs: ms('partitionerAvailabilityTimeoutMs'),
    metadataMaxAgeMs: ms('metadataMaxAgeMs'),
    metadataMaxIdleMs: ms('metadataMaxIdleMs'),
    connectionsMaxIdleMs: integer('connectionsMaxIdleMs') === -1 ? INT_MAX : ms('connectionsMaxIdleMs'),
    socketConnectionSetupTimeoutMs: ms('socketConnectionSetupTimeoutMs'),
    transactionalId,
    transactionTimeoutMs: integer('transactionTimeoutMs'),
    startTimeoutMs: checkDuration('startTimeoutMs', startTimeoutMs),
  };
  warnOfNotHonoured(options, warnings);
  warnOfIgnoredByPartitioner(options, warnings);
  return { config, warnings, infos };
}

/**
 * A whole number of milliseconds from 0; beyond what a timer can wait it is cut to 24.8 days.
 * @throws ConfigError
 */
export function checkDuration(setting: string, value: unknown): number {
  return Math.min(checkInteger(setting, value, { unit: 'ms', min: 0, max: Number.MAX_SAFE_INTEGER }), INT_MAX);
}

function rejectUnknown(options: ProducerOptions): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ConfigError('producer must be an object of settings, e.g. { lingerMs: 5 }.', 'producer', options, 'TYPE');
  }
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(OPTION_RULES, name)) continue;
    const suggestion = suggestOption(name);
    const hint = suggestion === null ? 'See ProducerOptions for the names.' : `Did you mean ${suggestion}?`;
    const dotted = name.includes('.') ? " Kafka's own dotted names are read by fromKafkaProperties()." : '';
    throw new ConfigError(`producer has no setting '${name}'. ${hint}${dotted}`, name, undefined, 'UNKNOWN');
  }
}

function readInteger(options: ProducerOptions, name: IntegerOption): number {
  const rule = OPTION_RULES[name];
  const value: unknown = options[name];
  if (value === undefined) return rule.initial ?? 0;
  return checkInteger(name, value, rule);
}

/** @throws ConfigError for anything but a whole number from `min` to `max` */
export function checkInteger(
  setting: string,
  value: unknown,
  rule: { readonly unit: string; readonly min: number; readonly max: number; readonly rangeRule?: string },
): number {
  const unit = rule.unit === 'ms' ? ' of milliseconds' : rule.unit === 'bytes' ? ' of bytes' : '';
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    const numeric = typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
    const hint = numeric ? ` Give the number, not text: Number(...) around it.` : '';
    throw new ConfigError(
      `${setting} must be a whole number${unit}, not ${describe(value)}.${hint}`,
      setting,
      value,
      'TYPE',
    );
  }
  if (value < rule.min || value > rule.max) {
    throw new ConfigError(
      `${setting} is ${value}, but must be a whole number${unit} from ${rule.min} to ${rule.max}.`,
      setting,
      value,
      rule.rangeRule ?? 'RANGE',
    );
  }
  return value;
}

function readBoolean(options: ProducerOptions, name: BooleanOption): boolean {
  const value: unknown = options[name];
  if (value === undefined) return OPTION_RULES[name].initial;
  if (typeof value !== 'boolean') {
    throw new ConfigError(`${name} must be true or false, not ${describe(value)}.`, name, value, 'TYPE');
  }
  return value;
}

function readAcks(value: unknown): -1 | 0 | 1 {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (text === undefined || text === 'all' || text === -1 || text === '-1') return -1;
  if (text === 0 || text === '0') return 0;
  if (text === 1 || text === '1') return 1;
  throw new ConfigError(`acks must be 'all' (or -1), 1 or 0, not ${describe(value)}.`, 'acks', value, 'V9');
}

function readTransactionalId(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new ConfigError(
    `transactionalId must be text that is not empty, not ${describe(value)}. Leave it out for a producer without transactions.`,
    'transactionalId',
    value,
    'TYPE',
  );
}

function readClientId(value: unknown, transactionalId: string | null): string {
  if (value !== undefined && typeof value !== 'string') {
    throw new ConfigError(`client.clientId must be text, not ${describe(value)}.`, 'client.clientId', value, 'TYPE');
  }
  if (value !== undefined && value !== '') return value;
  return `producer-${transactionalId ?? ++generatedClientIds}`;
}

function resolveIdempotence(options: ProducerOptions, acks: -1 | 0 | 1, infos: string[]): boolean {
  if (!readBoolean(options, 'enableIdempotence')) return false;
  const explicit = options.enableIdempotence === true;
  const retries = readInteger(options, 'retries');
  const inFlight = readInteger(options, 'maxInFlightRequestsPerConnection');
  if (explicit && retries === 0) {
    throw new ConfigError(
      'retries is 0, but enableIdempotence: true needs retries. Leave retries out, or set enableIdempotence: false.',
      'retries',
      retries,
      'V3',
    );
  }
  if (explicit && acks !== -1) {
    throw new ConfigError(
      `acks is ${acks}, but enableIdempotence: true needs acks: 'all'. Leave acks out, or set enableIdempotence: false.`,
      'acks',
      options.acks,
      'V4',
    );
  }
  // As in Java: this one throws even where the next rule would switch idempotence off.
  if (inFlight > MAX_IDEMPOTENT_IN_FLIGHT) {
    throw new ConfigError(
      `maxInFlightRequestsPerConnection is ${inFlight}, but an idempotent producer may have at most ` +
        `${MAX_IDEMPOTENT_IN_FLIGHT}. Lower it, or set enableIdempotence: false.`,
      'maxInFlightRequestsPerConnection',
      inFlight,
      'V6',
    );
  }
  if (retries > 0 && acks === -1) return true;
  infos.push(
    `Idempotence is off, because ${retries === 0 ? 'retries is 0' : `acks is ${acks}`}: ` +
      `a retry may store a record twice, or out of order. For exactly-once writes leave acks and retries at their defaults.`,
  );
  return false;
}

function resolveDeliveryTimeout(
  options: ProducerOptions,
  lingerMs: number,
  requestTimeoutMs: number,
  warnings: string[],
): number {
  const deliveryTimeoutMs = readInteger(options, 'deliveryTimeoutMs');
  const least = Math.min(lingerMs + requestTimeoutMs, INT_MAX);
  if (deliveryTimeoutMs >= least) return deliveryTimeoutMs;
  if (options.deliveryTimeoutMs !== undefined) {
    throw new ConfigError(
      `deliveryTimeoutMs is ${deliveryTimeoutMs}, but must be at least lingerMs + requestTimeoutMs = ` +
        `${lingerMs} + ${requestTimeoutMs} = ${least}. Raise it, or lower the other two.`,
      'deliveryTimeoutMs',
      deliveryTimeoutMs,
      'V1',
    );
  }
  warnings.push(
    `deliveryTimeoutMs is raised from its default ${deliveryTimeoutMs} to ${least}, the sum of lingerMs and requestTimeoutMs. ` +
      `Set it yourself to silence this.`,
  );
  return least;
}

function resolveBackoff(
  options: ProducerOptions,
  warnings: string[],
): Pick<ProducerConfig, 'retryBackoffMs' | 'retryBackoffMaxMs' | 'reconnectBackoffMs' | 'reconnectBackoffMaxMs'> {
  const ms = (name: IntegerOption): number => Math.min(readInteger(options, name), INT_MAX);
  const retryBackoffMaxMs = ms('retryBackoffMaxMs');
  const retryBackoffMs = ms('retryBackoffMs');
  if (retryBackoffMs > retryBackoffMaxMs) {
    warnings.push(
      `retryBackoffMs (${retryBackoffMs}) exceeds retryBackoffMaxMs (${retryBackoffMaxMs}): every pause is ${retryBackoffMaxMs} ms.`,
    );
  }
  const reconnectBackoffMs = ms('reconnectBackoffMs');
  const onlyFirstGiven = options.reconnectBackoffMs !== undefined && options.reconnectBackoffMaxMs === undefined;
  const reconnectBackoffMaxMs = onlyFirstGiven ? reconnectBackoffMs : ms('reconnectBackoffMaxMs');
  return {
    retryBackoffMs: Math.min(retryBackoffMs, retryBackoffMaxMs),
    retryBackoffMaxMs,
    reconnectBackoffMs: Math.min(reconnectBackoffMs, reconnectBackoffMaxMs),
    reconnectBackoffMaxMs,
  };
}

function readCompression(
  options: ProducerOptions,
  warnings: string[],
): Pick<ProducerConfig, 'compressionType' | 'compressionLevel'> {
  const given: unknown = options.compression;
  const compressionType = given === undefined ? 'none' : COMPRESSION_TYPES.find((type) => type === given);
  if (compressionType === undefined) {
    throw new ConfigError(
      `compression must be one of ${COMPRESSION_TYPES.join(', ')}, not ${describe(given)}.`,
      'compression',
      given,
      'RANGE',
    );
  }
  const level: unknown = options.compressionLevel;
  if (level === undefined || level === null) return { compressionType, compressionLevel: null };
  return { compressionType, compressionLevel: readLevel(compressionType, level, warnings) };
}

function readLevel(type: CompressionType, level: unknown, warnings: string[]): number | null {
  switch (type) {
    case 'gzip':
      if (level === -1) return null;
      return checkInteger('compressionLevel', level, { unit: '', min: 1, max: 9 });
    case 'zstd':
      return checkInteger('compressionLevel', level, { unit: '', min: -131_072, max: 22 });
    case 'lz4':
      checkInteger('compressionLevel', level, { unit: '', min: 1, max: 17 });
      warnings.push('compressionLevel is ignored: the lz4 package for Node has no levels.');
      return null;
    case 'snappy':
    case 'none':
      checkInteger('compressionLevel', level, { unit: '', min: -131_072, max: 22 });
      warnings.push(`compressionLevel is ignored: compression '${type}' has no levels.`);
      return null;
  }
}

function warnOfNotHonoured(options: ProducerOptions, warnings: string[]): void {
  for (const [name, reason] of Object.entries(NOT_HONOURED) as [keyof typeof NOT_HONOURED, string][]) {
    if (options[name] === undefined) continue;
    // A wrong value throws even where the right one is ignored.
    readInteger(options, name);
    warnings.push(`${name} is ignored: ${reason}.`);
  }
}

function warnOfIgnoredByPartitioner(options: ProducerOptions, warnings: string[]): void {
  if (isBuiltInPartitioner(options.partitioner)) return;
  const ignored = (
    ['partitionerIgnoreKeys', 'partitionerAdaptivePartitioningEnable', 'partitionerAvailabilityTimeoutMs'] as const
  ).filter((name) => options[name] !== undefined);
  if (ignored.length === 0) return;
  warnings.push(
    `${ignored.join(', ')} ${ignored.length === 1 ? 'is' : 'are'} ignored: a partitioner of your own decides.`,
  );
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `the text '${value}'`;
  if (typeof value === 'bigint') return `the BigInt ${value}n`;
  if (typeof value === 'number' || value === null || typeof value === 'boolean') return String(value);
  return `a value of type ${Array.isArray(value) ? 'array' : typeof value}`;
}
