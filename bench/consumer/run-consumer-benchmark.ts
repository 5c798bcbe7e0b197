import type { ConsumerBenchOptions } from '../arguments.js';
import { onBenchCluster } from '../on-bench-cluster.js';
import { compareConsumers } from './compare-consumers.js';
import { PARTITIONS, VALUE_BYTES, type ConsumerRun } from './measure-consumer.js';
import type { ConsumerReport } from './results.js';
import { runEmptyHandlers } from './run-empty-handlers.js';
import { runTransforms } from './run-transforms.js';
import { KEYS, runWaitingHandlers, WAIT_MS } from './run-waiting-handlers.js';
import { summarizeConsumer, summarizeTransform } from './summarize-consumers.js';

/** Measures all that was chosen, on a broker started for it (or on `KAFKA_BROKERS`), one after the other. */
export function runConsumerBenchmark(
  options: ConsumerBenchOptions,
  progress: (line: string) => void,
): Promise<ConsumerReport> {
  return onBenchCluster(1, false, progress, async (cluster, environment) => {
    const run: ConsumerRun = { cluster, options, progress };
    const empty = await runEmptyHandlers(run);
    const waiting = await runWaitingHandlers(run);
    const transforms = await runTransforms(run);
    const { records, repetitions, transactions, waitingRecords } = options;
    return {
      environment,
      settings: {
        records,
        partitions: PARTITIONS,
        valueBytes: VALUE_BYTES,
        waitingRecords,
        keys: KEYS,
        waitMs: WAIT_MS,
        transactions,
        repetitions,
      },
      empty: empty.map(summarizeConsumer),
      waiting: waiting.map(summarizeConsumer),
      transforms: transforms.map(summarizeTransform),
      ratios: compareConsumers(empty, waiting, transforms),
    };
  });
}
