/** One transaction at a time. */
export interface TransactionalProducer {
  /** Sends the messages in a transaction; resolves, once it is committed, to the `performance.now()` at which the commit began. */
  commit(): Promise<number>;
  /** The same with an abort at its end. */
  abort(): Promise<number>;
}

/** A client as the measuring loops see it. */
export interface TransactionalClient {
  readonly producers: readonly TransactionalProducer[];
  close(): Promise<void>;
}

export interface TransactionTarget {
  readonly brokers: string[];
  readonly topic: string;
  readonly values: readonly Buffer[];
  /** How many, and messages in each transaction. */
  readonly producers: number;
  readonly messages: number;
  readonly transactionalIdPrefix: string;
}
