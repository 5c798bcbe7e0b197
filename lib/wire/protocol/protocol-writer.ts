import { KafkaError } from '../kafka-error.js';

const MAX_INT16_LENGTH = 0x7fff;

/**
 * Writes Kafka's primitive types into one growing buffer. A compact type is the flexible-version form of its namesake (KIP-482).
 */
export class ProtocolWriter {
  private buffer: Buffer;
  private position = 0;

  /** @param initialCapacity bytes to start with; the buffer doubles when full */
  public constructor(initialCapacity = 256) {
    this.buffer = Buffer.allocUnsafe(Math.max(16, initialCapacity));
  }

  /** Bytes written so far. */
  public get length(): number {
    return this.position;
  }

  public boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  public int8(value: number): this {
    const at = this.reserve(1);
    this.buffer.writeInt8(value, at);
    return this;
  }

  public int16(value: number): this {
    const at = this.reserve(2);
    this.buffer.writeInt16BE(value, at);
    return this;
  }

  public int32(value: number): this {
    const at = this.reserve(4);
    this.buffer.writeInt32BE(value, at);
    return this;
  }

  public uint32(value: number): this {
    const at = this.reserve(4);
    this.buffer.writeUInt32BE(value, at);
    return this;
  }

  public int64(value: bigint): this {
    const at = this.reserve(8);
    this.buffer.writeBigInt64BE(value, at);
    return this;
  }

  /** An int64 given as a number; it must be an integer that a number holds exactly. */
  public int64FromNumber(value: number): this {
    return this.int64(BigInt(value));
  }

  /** An unsigned varint of at most 32 bits. */
  public uvarint(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
      throw new RangeError(`${value} is not an unsigned 32-bit number`);
    }
    let rest = value;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.byte(rest);
  }

  /** A signed (zigzag) varint of at most 32 bits. */
  public varint(value: number): this {
    if (!Number.isInteger(value) || value !== (value | 0)) throw new RangeError(`${value} is not a 32-bit number`);
    return this.uvarint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  /** A signed (zigzag) varint of at most 64 bits. */
  public varlong(value: bigint): this {
    if (value !== BigInt.asIntN(64, value)) throw new RangeError(`${value} is not a 64-bit number`);
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    while (rest > 0x7fn) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    return this.byte(Number(rest));
  }

  public string(value: string): this {
    const length = Buffer.byteLength(value);
    if (length > MAX_INT16_LENGTH) {
      throw new KafkaError(`A text of ${length} bytes does not fit into a request; Kafka allows ${MAX_INT16_LENGTH}`);
    }
    return this.int16(length).utf8(value, length);
  }

  public nullableString(value: string | null): this {
    return value === null ? this.int16(-1) : this.string(value);
  }

  public compactString(value: string): this {
    const length = Buffer.byteLength(value);
    return this.uvarint(length + 1).utf8(value, length);
  }

  public compactNullableString(value: string | null): this {
    return value === null ? this.uvarint(0) : this.compactString(value);
  }

  public bytes(value: Uint8Array): this {
    return this.int32(value.length).raw(value);
  }

  public nullableBytes(value: Uint8Array | null): this {
    return value === null ? this.int32(-1) : this.bytes(value);
  }

  public compactBytes(value: Uint8Array): this {
    return this.uvarint(value.length + 1).raw(value);
  }

  public compactNullableBytes(value: Uint8Array | null): this {
    return value === null ? this.uvarint(0) : this.compactBytes(value);
  }

  /** Bytes as they are, without a length. */
  public raw(value: Uint8Array): this {
    const at = this.reserve(value.length);
    this.buffer.set(value, at);
    return this;
  }

  public array<T>(elements: readonly T[], writeElement: (element: T, writer: this) => void): this {
    this.int32(elements.length);
    for (const element of elements) writeElement(element, this);
    return this;
  }

  public nullableArray<T>(elements: readonly T[] | null, writeElement: (element: T, writer: this) => void): this {
    return elements === null ? this.int32(-1) : this.array(elements, writeElement);
  }

  public compactArray<T>(elements: readonly T[], writeElement: (element: T, writer: this) => void): this {
    this.uvarint(elements.length + 1);
    for (const element of elements) writeElement(element, this);
    return this;
  }

  public compactNullableArray<T>(
    elements: readonly T[] | null,
    writeElement: (element: T, writer: this) => void,
  ): this {
    return elements === null ? this.uvarint(0) : this.compactArray(elements, writeElement);
  }

  /** An empty section of tagged fields, the end of every flexible structure without any. */
  public noTags(): this {
    return this.byte(0);
  }

  /** What was written, as a view: the writer is done with. */
  public toBuffer(): Buffer {
    return this.buffer.subarray(0, this.position);
  }

  private utf8(value: string, byteLength: number): this {
    const at = this.reserve(byteLength);
    this.buffer.write(value, at, byteLength, 'utf8');
    return this;
  }

  private byte(value: number): this {
    const at = this.reserve(1);
    this.buffer[at] = value;
    return this;
  }

  private reserve(length: number): number {
    const start = this.position;
    const needed = start + length;
    if (needed > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
      grown.set(this.buffer.subarray(0, start));
      this.buffer = grown;
    }
    this.position = needed;
    return start;
  }
}
