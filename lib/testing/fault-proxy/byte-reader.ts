/**
 * Reads Kafka's primitive types one after the other. Kept apart from the library's own decoder on purpose:
 * what injects the faults must not share the mistakes of what is being tested.
 */
export class ByteReader {
  public offset: number;
  private readonly buffer: Buffer;

  public constructor(buffer: Buffer, offset = 0) {
    this.buffer = buffer;
    this.offset = offset;
  }

  public int8(): number {
    return this.buffer.readInt8(this.advance(1));
  }

  public int16(): number {
    return this.buffer.readInt16BE(this.advance(2));
  }

  public int32(): number {
    return this.buffer.readInt32BE(this.advance(4));
  }

  public skip(length: number): void {
    this.advance(length);
  }

  public uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer.readUInt8(this.advance(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('A varint is longer than five bytes.');
  }

  /** Length of a string or of bytes; -1 is null. Strings and bytes differ in the classic encoding only. */
  public string(flexible: boolean): string | null {
    const length = flexible ? this.uvarint() - 1 : this.int16();
    if (length < 0) return null;
    const start = this.advance(length);
    return this.buffer.toString('utf8', start, start + length);
  }

  public skipBytes(flexible: boolean): void {
    const length = flexible ? this.uvarint() - 1 : this.int32();
    if (length > 0) this.advance(length);
  }

  /** Number of elements, -1 for a null array. */
  public arrayLength(flexible: boolean): number {
    return flexible ? this.uvarint() - 1 : this.int32();
  }

  public skipInt32Array(flexible: boolean): void {
    const length = this.arrayLength(flexible);
    if (length > 0) this.advance(length * 4);
  }

  public skipTags(flexible: boolean): void {
    if (!flexible) return;
    for (let left = this.uvarint(); left > 0; left -= 1) {
      this.uvarint();
      this.advance(this.uvarint());
    }
  }

  public slice(start: number, end: number = this.offset): Buffer {
    return this.buffer.subarray(start, end);
  }

  public rest(): Buffer {
    return this.buffer.subarray(this.offset);
  }

  private advance(length: number): number {
    const start = this.offset;
    if (length < 0 || start + length > this.buffer.length) {
      throw new RangeError(`${length} bytes wanted at ${start}, but the frame has ${this.buffer.length}.`);
    }
    this.offset = start + length;
    return start;
  }
}
