import { ConfigError } from '../producer/errors.js';
import { INT_MAX } from '../producer/option-rules.js';
import { checkDuration, checkInteger } from '../producer/resolve-producer-config.js';
import type { AutoOffsetReset, ConsumerConfig, IsolationLevel } from './consumer-config.js';
import { BUILT_IN_ASSIGNORS } from './internals/assignors/create-assignors.js';
import {
  CONSUMER_OPTIONS,
  type ConsumerNumberOption,
  NUMBER_RULES,
  suggestConsumerOption,
} from './consumer-option-rules.js';
import type { KafkaConsumerOptions } from './consumer-options.js';

/** The settings of a module's groups; a group adds its id. */
export type ConsumerGroupConfig = Omit<ConsumerConfig, 'clientId' | 'groupId'>;

/** What `resolveConsumerConfig` returns. */
export interface ResolvedConsumerConfig {
  readonly config: ConsumerGroupConfig;
  readonly clientId: string | null;
  /** null: every listener has to name its group. */
  readonly groupId: string | null;
  readonly maxPollRecords: number;
  readonly drainTimeoutMs: number;
  /** Of the `AutoCommitStrategy` that is taken unless `commitStrategy` is given. */
  readonly autoCommitIntervalMs: number;
  readonly warnings: string[];
}

const DEFAULT_DRAIN_TIMEOUT_MS = 30_000;

/**
 * Defaults, types, limits and Kafka's rules between settings.
 *
 * @param options as the user gave them; `undefined` counts as not given
 * @throws ConfigError naming the option and the way out
 */
export function resolveConsumerConfig(options: KafkaConsumerOptions = {}, clientId?: string): ResolvedConsumerConfig {
  rejectUnknown(options);
  const warnings: string[] = [];
  const ms = (name: ConsumerNumberOption): number => Math.min(readNumber(options, name), INT_MAX);
  const sessionTimeoutMs = ms('sessionTimeoutMs');
  const reconnectBackoffMs = ms('reconnectBackoffMs');
  const onlyFirstGiven = options.reconnectBackoffMs !== undefined && options.reconnectBackoffMaxMs === undefined;
  const reconnectBackoffMaxMs = onlyFirstGiven ? reconnectBackoffMs : ms('reconnectBackoffMaxMs');
  const retryBackoffMaxMs = ms('retryBackoffMaxMs');
  checkAutoCommit(options, warnings);
  const config: ConsumerGroupConfig = {
    groupInstanceId: readText(options, 'groupInstanceId'),
    clientRack: readText(options, 'clientRack'),
    autoOffsetReset: readWord('autoOffsetReset', options.autoOffsetReset, ['latest', 'earliest', 'none']),
    isolationLevel: readWord<IsolationLevel>('isolationLevel', options.isolationLevel, [
      'read_committed',
      'read_uncommitted',
    ]),
    sessionTimeoutMs,
    heartbeatIntervalMs: readHeartbeat(options, sessionTimeoutMs),
    maxPollIntervalMs: ms('maxPollIntervalMs'),
    partitionAssignmentStrategy: readAssignors(options.partitionAssignmentStrategy),
    fetchMinBytes: ms('fetchMinBytes'),
    fetchMaxBytes: ms('fetchMaxBytes'),
    fetchMaxWaitMs: readFetchWait(options, ms('requestTimeoutMs')),
    maxPartitionFetchBytes: ms('maxPartitionFetchBytes'),
    allowAutoCreateTopics: readFlag(options, 'allowAutoCreateTopics') ?? true,
    metadataMaxAgeMs: ms('metadataMaxAgeMs'),
    requestTimeoutMs: ms('requestTimeoutMs'),
    defaultApiTimeoutMs: ms('defaultApiTimeoutMs'),
    retryBackoffMs: Math.min(ms('retryBackoffMs'), retryBackoffMaxMs),
    retryBackoffMaxMs,
    reconnectBackoffMs: Math.min(reconnectBackoffMs, reconnectBackoffMaxMs),
    reconnectBackoffMaxMs,
    connectionsMaxIdleMs: readNumber(options, 'connectionsMaxIdleMs') === -1 ? INT_MAX : ms('connectionsMaxIdleMs'),
    socketConnectionSetupTimeoutMs: ms('socketConnectionSetupTimeoutMs'),
  };
  return {
    config,
    clientId: clientId === undefined || clientId === '' ? null : clientId,
    groupId: readText(options, 'groupId'),
    maxPollRecords: readNumber(options, 'maxPollRecords'),
    drainTimeoutMs: checkDuration('consumer.drainTimeoutMs', options.drainTimeoutMs ?? DEFAULT_DRAIN_TIMEOUT_MS),
    autoCommitIntervalMs: readNumber(options, 'autoCommitIntervalMs'),
    warnings,
  };
}

function rejectUnknown(options: unknown): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ConfigError(
      "consumer must be an object of settings, e.g. { groupId: 'payments' }.",
      'consumer',
      undefined,
      'TYPE',
    );
  }
  for (const name of Object.keys(options)) {
    if (CONSUMER_OPTIONS.has(name)) continue;
    const suggestion = suggestConsumerOption(name);
    const hint = suggestion === null ? 'See KafkaConsumerOptions for the names.' : `Here it is ${suggestion}.`;
    const dotted = name.includes('.') ? " Kafka's own dotted names are read by fromKafkaProperties()." : '';
    throw new ConfigError(
      `consumer has no setting '${name}'. ${hint}${dotted}`,
      `consumer.${name}`,
      undefined,
      'UNKNOWN',
    );
  }
}

