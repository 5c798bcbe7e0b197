/** A record as the broker has it stored. */
export interface StoredRecord {
  readonly topic: string;
  readonly partition: number;
  /** Decimal. */
  readonly offset: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In stored order; a name may come several times. */
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[];
  /** Decimal; `'-1'` for a producer without idempotence. */
  readonly producerId: string;
  readonly producerEpoch: number;
  /** The record's own sequence number; -1 without idempotence. */
  readonly sequence: number;
  readonly isTransactional: boolean;
}
