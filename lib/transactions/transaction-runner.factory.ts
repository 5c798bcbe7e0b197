import { Injectable } from '@nestjs/common';
import {
  type ProducerTransactions,
  type ProducerTransactionsDependencies,
  ProducerTransactionsFactory,
  type TransactionsSettings,
} from '../producer/producer-transactions.js';
import { shareParts } from './share-parts.js';
import { TransactionRunner } from './transaction-runner.js';
import { TransactionalExplorer } from './transactional.explorer.js';

/** Makes the transactions of a module's producer. */
@Injectable()
export class TransactionRunnerFactory extends ProducerTransactionsFactory {
  public constructor(private readonly explorer: TransactionalExplorer) {
    super();
  }

  public create({ createEngine, ...rest }: ProducerTransactionsDependencies): ProducerTransactions {
    return new TransactionRunner({
      ...rest,
      createEngine: (transactionalId) => createEngine(transactionalId, shareParts),
    });
  }

  public checkUses(producerName: string | null, settings: TransactionsSettings | null): void {
    this.explorer.check(producerName, settings);
  }
}
