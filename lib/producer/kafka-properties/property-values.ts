import { ConfigError } from '../errors.js';

/** A whole number, given as such or as text. */
export function integerProperty(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (typeof value === 'string' && /^[+-]?\d+$/.test(value.trim())) return Number(value.trim());
  throw new ConfigError(`${name} must be a whole number, not ${describe(value)}.`, name, value, 'TYPE');
}

/** `true` or `false`, given as such or as text in any case. */
export function booleanProperty(name: string, value: unknown): boolean {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (text === true || text === 'true') return true;
  if (text === false || text === 'false') return false;
  throw new ConfigError(`${name} must be true or false, not ${describe(value)}.`, name, value, 'TYPE');
}

/** Text without the blanks around it. */
export function textProperty(name: string, value: unknown): string {
  if (typeof value === 'string') return value.trim();
  throw new ConfigError(`${name} must be text, not ${describe(value)}.`, name, value, 'TYPE');
}

/** Text that may be a secret: the error does not repeat it. */
export function secretProperty(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new ConfigError(`${name} must be text, not a value of type ${typeof value}.`, name, undefined, 'TYPE');
}

/** A list, given as such or as text parted by commas (Kafka's `LIST`). */
export function listProperty(name: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  const text = textProperty(name, value);
  return text === '' ? [] : text.split(',').map((entry) => entry.trim());
}

/** One of some words, in any case. */
export function wordProperty<Word extends string>(name: string, value: unknown, words: readonly Word[]): Word {
  const text = textProperty(name, value).toLowerCase();
  const word = words.find((candidate) => candidate.toLowerCase() === text);
  if (word !== undefined) return word;
  throw new ConfigError(`${name} must be one of ${words.join(', ')}, not ${describe(value)}.`, name, value, 'RANGE');
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : `a value of type ${typeof value}`;
}
