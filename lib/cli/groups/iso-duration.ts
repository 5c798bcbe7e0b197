import { InvalidArgumentError } from 'commander';

const DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i;
const UNITS_MS = [86_400_000, 3_600_000, 60_000, 1_000];

/** Reads an ISO 8601 duration of days, hours, minutes and seconds, as `java.time.Duration` does: milliseconds. */
export function isoDuration(text: string): number {
  const parts = DURATION.exec(text.trim())?.slice(1) ?? [];
  if (parts.every((part) => part === undefined) || /T$/i.test(text.trim())) {
    throw new InvalidArgumentError('Give an ISO 8601 duration: PT30M, PT12H, P1DT2H.');
  }
  return parts.reduce((sum, part, index) => sum + Number(part ?? 0) * (UNITS_MS[index] ?? 0), 0);
}
