import { MalformedResponseError } from '../malformed-response-error.js';

/** The tagged fields of one structure (KIP-482): tag number to raw bytes. */
export type TaggedFields = ReadonlyMap<number, Buffer>;

const NO_TAGS: TaggedFields = new Map();

/**
 * Reads Kafka's primitive types from bytes a broker sent, in order. Nothing in those bytes is trusted: a value that is cut off, a length
 * that leads past the end or a count of more elements than there are bytes left throws `MalformedResponseError`, and nothing is
 * allocated by a number that has not been checked.
 *
 * Byte sequences returned are views into the given buffer; copy what is kept for long.
 */
export class ProtocolReader {
  private position: number;

  /** @param subject what the bytes are, for error messages, e.g. `Produce v9 response` */
  public constructor(
    private readonly buffer: Buffer,
    private readonly subject = 'Response',
    start = 0,
    private readonly end = buffer.length,
  ) {
    this.position = start;
  }

  /** Bytes not yet read. */
  public get remaining(): number {
    return this.end - this.position;
  }

  /** Index into the buffer of the next byte. */
  public get offset(): number {
    return this.position;
  }

  public boolean(): boolean {
    return this.int8() !== 0;
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

  public uint32(): number {
    return this.buffer.readUInt32BE(this.advance(4));
  }

  public int64(): bigint {
    return this.buffer.readBigInt64BE(this.advance(8));
  }

  /** An int64 as a number, for values such as timestamps that a number holds exactly. */
  public int64AsNumber(): number {
    const at = this.advance(8);
    const value = this.buffer.readInt32BE(at) * 0x1_0000_0000 + this.buffer.readUInt32BE(at + 4);
    if (!Number.isSafeInteger(value)) this.fail(`a 64-bit number is larger than a number can hold exactly`);
    return value;
  }

  /** An unsigned varint of at most 32 bits. */
  public uvarint(): number {
    let result = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return result;
    }
    const last = this.byte();
    if (last > 0x0f) this.fail('a varint has more than 32 bits');
    return result + last * 0x1000_0000;
  }

  /** A signed (zigzag) varint of at most 32 bits. */
  public varint(): number {
    const value = this.uvarint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** A signed (zigzag) varint of at most 64 bits. */
  public varlong(): bigint {
    const value = this.uvarlong();
    return (value >> 1n) ^ -(value & 1n);
  }

  /** A signed (zigzag) varint as a number, for values that a number holds exactly. */
  public varlongAsNumber(): number {
    let result = 0;
    let factor = 1;
    const start = this.position;
    for (let length = 1; length <= 7; length++) {
      const byte = this.byte();
      result += (byte & 0x7f) * factor;
      if (byte < 0x80) return result % 2 === 0 ? result / 2 : -(result + 1) / 2;
      factor *= 0x80;
    }
    this.position = start;
    const value = Number(this.varlong());
    if (!Number.isSafeInteger(value)) this.fail('a varint is larger than a number can hold exactly');
    return value;
  }

  public string(): string {
    return this.present(this.nullableString());
  }

  public nullableString(): string | null {
    const length = this.int16();
    return length === -1 ? null : this.utf8(length);
  }

  public compactString(): string {
    return this.present(this.compactNullableString());
  }

  public compactNullableString(): string | null {
    const length = this.uvarint() - 1;
    return length === -1 ? null : this.utf8(length);
  }

  public bytes(): Buffer {
    return this.present(this.nullableBytes());
  }

  public nullableBytes(): Buffer | null {
    const length = this.int32();
    return length === -1 ? null : this.view(length);
  }

  public compactBytes(): Buffer {
    return this.present(this.compactNullableBytes());
  }

  public compactNullableBytes(): Buffer | null {
    const length = this.uvarint() - 1;
    return length === -1 ? null : this.view(length);
  }

  /** The next `length` bytes as a view. */
  public view(length: number): Buffer {
    const start = this.advance(length);
    return this.buffer.subarray(start, start + length);
  }

  public skip(length: number): void {
    this.advance(length);
  }

  public array<T>(readElement: (reader: ProtocolReader) => T): T[] {
    return this.present(this.nullableArray(readElement));
  }

  public nullableArray<T>(readElement: (reader: ProtocolReader) => T): T[] | null {
    return this.elements(this.int32(), readElement);
  }

  public compactArray<T>(readElement: (reader: ProtocolReader) => T): T[] {
    return this.present(this.compactNullableArray(readElement));
  }

  public compactNullableArray<T>(readElement: (reader: ProtocolReader) => T): T[] | null {
    return this.elements(this.uvarint() - 1, readElement);
  }

  /** Skips the tagged fields of a structure, known or not. */
  public skipTags(): void {
    const count = this.tagCount();
    for (let index = 0; index < count; index++) {
      this.uvarint();
      this.skip(this.uvarint());
    }
  }

  /** Collects the tagged fields of a structure. */
  public tags(): TaggedFields {
    const count = this.tagCount();
    if (count === 0) return NO_TAGS;
    const fields = new Map<number, Buffer>();
    let previous = -1;
    for (let index = 0; index < count; index++) {
      const tag = this.uvarint();
      if (tag <= previous) this.fail(`tagged field ${tag} comes after ${previous}`);
      previous = tag;
      fields.set(tag, this.view(this.uvarint()));
    }
    return fields;
  }

  /** A reader of its own for bytes found inside these, such as a tagged field's. */
  public nested(bytes: Buffer): ProtocolReader {
    return new ProtocolReader(bytes, this.subject);
  }

  /** Verifies that everything was read: left-over bytes mean that the layout was not the expected one. */
  public expectEnd(): void {
    if (this.remaining !== 0) this.fail(`${this.remaining} bytes are left over`);
  }

  /** Throws `MalformedResponseError` for these bytes. */
  public fail(problem: string): never {
    throw new MalformedResponseError(
      `${this.subject} is malformed: ${problem} (at byte ${this.position} of ${this.end}); ` +
        'check that the address belongs to a Kafka broker and that nothing in between changes its traffic',
    );
  }

  private tagCount(): number {
    const count = this.uvarint();
    // Every field takes two bytes or more: its tag and its size.
    if (count * 2 > this.remaining) this.fail(`${count} tagged fields announced`);
    return count;
  }

  private elements<T>(count: number, readElement: (reader: ProtocolReader) => T): T[] | null {
    if (count === -1) return null;
    if (count < 0 || count > this.remaining) this.fail(`an array of ${count} elements announced`);
    const elements: T[] = [];
    for (let index = 0; index < count; index++) elements.push(readElement(this));
    return elements;
  }

  private uvarlong(): bigint {
    let result = 0n;
    for (let shift = 0n; shift < 63n; shift += 7n) {
      const byte = this.byte();
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return result;
    }
    const last = this.byte();
    if (last > 1) this.fail('a varint has more than 64 bits');
    return result | (BigInt(last) << 63n);
  }

  private utf8(length: number): string {
    const start = this.advance(length);
    return this.buffer.toString('utf8', start, start + length);
  }

  private present<T>(value: T | null): T {
    if (value === null) this.fail('a value that must be present is null');
    return value;
  }

  private byte(): number {
    const value = this.buffer[this.advance(1)];
    return value ?? this.fail('the bytes end early');
  }

  private advance(length: number): number {
    if (length < 0 || length > this.end - this.position) {
      this.fail(`${length} bytes expected, ${this.end - this.position} left`);
    }
    const start = this.position;
    this.position = start + length;
    return start;
  }
}
