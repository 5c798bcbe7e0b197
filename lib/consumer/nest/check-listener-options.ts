import { ConfigError } from '../../producer/errors.js';
import { checkInteger } from '../../producer/resolve-producer-config.js';
import type { ListenerConcurrency } from '../listener-definition.js';
import type { KafkaListenerOptions } from './kafka-listener-options.js';

const LISTENER_OPTIONS: readonly string[] = [
  'id',
  'groupId',
  'batch',
  'maxBatchRecords',
  'producer',
  'autoStart',
  'commitStrategy',
  'recovery',
  'concurrency',
  'valueDeserializer',
  'keyDeserializer',
] satisfies (keyof KafkaListenerOptions)[];

/** Beyond it the bookkeeping costs more than waiting handlers save. */
const MAX_CONCURRENCY = 100_000;

/**
 * Checks all that can be checked without knowing the application.
 * @param where what they were given to, for the message, e.g. `@KafkaListener() of Orders.onOrder`
 * @throws ConfigError
 */
export function checkListenerOptions(options: KafkaListenerOptions, where: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ConfigError(`${where}: the options must be an object.`, 'options', undefined, 'TYPE');
  }
  for (const name of Object.keys(options)) {
    if (LISTENER_OPTIONS.includes(name)) continue;
    throw new ConfigError(
      `${where} has no option '${name}'. There are ${LISTENER_OPTIONS.join(', ')}; settings of the whole group go into consumer of KafkaProducerModule.forRoot.`,
      name,
      undefined,
      'UNKNOWN',
    );
  }
  for (const name of ['id', 'groupId', 'producer'] as const) checkText(options[name], name, where);
  for (const name of ['batch', 'autoStart'] as const) checkFlag(options[name], name, where);
  if (options.maxBatchRecords !== undefined) {
    checkInteger(`${where}: maxBatchRecords`, options.maxBatchRecords, { unit: '', min: 1, max: 1_000_000 });
    if (options.batch !== true) {
      throw conflict(where, 'maxBatchRecords', 'is of use with batch: true only. Add it, or leave maxBatchRecords out');
    }
  }
  const concurrency = readConcurrency(options.concurrency, `${where}: concurrency`);
  if (concurrency?.unit === 'key' && options.batch === true) {
    throw conflict(
      where,
      'concurrency',
      "{ unit: 'key' } does not go with batch: true, as the keys of a batch are mixed. Use { unit: 'partition' }, or take single records",
    );
  }
}

/**
 * The option `concurrency`; null when it is not given.
 * @throws ConfigError
 */
export function readConcurrency(given: unknown, setting: string): ListenerConcurrency | null {
  if (given === undefined) return null;
  const rule = { unit: '', min: 1, max: MAX_CONCURRENCY };
  if (typeof given === 'number') return { unit: 'partition', limit: checkInteger(setting, given, rule) };
  const { limit, unit }: { limit?: unknown; unit?: unknown } = typeof given === 'object' && given !== null ? given : {};
  if (unit !== 'partition' && unit !== 'key') {
    throw new ConfigError(
      `${setting} must be a number, or { unit: 'partition' | 'key', limit: number }.`,
      'concurrency',
      undefined,
      'TYPE',
    );
  }
  return { unit, limit: checkInteger(`${setting}.limit`, limit, rule) };
}

function checkText(value: unknown, name: string, where: string): void {
  if (value === undefined || (typeof value === 'string' && value.trim() !== '')) return;
  throw new ConfigError(`${where}: ${name} must be text that is not empty.`, name, undefined, 'TYPE');
}

function checkFlag(value: unknown, name: string, where: string): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new ConfigError(`${where}: ${name} must be true or false.`, name, value, 'TYPE');
}

/** Two options that do not go together. */
export function conflict(where: string, setting: string, reason: string): ConfigError {
  return new ConfigError(`${where}: ${setting} ${reason}.`, setting, undefined, 'CONFLICT');
}