function readNumber(options: KafkaConsumerOptions, name: ConsumerNumberOption): number {
  const value: unknown = options[name];
  return value === undefined ? NUMBER_RULES[name].initial : checkInteger(`consumer.${name}`, value, NUMBER_RULES[name]);
}

/** As in Java: the group would take every member for dead between two heartbeats. */
function readHeartbeat(options: KafkaConsumerOptions, sessionTimeoutMs: number): number {
  const heartbeatIntervalMs = readNumber(options, 'heartbeatIntervalMs');
  if (heartbeatIntervalMs < sessionTimeoutMs) return heartbeatIntervalMs;
  throw new ConfigError(
    `consumer.heartbeatIntervalMs (${heartbeatIntervalMs}) must be lower than consumer.sessionTimeoutMs (${sessionTimeoutMs}), ` +
      'a third of it at the most so that one lost heartbeat does no harm. Lower it, or raise the other.',
    'consumer.heartbeatIntervalMs',
    heartbeatIntervalMs,
    'RANGE',
  );
}

/** The broker holds a fetch back for that long: its answer must not count as lost meanwhile. */
function readFetchWait(options: KafkaConsumerOptions, requestTimeoutMs: number): number {
  const fetchMaxWaitMs = readNumber(options, 'fetchMaxWaitMs');
  if (fetchMaxWaitMs < requestTimeoutMs) return fetchMaxWaitMs;
  throw new ConfigError(
    `consumer.fetchMaxWaitMs (${fetchMaxWaitMs}) must be lower than consumer.requestTimeoutMs (${requestTimeoutMs}): every fetch of an idle topic would time out.`,
    'consumer.fetchMaxWaitMs',
    fetchMaxWaitMs,
    'RANGE',
  );
}

function readText(options: KafkaConsumerOptions, name: 'groupId' | 'groupInstanceId' | 'clientRack'): string | null {
  const value: unknown = options[name];
  if (value === undefined) return null;
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new ConfigError(
    `consumer.${name} must be text that is not empty. Is an environment variable missing? Otherwise leave it out.`,
    `consumer.${name}`,
    value,
    'TYPE',
  );
}

function readFlag(
  options: KafkaConsumerOptions,
  name: 'allowAutoCreateTopics' | 'enableAutoCommit',
): boolean | undefined {
  const value: unknown = options[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw new ConfigError(`consumer.${name} must be true or false.`, `consumer.${name}`, value, 'TYPE');
}

/** The first word is the default. */
function readWord<Word extends string = AutoOffsetReset>(
  name: string,
  value: unknown,
  words: readonly [Word, ...Word[]],
): Word {
  if (value === undefined) return words[0];
  const known = words.find((word) => word === value);
  if (known !== undefined) return known;
  throw new ConfigError(
    `consumer.${name} must be one of ${words.join(', ')}, not ${typeof value === 'string' ? `'${value}'` : typeof value}.`,
    `consumer.${name}`,
    value,
    'RANGE',
  );
}

function readAssignors(given: unknown = 'range'): readonly string[] {
  const names: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (names.length > 0) return [...new Set(names.map(readAssignor))];
  throw new ConfigError(
    "consumer.partitionAssignmentStrategy must not be empty; leave it out for 'range'.",
    'consumer.partitionAssignmentStrategy',
    given,
    'RANGE',
  );
}

/** By Kafka's word for it, or the name of Kafka's class. */
function readAssignor(name: unknown): string {
  const text = typeof name === 'string' ? name.trim().toLowerCase() : '';
  const word = text.slice(text.lastIndexOf('.') + 1).replace(/assignor$/, '');
  if (BUILT_IN_ASSIGNORS.includes(word)) return word;
  const given = typeof name === 'string' ? `, not '${name}'` : '';
  const cooperative = text.includes('cooperative') ? ' The cooperative protocol is not there.' : '';
  throw new ConfigError(
    `consumer.partitionAssignmentStrategy must be made of ${BUILT_IN_ASSIGNORS.join(', ')}${given}.${cooperative}`,
    'consumer.partitionAssignmentStrategy',
    name,
    'RANGE',
  );
}

function checkAutoCommit(options: KafkaConsumerOptions, warnings: string[]): void {
  const enabled = readFlag(options, 'enableAutoCommit');
  const isStrategyGiven = options.commitStrategy !== undefined;
  if (enabled === false && !isStrategyGiven) {
    throw new ConfigError(
      'consumer.enableAutoCommit is false, but nothing says who commits. Set consumer.commitStrategy: SyncCommitStrategy or AsyncCommitStrategy (the listener, as soon as ' +
        'records are handled), ManualCommitStrategy (your handlers, with context.ack()); or leave enableAutoCommit out.',
      'consumer.enableAutoCommit',
      false,
      'COMMIT',
    );
  }
  if (enabled === true && isStrategyGiven) {
    throw new ConfigError(
      'consumer.enableAutoCommit is true, and consumer.commitStrategy is given: leave one of them out. true stands for AutoCommitStrategy.',
      'consumer.enableAutoCommit',
      true,
      'COMMIT',
    );
  }
  if (options.autoCommitIntervalMs !== undefined && isStrategyGiven) {
    warnings.push(
      'consumer.autoCommitIntervalMs is ignored: consumer.commitStrategy decides, e.g. new AutoCommitStrategy({ intervalMs }).',
    );
  }
}
