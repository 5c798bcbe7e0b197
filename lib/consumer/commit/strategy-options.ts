import { inspect } from 'node:util';
import { ConfigError } from '../../producer/errors.js';
import { INT_MAX } from '../../producer/option-rules.js';

/** Which of the records that are done together make a commit. */
export type CommitUnit = 'record' | 'batch';

const COMMIT_UNITS: readonly CommitUnit[] = ['record', 'batch'];

/**
 * @param strategy the class, for the message
 * @throws ConfigError for what is no object, and for names that are not known
 */
export function checkStrategyOptions(strategy: string, options: object, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ConfigError(`${strategy}: the options must be an object.`, 'options', undefined, 'TYPE');
  }
  for (const [name, value] of Object.entries(options)) {
    if (names.includes(name)) continue;
    throw new ConfigError(
      `${strategy} has no option '${name}'. There are ${names.join(', ')}.`,
      name,
      value,
      'UNKNOWN',
    );
  }
}

/** @throws ConfigError unless it is a whole number that a timer or a counter takes */
export function checkPositiveInteger(strategy: string, name: string, unit: string, value: unknown): void {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= INT_MAX) return;
  throw new ConfigError(
    `${strategy}: ${name} must be a whole number of ${unit} from 1 to ${INT_MAX}, not ${inspect(value)}.`,
    name,
    value,
    'RANGE',
  );
}

/** @throws ConfigError */
export function checkCommitUnit(strategy: string, per: unknown): void {
  if (COMMIT_UNITS.some((unit) => unit === per)) return;
  throw new ConfigError(`${strategy}: per must be 'record' or 'batch', not ${inspect(per)}.`, 'per', per, 'RANGE');
}
