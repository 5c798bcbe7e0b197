import type { ProducerRecord } from '../../lib/producer/record.js';
import type { ConsumerGroupMetadata, TopicPartitionOffset } from '../../lib/producer/transaction.js';
import type { EndedTransaction } from './transaction-outcome.js';

/** What a work may send. */
export interface TransactionSender {
  send(record: ProducerRecord): Promise<unknown>;
  sendOffsets(offsets: readonly TopicPartitionOffset[], group: ConsumerGroupMetadata): Promise<void>;
}

export type Work = (sender: TransactionSender) => Promise<unknown>;

/** Whatever runs transactions one after the other. */
export interface TransactionTarget extends AsyncDisposable {
  /** Never rejects. Throws `OnPurpose` inside of the work abort it. */
  run(work: Work): Promise<EndedTransaction>;
}
