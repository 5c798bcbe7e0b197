import type { LogSink } from '../wire/log-sink.js';
import type { ProducerEngineApi, ProducerMetrics, TransactionPoolStatus } from './producer-engine-api.js';
import type { ProducerParts } from './producer-parts.factory.js';
import type { KafkaTransaction, TransactionOptions, TransactionWork } from './transaction.js';
import type { TransactionalEngineApi } from './transactional-engine-api.js';

/** The option `transactions` with its defaults, checked. */
export interface TransactionsSettings {
  readonly transactionalIdPrefix: string;
  readonly poolSize: number;
  /** After so many milliseconds the broker ends a transaction that nobody has ended. */
  readonly timeoutMs: number;
  /** After so many the work is ended here, so that the broker's limit never comes first. */
  readonly maxWorkMs: number;
}

/** Where records of a caller go: to the engine outside of transactions, to its transaction inside of one. */
export type RecordSender = Pick<ProducerEngineApi, 'send' | 'sendWithCallback' | 'flush'> & {
  /** Takes in a call that sends several records: the transaction waits for it, and cannot commit when it fails. Absent outside of transactions. */
  track?(call: Promise<unknown>): void;
};

/** What `KafkaProducer` asks of its transactions. A producer without the option `transactions` has none. */
export interface ProducerTransactions {
  /** Where the caller's records belong, or null outside of a transaction. */
  sender(): RecordSender | null;
  /** The transaction that the caller is in, or null. */
  current(): KafkaTransaction | null;
  /** Never throws: every failure is a rejection. */
  run<T>(work: TransactionWork<T>, options?: TransactionOptions): Promise<T>;
  /**
   * Lets transactions commit that have begun to, aborts all others, and closes every producer of the pool. Idempotent.
   * @param timeoutMs for all of it; what has not ended by then is given up
   */
  close(timeoutMs: number): Promise<void>;
  /** The times and counts of transactions, and the totals of all producers of the pool. */
  metrics(): ProducerMetrics;
  status(): TransactionPoolStatus;
  /** Topics that transactions have sent to. */
  topicsInUse(): readonly string[];
}

/** What transactions are made of. */
export interface ProducerTransactionsDependencies {
  readonly settings: TransactionsSettings;
  /** How long a transaction waits for a producer of the pool. */
  readonly maxBlockMs: number;
  /**
   * Makes and starts the producer of one transactional id.
   * @param share what to do with the parts of the producer first, as one more engine will use them
   */
  readonly createEngine: (
    transactionalId: string,
    share: (parts: ProducerParts) => ProducerParts,
  ) => Promise<TransactionalEngineApi>;
  readonly log: LogSink;
}

/** Gives a producer its transactions. The token under which the module finds them, so that this folder need not know how they are made. */
export abstract class ProducerTransactionsFactory {
  public abstract create(dependencies: ProducerTransactionsDependencies): ProducerTransactions;

  /**
   * Looks at every transactional method of the application that names this producer.
   * @param settings null for a producer without transactions
   * @throws ConfigError naming class and method of one that cannot work
   */
  public abstract checkUses(producerName: string | null, settings: TransactionsSettings | null): void;
}
