import { resolveConsumerConfig } from '../consumer/resolve-consumer-config.js';
import type { KafkaClientOptions } from '../wire/kafka-client-options.js';
import { ConfigError } from './errors.js';
import { DEFAULT_CLOSE_TIMEOUT_MS } from './kafka-producer.constants.js';
import type { KafkaProducerConfiguration } from './kafka-producer-module-options.js';
import type { TransactionsSettings } from './producer-transactions.js';
import { checkDuration, type ResolvedProducerConfig, resolveProducerConfig } from './resolve-producer-config.js';
import { resolveTransactions } from './resolve-transactions.js';

/** The options of a module, checked. */
export interface ValidatedModuleOptions extends ResolvedProducerConfig {
  readonly client: KafkaClientOptions;
  readonly closeTimeoutMs: number;
  /** null: no transactions. */
  readonly transactions: TransactionsSettings | null;
}

const MODULE_OPTIONS: ReadonlySet<string> = new Set([
  'client',
  'producer',
  'transactions',
  'consumer',
  'instrumentation',
  'startTimeoutMs',
  'closeTimeoutMs',
] satisfies (keyof KafkaProducerConfiguration)[]);

const CLIENT_OPTIONS: ReadonlySet<string> = new Set([
  'brokers',
  'clientId',
  'ssl',
  'sasl',
  'connectionTimeout',
  'authenticationTimeout',
  'socketFactory',
] satisfies (keyof KafkaClientOptions)[]);

/** What kafkajs's `KafkaConfig` has besides, and where it is set here. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['requestTimeout', 'producer.requestTimeoutMs'],
  ['enforceRequestTimeout', 'producer.requestTimeoutMs, which is always enforced'],
  ['retry', 'producer.retries, retryBackoffMs and deliveryTimeoutMs'],
  ['reauthenticationThreshold', "the broker's session lifetime"],
  ['logLevel', "Nest's logger"],
  ['logCreator', "Nest's logger"],
]);

/**
 * Checks everything a module was given, before anything connects.
 * @throws ConfigError; never with a password in it
 */
export function validateModuleOptions(options: KafkaProducerConfiguration): ValidatedModuleOptions {
  requireObject('forRoot', options, "{ client: { brokers: ['127.0.0.1:9092'] } }");
  for (const key of Object.keys(options)) {
    if (!MODULE_OPTIONS.has(key)) throw unknownModuleOption(key);
  }
  const warnings = validateClient(options.client);
  const resolved = resolveProducerConfig(
    withConnectionTimeout(options),
    options.client.clientId,
    options.startTimeoutMs,
  );
  const transactions = resolveTransactions(options, resolved.config);
  const consumer = resolveConsumerConfig(options.consumer, options.client.clientId);
  return {
    ...resolved,
    warnings: [...warnings, ...resolved.warnings, ...transactions.warnings, ...consumer.warnings],
    transactions: transactions.settings,
    client: options.client,
    closeTimeoutMs: checkDuration('closeTimeoutMs', options.closeTimeoutMs ?? DEFAULT_CLOSE_TIMEOUT_MS),
  };
}

/** kafkajs's name of `socketConnectionSetupTimeoutMs` goes before Kafka's, so that there is one value. */
function withConnectionTimeout({ client, producer = {} }: KafkaProducerConfiguration): typeof producer {
  if (client.connectionTimeout === undefined) return producer;
  const timeout = checkDuration('client.connectionTimeout', client.connectionTimeout);
  return { ...producer, socketConnectionSetupTimeoutMs: timeout };
}

function unknownModuleOption(key: string): ConfigError {
  const inAsync = ['name', 'isGlobal', 'imports', 'extraProviders'].includes(key);
  const hint = inAsync
    ? `'${key}' is given to forRootAsync itself, not returned by its factory: Nest needs it earlier.`
    : `There are ${[...MODULE_OPTIONS].join(', ')}, name, isGlobal, imports and extraProviders; Kafka's settings go into producer and consumer.`;
  return new ConfigError(`KafkaProducerModule has no option '${key}'. ${hint}`, key, undefined, 'UNKNOWN');
}

function validateClient(client: KafkaClientOptions): string[] {
  requireObject('client', client, "{ brokers: ['127.0.0.1:9092'] }");
  const warnings: string[] = [];
  for (const key of Object.keys(client)) {
    if (CLIENT_OPTIONS.has(key)) continue;
    const elsewhere = ELSEWHERE.get(key);
    if (elsewhere === undefined) {
      throw new ConfigError(
        `client has no option '${key}'. There are ${[...CLIENT_OPTIONS].join(', ')}; Kafka's settings go into producer.`,
        `client.${key}`,
        undefined,
        'UNKNOWN',
      );
    }
    warnings.push(`client.${key} is ignored: use ${elsewhere}.`);
  }
  validateBrokers(client.brokers);
  validateSsl(client.ssl);
  validateSasl(client.sasl);
  if (client.authenticationTimeout !== undefined)
    checkDuration('client.authenticationTimeout', client.authenticationTimeout);
  if (client.socketFactory !== undefined && typeof client.socketFactory !== 'function') {
    throw new ConfigError('client.socketFactory must be a function.', 'client.socketFactory', undefined, 'TYPE');
  }
  return warnings;
}

function validateBrokers(brokers: unknown): void {
  if (typeof brokers === 'function') return;
  const valid = Array.isArray(brokers) && brokers.length > 0 && brokers.every(isAddress);
  if (valid) return;
  throw new ConfigError(
    "client.brokers must be a list of host:port texts that is not empty, e.g. ['127.0.0.1:9092'], or a function that returns one.",
    'client.brokers',
    brokers,
    'TYPE',
  );
}

function isAddress(broker: unknown): boolean {
  const port = typeof broker === 'string' ? /^\s*(?:\[[^\]\s]+\]|[^\s:,]+):(\d{1,5})\s*$/.exec(broker)?.[1] : undefined;
  return port !== undefined && Number(port) > 0 && Number(port) < 65_536;
}

function validateSsl(ssl: unknown): void {
  if (ssl === undefined || typeof ssl === 'boolean' || (typeof ssl === 'object' && ssl !== null)) return;
  throw new ConfigError("client.ssl must be true, false or Node's TLS options.", 'client.ssl', undefined, 'TYPE');
}

/** Above all a password that is undefined because an environment variable is missing: the broker's answer would not tell. */
function validateSasl(sasl: unknown): void {
  if (sasl === undefined) return;
  const given: Record<string, unknown> = typeof sasl === 'object' && sasl !== null ? { ...sasl } : {};
  const mechanism = given['mechanism'];
  if (typeof mechanism !== 'string' || mechanism === '') {
    throw new ConfigError(
      "client.sasl must name its mechanism, e.g. { mechanism: 'scram-sha-512', username, password }.",
      'client.sasl.mechanism',
      undefined,
      'TYPE',
    );
  }
  if (
    !/^(plain|scram-sha-256|scram-sha-512)$/i.test(mechanism) ||
    typeof given['authenticationProvider'] === 'function'
  )
    return;
  for (const field of ['username', 'password']) {
    if (typeof given[field] === 'string' && given[field] !== '') continue;
    throw new ConfigError(
      `client.sasl.${field} must be text that is not empty for ${mechanism}. Is an environment variable missing?`,
      `client.sasl.${field}`,
      undefined,
      'TYPE',
    );
  }
}

function requireObject(setting: string, value: unknown, example: string): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw new ConfigError(`${setting} must be an object, e.g. ${example}.`, setting, undefined, 'TYPE');
}
