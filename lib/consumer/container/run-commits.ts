import { toError } from './record-run.js';

/** The commits that the strategy makes for what one run has done. The next record waits for those made while the run lasts, not for later ones (a late `ack()`). */
export class RunCommits {
  private waiting: Promise<void>[] = [];
  private hasSettled = false;

  /** @param onFailed a commit has failed, or the strategy itself */
  public constructor(private readonly onFailed: (error: Error) => void) {}

  public add(decide: () => void | Promise<void>): void {
    try {
      const commit = decide();
      if (!(commit instanceof Promise)) return;
      const settled = commit.catch((error: unknown) => this.onFailed(toError(error)));
      if (!this.hasSettled) this.waiting.push(settled);
    } catch (error) {
      this.onFailed(toError(error));
    }
  }

  /** Never rejects. */
  public async settled(): Promise<void> {
    this.hasSettled = true;
    for (const commit of this.waiting) await commit;
    this.waiting = [];
  }
}
