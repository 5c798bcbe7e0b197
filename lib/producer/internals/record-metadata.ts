import type { RecordMetadata } from '../record.js';

/** The metadata of a record that has been in a batch; -1 stands for what is not known. */
export class StoredRecordMetadata implements RecordMetadata {
  public offset = '-1';

  public constructor(
    public readonly topic: string,
    public readonly partition: number,
    public timestamp: number,
    public readonly serializedKeySize: number,
    public readonly serializedValueSize: number,
  ) {}
}

/** What callbacks and interceptors get for a record that failed before it was placed. */
export function failedRecordMetadata(topic: string, partition: number): RecordMetadata {
  return { topic, partition, offset: '-1', timestamp: -1, serializedKeySize: -1, serializedValueSize: -1 };
}
