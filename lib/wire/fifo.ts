/** A queue with constant-time `push` and `shift`, also when it is long. What has been taken out is not held on to. */
export class Fifo<T extends object> implements Iterable<T> {
  private items: (T | undefined)[] = [];
  private head = 0;

  public get length(): number {
    return this.items.length - this.head;
  }

  public peek(): T | undefined {
    return this.items[this.head];
  }

  public last(): T | undefined {
    return this.length > 0 ? this.items.at(-1) : undefined;
  }

  public push(item: T): void {
    this.items.push(item);
  }

  public shift(): T | undefined {
    const item = this.items[this.head];
    if (item === undefined) return undefined;
    this.items[this.head++] = undefined;
    if (this.head > 1024 && this.head * 2 > this.items.length) this.compact();
    return item;
  }

  /** Puts back what `shift` gave. */
  public unshift(item: T): void {
    if (this.head > 0) this.items[--this.head] = item;
    else this.items.unshift(item);
  }

  /** Takes out what matches, in order. */
  public extract(matches: (item: T) => boolean): T[] {
    const taken: T[] = [];
    const rest: T[] = [];
    for (const item of this) (matches(item) ? taken : rest).push(item);
    if (taken.length > 0) {
      this.items = rest;
      this.head = 0;
    }
    return taken;
  }

  /** From the first on; nothing may be added or taken meanwhile. */
  public *[Symbol.iterator](): Iterator<T> {
    for (let index = this.head; index < this.items.length; index++) {
      const item = this.items[index];
      if (item !== undefined) yield item;
    }
  }

  private compact(): void {
    this.items = this.items.slice(this.head);
    this.head = 0;
  }
}
