import type { ClusterLink } from '../../wire/cluster-link.js';
import { ProducerClosedError } from '../errors.js';
import type { ProducerEngineDependencies } from '../producer-engine-api.js';
import { settledWithin } from '../../wire/settled-within.js';
import type { ConsumerGroupMetadata, TopicPartitionOffset } from '../transaction.js';
import type { TransactionalEngineApi, TransactionalState } from '../transactional-engine-api.js';
import { openLink } from '../../wire/open-link.js';
import { ProducerEngine } from './producer-engine.js';
import { TransactionManager } from './transactions/transaction-manager.js';
import { TransactionRequests, type TransactionalConfig } from './transactions/transaction-requests.js';

/** What a transactional engine is made of: `config` has a `transactionalId`. */
export type TransactionalEngineDependencies = ProducerEngineDependencies & { readonly config: TransactionalConfig };

/** The producer of one transactional id. */
export class TransactionalProducerEngine extends ProducerEngine implements TransactionalEngineApi {
  private readonly coordinatorLink: ClusterLink;
  private readonly requests: TransactionRequests;
  private readonly manager: TransactionManager;
  private endingAll: Promise<void> | null = null;

  public constructor(dependencies: TransactionalEngineDependencies) {
    super(dependencies);
    const { config, log } = dependencies;
    const { batches, link, sequences } = this;
    if (sequences === null) throw new TypeError('Transactions need idempotence.');
    this.coordinatorLink = openLink(dependencies, () => undefined);
    this.requests = new TransactionRequests({
      link: this.coordinatorLink,
      config,
      knownBrokers: () => link.knownBrokers,
    });
    this.manager = new TransactionManager({ config, log, requests: this.requests, sequences, batches });
    this.transaction = this.manager;
  }

  public get transactionalState(): TransactionalState {
    return this.manager.state;
  }

  public get transactionError(): Error | null {
    return this.manager.error;
  }

  public get restedAt(): number {
    return this.manager.restedAt;
  }

  public get pendingWork(): string | null {
    const now = Date.now();
    const batches = this.describeBatches(now);
    const pending = [...this.requests.pending(now), ...(batches === null ? [] : [batches])];
    return pending.length === 0 ? null : pending.join('; ');
  }

  public get oldestPendingMs(): number {
    return Math.max(this.status().oldestRecordAgeMs, this.requests.oldestPendingMs(Date.now()));
  }

  public initTransactions(): Promise<void> {
    return this.manager.initialize();
  }

  public beginTransaction(): void {
    this.manager.begin();
  }

  public sendOffsetsToTransaction(
    offsets: readonly TopicPartitionOffset[],
    group: ConsumerGroupMetadata,
  ): Promise<void> {
    return this.manager.sendOffsets(offsets, group);
  }

  public commitTransaction(): Promise<void> {
    return this.manager.commit();
  }

  public abortTransaction(): Promise<void> {
    return this.manager.abort();
  }

  /** An open transaction is aborted first, as by Java's `close`; one that is completing may complete. */
  public override close(timeoutMs: number): Promise<void> {
    if (!(timeoutMs >= 0)) return super.close(timeoutMs);
    this.endingAll ??= this.end(timeoutMs);
    return this.endingAll;
  }

  private async end(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    const { state } = this.manager;
    if (timeoutMs > 0 && (state === 'in-transaction' || state === 'abortable-error')) {
      await settledWithin(this.manager.abort(), timeoutMs);
    }
    const closed = new ProducerClosedError('The producer is closed.');
    this.manager.close(closed);
    await super.close(Math.max(0, deadline - Date.now()));
    await this.coordinatorLink.close(closed);
  }
}
