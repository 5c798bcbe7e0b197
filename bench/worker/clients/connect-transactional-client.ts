import type { TransactionClient } from '../job.js';
import { connectTransactionalKafkaJs } from './transactional-kafkajs.js';
import { connectTransactionalOurs } from './transactional-ours.js';
import type { TransactionalClient, TransactionTarget } from './transactional-client.js';

export function connectTransactionalClient(
  client: TransactionClient,
  target: TransactionTarget,
): Promise<TransactionalClient> {
  switch (client) {
    case 'ours':
      return connectTransactionalOurs(target);
    case 'kafkajs':
      return connectTransactionalKafkaJs(target);
  }
}
