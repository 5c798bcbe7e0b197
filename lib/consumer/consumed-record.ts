/** A header of a consumed record. Names may repeat, and any name is data. */
export interface ConsumedHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** A record as it was fetched. Keys, values and headers may share memory with the whole response: copy what is kept for long. */
export interface ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Milliseconds since the epoch: the producer's, or the broker's with LogAppendTime. */
  readonly timestamp: number;
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  /** -1 when not known. */
  readonly leaderEpoch: number;
  readonly key: Buffer | null;
  /** null is a tombstone. */
  readonly value: Buffer | null;
  readonly headers: readonly ConsumedHeader[];
  /** Bytes of key, value and headers, for bounds on memory. */
  readonly sizeInBytes: number;
}
