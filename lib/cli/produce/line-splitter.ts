/** A line of the input, without its end. */
export interface InputLine {
  /** From 1. */
  readonly number: number;
  /** null: it is longer than allowed, and was dropped. May share memory with the chunk that it came in. */
  readonly bytes: Buffer | null;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const NOTHING = Buffer.alloc(0);

/** Cuts a stream of bytes into lines, which end with `\n` or `\r\n`. It keeps no more than one line, and of that no more than the limit. */
export class LineSplitter {
  private kept: Buffer[] = [];
  private keptBytes = 0;
  private isTooLong = false;
  private count = 0;

  /** @param maxBytes of one line; what is longer is told as null */
  public constructor(private readonly maxBytes: number) {}

  /** The lines that end in this chunk. */
  public *push(chunk: Buffer): Generator<InputLine> {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.keep(chunk.subarray(start, end));
      yield this.take();
      start = end + 1;
    }
    if (start < chunk.length) this.keep(chunk.subarray(start));
  }

  /** The last line, when no line feed has ended it. */
  public *end(): Generator<InputLine> {
    if (this.keptBytes > 0 || this.isTooLong) yield this.take();
  }

  private keep(part: Buffer): void {
    if (this.isTooLong) return;
    this.keptBytes += part.length;
    if (this.keptBytes <= this.maxBytes) {
      this.kept.push(part);
      return;
    }
    this.isTooLong = true;
    this.kept = [];
  }

  private take(): InputLine {
    const bytes = this.isTooLong ? null : withoutCarriageReturn(joined(this.kept));
    this.kept = [];
    this.keptBytes = 0;
    this.isTooLong = false;
    return { number: ++this.count, bytes };
  }
}

function joined(parts: readonly Buffer[]): Buffer {
  const [first = NOTHING, ...others] = parts;
  return others.length === 0 ? first : Buffer.concat(parts);
}

function withoutCarriageReturn(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}
