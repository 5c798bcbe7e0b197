import { Injectable } from '@nestjs/common';
import type { CommitSession, CommitStrategy } from './commit-strategy.js';

/**
 * Offsets are committed by the transactions of the handlers alone, together with what they send (KIP-447): exactly once on Kafka. What a listener has that is
 * `@Transactional()`.
 *
 * A crash repeats nothing that has been committed. The handler itself may run again: what it does besides sending records to Kafka is done at least once.
 */
@Injectable()
export class TransactionalCommitStrategy implements CommitStrategy {
  public readonly isTransactional = true;

  public start(): CommitSession {
    return {};
  }
}
