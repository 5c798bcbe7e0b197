import type { Percentiles, TransactionMeasure } from '../worker/job.js';

/** The line of `TransactionPerformance` with its figures, or null for any other line. */
export function parseTransactionOutput(line: string): TransactionMeasure | null {
  const output = parseObject(line);
  if (output === null) return null;
  const { abort, commit, committed, errors, seconds, transactions, whole } = output;
  if (typeof transactions !== 'number' || typeof seconds !== 'number' || typeof committed !== 'number') return null;
  if (!isPercentiles(whole) || !isPercentiles(commit) || !isPercentiles(abort) || !isCounts(errors)) return null;
  return { transactions, seconds, committed, errors, whole, commit, abort };
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(line);
    return isRecord(parsed) ? parsed : null;
  } catch {
    // A log line: not everything on standard output is the result.
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPercentiles(value: unknown): value is Percentiles {
  return isRecord(value) && typeof value['p50Ms'] === 'number' && typeof value['p99Ms'] === 'number';
}

function isCounts(value: unknown): value is Record<string, number> {
  return isRecord(value) && Object.values(value).every((count) => typeof count === 'number');
}
