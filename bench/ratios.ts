import { median, spread, type Spread } from './statistics.js';

export interface RatioTarget {
  readonly bound: 'at least' | 'at most';
  readonly value: number;
}

export interface Ratio {
  /** Numerator and denominator. */
  readonly name: string;
  /** Median by median. */
  readonly ratio: number;
  /** Of the ratios within one repetition. */
  readonly range: { readonly min: number; readonly max: number };
  readonly target: RatioTarget | null;
  /** Null without a target. */
  readonly met: boolean | null;
}

/** A figure of one client, repetition by repetition. */
export type Series = readonly number[];

/**
 * Divides two series of the same repetitions.
 * @param subject what the ratio is about, besides the name
 * @returns null when one of them was not measured
 */
export function compare<Subject extends object>(
  name: string,
  subject: Subject,
  numerator: Series | undefined,
  denominator: Series | undefined,
  target: RatioTarget | null = null,
): (Ratio & Subject) | null {
  if (numerator === undefined || denominator === undefined) return null;
  const pairs = numerator
    .slice(0, denominator.length)
    .map((value, index) => value / (denominator[index] ?? Number.NaN));
  if (pairs.length === 0 || !pairs.every(Number.isFinite)) return null;
  const ratio = median(numerator) / median(denominator);
  const { min, max }: Spread = spread(pairs);
  const met = target === null ? null : meets(ratio, target);
  return { ...subject, name, ratio, range: { min, max }, target, met };
}

function meets(ratio: number, target: RatioTarget): boolean {
  return target.bound === 'at least' ? ratio >= target.value : ratio <= target.value;
}
