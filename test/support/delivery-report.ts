/** What a `DeliveryCheck` has found. */
export interface DeliveryReport {
  readonly seed: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly failed: number;
  readonly stored: number;
  /** How often which error came, by its class. */
  readonly failures: Readonly<Record<string, number>>;
  /** The longest time between a send and its outcome. */
  readonly slowestMs: number;
  /** Acknowledged with offset -1: the broker did not tell where. */
  readonly withoutOffset: number;
  /** Failed, and stored nevertheless: legal only where the outcome could not be known. */
  readonly storedThoughFailed: number;
  /** Callbacks of one partition that came in another order than the sends; legal where an acknowledgement was lost. */
  readonly callbacksOutOfOrder: number;
  readonly findings: DeliveryFindings;
}

/** Broken promises, one line each. */
export interface DeliveryFindings {
  /** Acknowledged and not stored. */
  readonly lost: readonly string[];
  /** Stored more than once. */
  readonly duplicated: readonly string[];
  /** Stored elsewhere than acknowledged. */
  readonly misplaced: readonly string[];
  /** Stored after a later record of the same key, or of the same caller in the same partition. */
  readonly disordered: readonly string[];
  /** Neither acknowledged nor failed. */
  readonly unreported: readonly string[];
  /** Reported more than once. */
  readonly reportedTwice: readonly string[];
  /** Stored with another key or value, or never sent. */
  readonly foreign: readonly string[];
}

const LINES_PER_FINDING = 5;

export interface Allowances {
  /** Promises that were not made. */
  readonly except?: readonly (keyof DeliveryFindings)[];
  /** Classes of errors that records may have failed with. */
  readonly mayFail?: readonly string[];
}

/** The broken promises as text, a few examples of each, and failures that were not allowed; empty if all is as it should be. */
export function violations(report: DeliveryReport, { except = [], mayFail = [] }: Allowances = {}): string[] {
  const excepted = new Set<string>(except);
  const lines: string[] = [];
  for (const [name, found] of Object.entries(report.findings) as [string, readonly string[]][]) {
    if (found.length === 0 || excepted.has(name)) continue;
    lines.push(`${found.length} ${name} (seed ${report.seed}): ${found.slice(0, LINES_PER_FINDING).join('; ')}`);
  }
  for (const [error, count] of Object.entries(report.failures)) {
    if (!mayFail.includes(error)) lines.push(`${count} failed with ${error} (seed ${report.seed})`);
  }
  return lines;
}

/** One line for the test's output. */
export function summary({ findings, ...figures }: DeliveryReport): string {
  const counts = Object.fromEntries(Object.entries(findings).map(([name, found]) => [name, found.length]));
  return JSON.stringify({ ...figures, ...counts });
}
