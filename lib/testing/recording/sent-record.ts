import type { SerializedRecord } from '../../producer/internals/record-serializer.js';
import type { ProducerRecord, RecordHeaders, RecordMetadata } from '../../producer/record.js';
import type { RecordedRecord, RecordState } from './recorded-record.js';
import type { TransactionEntry } from './transaction-entry.js';

/** A record that has its partition. */
export interface PlacedRecord {
  readonly record: ProducerRecord;
  readonly serialized: SerializedRecord;
  readonly partition: number;
}

/** A record while it is under way. What is private or on the prototype stays out of `console.log` and of comparisons in tests. */
export class SentRecord implements RecordedRecord {
  public readonly topic: string;
  public readonly partition: number;
  public readonly key: unknown;
  public readonly value: unknown;
  public readonly headers: RecordHeaders;
  public readonly timestamp: number;
  public readonly serializedKey: Buffer | null;
  public readonly serializedValue: Buffer | null;
  public state: RecordState = 'pending';
  public offset = '-1';
  public error: Error | null = null;
  readonly #transaction: TransactionEntry | null;
  readonly #onSettled: (error: Error | null) => void;

  /** @param onSettled called once */
  public constructor(
    { partition, record, serialized }: PlacedRecord,
    transaction: TransactionEntry | null,
    onSettled: (error: Error | null) => void,
  ) {
    this.topic = serialized.topic;
    this.partition = partition;
    this.key = record.key ?? null;
    this.value = record.value;
    this.headers = record.headers ?? {};
    this.timestamp = serialized.timestamp;
    // Copies: the sender may use its buffers again.
    this.serializedKey = serialized.key === null ? null : Buffer.from(serialized.key);
    this.serializedValue = bytesOf(serialized.value);
    this.#transaction = transaction;
    this.#onSettled = onSettled;
  }

  public get transaction(): TransactionEntry | null {
    return this.#transaction;
  }

  public get metadata(): RecordMetadata {
    return {
      topic: this.topic,
      partition: this.partition,
      offset: this.offset,
      timestamp: this.timestamp,
      serializedKeySize: this.serializedKey?.length ?? -1,
      serializedValueSize: this.serializedValue?.length ?? -1,
    };
  }

  public store(offset: bigint): void {
    this.state = 'stored';
    this.offset = offset.toString();
    this.#onSettled(null);
  }

  public fail(error: Error): void {
    this.state = 'failed';
    this.error = error;
    this.#onSettled(error);
  }
}

function bytesOf(value: Uint8Array | string | null): Buffer | null {
  if (value === null) return null;
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value);
}
