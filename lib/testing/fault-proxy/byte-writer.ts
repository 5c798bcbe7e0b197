/** Writes Kafka's primitive types one after the other; for short answers only, so it favours plainness over speed. */
export class ByteWriter {
  private readonly parts: Buffer[] = [];

  public int8(value: number): this {
    return this.append(Buffer.from([value & 0xff]));
  }

  public int16(value: number): this {
    const part = Buffer.alloc(2);
    part.writeInt16BE(value);
    return this.append(part);
  }

  public int32(value: number): this {
    const part = Buffer.alloc(4);
    part.writeInt32BE(value);
    return this.append(part);
  }

  public int64(value: bigint): this {
    const part = Buffer.alloc(8);
    part.writeBigInt64BE(value);
    return this.append(part);
  }

  public uvarint(value: number): this {
    const bytes: number[] = [];
    let left = value;
    while (left >= 0x80) {
      bytes.push((left % 0x80) | 0x80);
      left = Math.floor(left / 0x80);
    }
    bytes.push(left);
    return this.append(Buffer.from(bytes));
  }

  public string(value: string | null, flexible: boolean): this {
    const bytes = value === null ? undefined : Buffer.from(value, 'utf8');
    const length = bytes?.length ?? -1;
    if (flexible) this.uvarint(length + 1);
    else this.int16(length);
    return bytes ? this.append(bytes) : this;
  }

  public arrayLength(length: number, flexible: boolean): this {
    return flexible ? this.uvarint(length + 1) : this.int32(length);
  }

  /** An empty tag section where the version has one. */
  public tags(flexible: boolean): this {
    return flexible ? this.int8(0) : this;
  }

  public append(bytes: Buffer): this {
    this.parts.push(bytes);
    return this;
  }

  public toBuffer(): Buffer {
    return Buffer.concat(this.parts);
  }
}
