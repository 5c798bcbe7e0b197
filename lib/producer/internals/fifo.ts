/** A queue with constant-time `push` and `shift`, also when it is long. */
export class Fifo<T> implements Iterable<T> {
  private items: T[] = [];
  private head = 0;

  public get length(): number {
    return this.items.length - this.head;
  }

  public peek(): T | undefined {
    return this.items[this.head];
  }

  public push(item: T): void {
    this.items.push(item);
  }

  public shift(): T | undefined {
    const item = this.items[this.head];
    if (item === undefined) return undefined;
    this.head++;
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
    this.compact();
    const taken = this.items.filter(matches);
    if (taken.length > 0) this.items = this.items.filter((item) => !matches(item));
    return taken;
  }

  public [Symbol.iterator](): Iterator<T> {
    this.compact();
    return this.items[Symbol.iterator]();
  }

  private compact(): void {
    if (this.head === 0) return;
    this.items = this.items.slice(this.head);
    this.head = 0;
  }
}
