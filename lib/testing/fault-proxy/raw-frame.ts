/** One size-prefixed frame as the chunks it arrived in, so that frames nobody looks into are never copied. */
export class RawFrame {
  public readonly length: number;
  private parts: Buffer[];

  public constructor(chunks: readonly Buffer[]) {
    this.parts = [...chunks];
    this.length = this.parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** The frame with its size prefix, in order. */
  public get chunks(): readonly Buffer[] {
    return this.parts;
  }

  /** The frame in one piece. */
  public get bytes(): Buffer {
    return this.prefix(this.length);
  }

  /** A buffer that begins with the frame's first `length` bytes (fewer if the frame is shorter). */
  public prefix(length: number): Buffer {
    let count = 0;
    let joined = 0;
    while (count < this.parts.length && joined < length) {
      joined += this.parts[count]?.length ?? 0;
      count += 1;
    }
    if (count > 1) this.parts = [Buffer.concat(this.parts.slice(0, count)), ...this.parts.slice(count)];
    return this.parts[0] ?? Buffer.alloc(0);
  }
}

/** Puts the size prefix before the given chunks. */
export function frameOf(chunks: readonly Buffer[]): RawFrame {
  const size = Buffer.alloc(4);
  size.writeInt32BE(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  return new RawFrame([size, ...chunks]);
}
