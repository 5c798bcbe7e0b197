/** A header of a fetched record. Names may repeat, and any name is data. */
export interface FetchedHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** A record as it was fetched; key, value and header values are views into the fetched bytes. */
export interface FetchedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Milliseconds since the epoch: the producer's, or the broker's with LogAppendTime. */
  readonly timestamp: number;
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  /** Of the leader that took the record; -1 when not known. */
  readonly leaderEpoch: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly FetchedHeader[];
  /** Bytes of key, value and headers. */
  readonly sizeInBytes: number;
}
