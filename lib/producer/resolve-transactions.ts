import { ConfigError } from './errors.js';
import type { KafkaProducerConfiguration, KafkaTransactionsOptions } from './kafka-producer-module-options.js';
import { INT_MAX } from './option-rules.js';
import type { ProducerConfig } from './producer-config.js';
import type { ProducerOptions } from './producer-options.js';
import type { TransactionsSettings } from './producer-transactions.js';
import { checkInteger } from './resolve-producer-config.js';

const DEFAULT_POOL_SIZE = 10;
/** Each has its own connections to every broker. */
const MOST_POOL_SIZE = 1_000;
/** Kafka's protocol allows a transactional id 32 767. */
const MOST_PREFIX_BYTES = 1_000;

/** The broker's default of `transaction.max.timeout.ms`. */
const BROKER_MAX_TIMEOUT_MS = 900_000;

/** How much earlier than the broker a transaction is ended here: a tenth of its time, but not more than this. */
const MOST_MARGIN_MS = 5_000;

const EXAMPLE = "transactions: { transactionalIdPrefix: 'orders-' }";

const TRANSACTIONS_OPTIONS: ReadonlySet<string> = new Set([
  'transactionalIdPrefix',
  'poolSize',
  'timeoutMs',
] satisfies (keyof KafkaTransactionsOptions)[]);

/** What `resolveTransactions` returns. */
export interface ResolvedTransactions {
  /** null: not configured. */
  readonly settings: TransactionsSettings | null;
  readonly warnings: readonly string[];
}

/**
 * Checks the option `transactions`, alone and against the producer's settings.
 * @param config the producer's settings, resolved
 * @throws ConfigError naming the option and the way out
 */
export function resolveTransactions(options: KafkaProducerConfiguration, config: ProducerConfig): ResolvedTransactions {
  rejectDirectId(options.producer);
  if (options.transactions === undefined) return { settings: null, warnings: [] };
  const { transactionalIdPrefix, poolSize, timeoutMs } = requireKnown(options.transactions);
  requireIdempotence(options.producer, config);
  const warnings: string[] = [];
  const settings = {
    transactionalIdPrefix: readPrefix(transactionalIdPrefix),
    poolSize: checkInteger('transactions.poolSize', poolSize ?? DEFAULT_POOL_SIZE, {
      unit: '',
      min: 1,
      max: MOST_POOL_SIZE,
    }),
    ...resolveTimeout(timeoutMs ?? config.transactionTimeoutMs, warnings),
  };
  if (timeoutMs !== undefined && options.producer?.transactionTimeoutMs !== undefined) {
    warnings.push('producer.transactionTimeoutMs is ignored: transactions.timeoutMs goes before it.');
  }
  return { settings, warnings };
}

/**
 * The settings of the producer that runs the transactions of one transactional id.
 * @param config those of the producer outside of transactions
 */
export function transactionalConfig(
  config: ProducerConfig,
  { client, producer }: KafkaProducerConfiguration,
  transactionalId: string,
  transactionTimeoutMs: number,
): ProducerConfig & { readonly transactionalId: string } {
  const clientId = client.clientId === undefined || client.clientId === '' ? undefined : client.clientId;
  return {
    ...config,
    clientId: clientId ?? `producer-${transactionalId}`,
    lingerMs: producer?.lingerMs === undefined ? 0 : config.lingerMs,
    startTimeoutMs: 0,
    transactionalId,
    transactionTimeoutMs,
  };
}

/** One id cannot serve transactions that run at the same time, and records outside of transactions could not be sent at all. */
function rejectDirectId(options: ProducerOptions = {}): void {
  const { transactionalId } = options;
  if (transactionalId === undefined || transactionalId === null) return;
  throw new ConfigError(
    `producer.transactionalId is not taken: transactions have producers of their own. Leave it out, and set ${EXAMPLE} beside producer.`,
    'transactionalId',
    transactionalId,
    'TRANSACTIONS',
  );
}

function requireKnown(given: KafkaTransactionsOptions): KafkaTransactionsOptions {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new ConfigError(`transactions must be an object, e.g. ${EXAMPLE}.`, 'transactions', undefined, 'TYPE');
  }
  for (const key of Object.keys(given)) {
    if (TRANSACTIONS_OPTIONS.has(key)) continue;
    throw new ConfigError(
      `transactions has no option '${key}'. There are ${[...TRANSACTIONS_OPTIONS].join(', ')}.`,
      `transactions.${key}`,
      undefined,
      'UNKNOWN',
    );
  }
  return given;
}

function readPrefix(given: unknown): string {
  if (typeof given === 'string' && given.trim() !== '' && Buffer.byteLength(given) <= MOST_PREFIX_BYTES) return given;
  throw new ConfigError(
    `transactions.transactionalIdPrefix must be text that is not empty and has ${MOST_PREFIX_BYTES} bytes at the most, e.g. 'orders-', and another one in every process. Is an environment variable missing?`,
    'transactions.transactionalIdPrefix',
    given,
    'TYPE',
  );
}

function requireIdempotence(options: ProducerOptions = {}, config: ProducerConfig): void {
  if (config.enableIdempotence) return;
  const setting = culprit(options, config);
  throw new ConfigError(
    `transactions need idempotence, which ${setting} switches off. Leave ${setting} at its default, or remove transactions.`,
    setting,
    options[setting],
    'V7',
  );
}

function culprit(options: ProducerOptions, config: ProducerConfig): 'enableIdempotence' | 'acks' | 'retries' {
  if (options.enableIdempotence === false) return 'enableIdempotence';
  return config.acks === -1 ? 'retries' : 'acks';
}

function resolveTimeout(given: unknown, warnings: string[]): { timeoutMs: number; maxWorkMs: number } {
  const timeoutMs = checkInteger('transactions.timeoutMs', given, { unit: 'ms', min: 1, max: INT_MAX });
  if (timeoutMs > BROKER_MAX_TIMEOUT_MS) {
    warnings.push(
      `transactions.timeoutMs is ${timeoutMs}: brokers refuse more than ${BROKER_MAX_TIMEOUT_MS} unless their transaction.max.timeout.ms is raised.`,
    );
  }
  const margin = Math.min(Math.ceil(timeoutMs / 10), MOST_MARGIN_MS);
  return { timeoutMs, maxWorkMs: Math.max(1, timeoutMs - margin) };
}
