/** Serialized data: bytes, text (sent as UTF-8 without an extra copy), or null (no key, tombstone). */
export type SerializedData = Buffer | Uint8Array | string | null;

/** Turns a key or value into bytes, once per record (Kafka's `Serializer`). */
export interface Serializer<T = unknown> {
  /**
   * @param topic the record's topic
   * @param data never undefined; null is handled before and does not arrive here
   * @returns the bytes; what it throws fails the record with `SerializationError`
   */
  serialize(topic: string, data: T): SerializedData;
  /** Called once, when the producer has closed. */
  close?(): void;
}
