import type { WorkerClient } from '../job.js';
import type { BenchClient, BenchTarget } from './bench-client.js';
import { connectCeiling } from './ceiling.js';
import { connectKafkaJs } from './kafkajs.js';
import { connectOurs } from './ours.js';

/** Messages in one `sendBatch` of kafkajs. */
export const KAFKAJS_BATCH = 1000;
export const PARTITIONS = 4;

export function connectClient(client: WorkerClient, target: BenchTarget): Promise<BenchClient> {
  switch (client) {
    case 'ours':
      return connectOurs(target);
    case 'ours-linger-0':
      return connectOurs(target, { lingerMs: 0 });
    case 'kafkajs-send':
      return connectKafkaJs(target, 1);
    case 'kafkajs-send-batch':
      return connectKafkaJs(target, KAFKAJS_BATCH);
    case 'ceiling':
      return connectCeiling(target, PARTITIONS);
  }
}
