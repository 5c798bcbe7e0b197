import { InvalidArgumentError } from 'commander';

// Parsers for commander's options; what they refuse is a wrong usage.

/** `name=value` of an option that may be repeated; the last of several equal names wins. */
export function collectPairs(text: string, former: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Give name=value.');
  return { ...former, [text.slice(0, at).trim()]: text.slice(at + 1).trim() };
}

/** The values of an option that may be repeated. */
export function collect(text: string, former: readonly string[] = []): string[] {
  return [...former, text];
}

/** A parser for whole numbers within bounds. */
export function integer(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (value >= minimum && value <= maximum) return value;
    const limits = maximum === Number.MAX_SAFE_INTEGER ? `from ${minimum}` : `from ${minimum} to ${maximum}`;
    throw new InvalidArgumentError(`Give a whole number ${limits}.`);
  };
}

/** A parser for offsets: whole numbers, as large as Kafka allows. */
export function offset(text: string): bigint {
  if (/^\d{1,19}$/.test(text.trim()) && BigInt(text) <= 0x7fff_ffff_ffff_ffffn) return BigInt(text);
  throw new InvalidArgumentError('Give an offset: a whole number from 0.');
}

/** A parser for a moment: ISO 8601 (UTC without a zone, as Kafka's tools take it), or milliseconds since the epoch. */
export function moment(text: string): number {
  const trimmed = text.trim();
  if (/^\d{1,15}$/.test(trimmed)) return Number(trimmed);
  const iso = /^(\d{4})-(\d{2})-(\d{2})(T\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.exec(trimmed);
  const [, year, month, day, time, zone] = iso ?? [];
  const isDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  const isLocal = time !== undefined && zone === undefined;
  const parsed = isDay ? Date.parse(trimmed.replace(',', '.') + (isLocal ? 'Z' : '')) : Number.NaN;
  if (Number.isNaN(parsed)) {
    throw new InvalidArgumentError('Give a time as ISO 8601, e.g. 2026-11-21T09:30:00Z, or milliseconds since 1970.');
  }
  return parsed;
}
