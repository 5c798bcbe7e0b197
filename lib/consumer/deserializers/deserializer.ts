import type { ConsumedHeader } from '../consumed-record.js';

/** Turns the bytes of a key or value into what a handler gets, once per attempt (Kafka's `Deserializer`). */
export interface Deserializer<T = unknown> {
  /**
   * @param topic the record's topic
   * @param bytes never null: a record without a key, and a tombstone, do not arrive here. They belong to the record, which may yet go to a dead-letter topic:
   * do not change them, and copy what is kept for long
   * @param headers in their stored order
   * @returns what was decoded, not a promise; what it throws fails the record with `UndecodableRecordError`
   */
  deserialize(topic: string, bytes: Buffer, headers: readonly ConsumedHeader[]): T;
}
