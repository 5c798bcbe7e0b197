import { KafkaError } from '../../../wire/kafka-error.js';
import { RetryBackoff } from '../../../wire/retry-backoff.js';
import type { ConsumerConfig } from '../../consumer-config.js';
import type { FetchPartition } from './fetch-partition.js';

/** A single failure is usual while leaders move. */
const TROUBLE_AFTER_FAILURES = 2;

export interface PartitionTroublesDependencies {
  readonly config: Pick<ConsumerConfig, 'retryBackoffMs' | 'retryBackoffMaxMs'>;
  /** null when the last of them has passed. */
  readonly onTrouble: (error: Error | null) => void;
  /** Waiting does not help. */
  readonly onFatal: (error: Error) => void;
}

/** What fails about partitions: the back-off of each, and one voice for all that does not pass by itself. */
export class PartitionTroubles {
  private readonly backoff: RetryBackoff;
  private readonly open = new Map<unknown, Error>();

  public constructor(private readonly dependencies: PartitionTroublesDependencies) {
    const { retryBackoffMs, retryBackoffMaxMs } = dependencies.config;
    this.backoff = new RetryBackoff(retryBackoffMs, Math.max(retryBackoffMs, retryBackoffMaxMs));
  }

  /** Nothing is asked about the partition for a while. */
  public failed(partition: FetchPartition, error: Error): void {
    partition.failures++;
    partition.retryAt = Date.now() + this.backoff.delay(partition.failures);
    if (partition.failures >= TROUBLE_AFTER_FAILURES) this.report(partition, error);
  }

  /** What came up between requests: worth another attempt, or the end. */
  public failedOrFatal(partition: FetchPartition, error: unknown): void {
    if (error instanceof KafkaError && error.retriable) this.failed(partition, error);
    else this.fatal(error);
  }

  public fatal(error: unknown): void {
    this.dependencies.onFatal(error instanceof Error ? error : new Error(String(error)));
  }

  public succeeded(partition: FetchPartition): void {
    partition.failures = 0;
    partition.retryAt = 0;
    this.clear(partition);
  }

  /** @param subject a partition, or whatever else is in trouble */
  public report(subject: unknown, error: Error): void {
    if (this.open.get(subject)?.message === error.message) return;
    this.open.set(subject, error);
    this.dependencies.onTrouble(error);
  }

  public clear(subject: unknown): void {
    if (this.open.delete(subject) && this.open.size === 0) this.dependencies.onTrouble(null);
  }
}
