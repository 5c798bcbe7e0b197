/** Gathers what is wrong. */
export class HealthVerdict {
  public readonly problems: string[] = [];
  public readonly warnings: string[] = [];

  public get status(): 'up' | 'degraded' | 'down' {
    if (this.problems.length > 0) return 'down';
    return this.warnings.length > 0 ? 'degraded' : 'up';
  }

  /** It is down, because of that. */
  public down(problem: string): void {
    this.problems.push(problem);
  }

  /** Something is wrong that does not keep it from its work. */
  public degraded(warning: string): void {
    this.warnings.push(warning);
  }

  /** Takes over what another one has found. @param who is put in front */
  public add(who: string, { problems, warnings }: HealthVerdict): void {
    this.problems.push(...problems.map((problem) => `${who}: ${problem}`));
    this.warnings.push(...warnings.map((warning) => `${who}: ${warning}`));
  }
}
