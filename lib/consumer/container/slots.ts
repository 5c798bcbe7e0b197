import { Fifo } from '../../wire/fifo.js';

/** How many may work at a time; those who wait get their turn in the order in which they came. */
export class Slots {
  private used = 0;
  private readonly waiting = new Fifo<() => void>();

  /** @param limit at least 1; Infinity for no limit */
  public constructor(private readonly limit: number) {}

  /** Resolves when there is a slot, which then has to be released. */
  public acquire(): Promise<void> {
    if (this.used < this.limit) {
      this.used++;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }

  public release(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.used--;
    else next();
  }
}
