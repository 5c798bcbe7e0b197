import type { TransactionBenchOptions } from '../arguments.js';
import type { BenchRun } from '../bench-run.js';
import { onBenchCluster } from '../on-bench-cluster.js';
import { PARTITIONS } from '../worker/clients/connect-client.js';
import { compareTransactions } from './compare-transactions.js';
import type { TransactionReport } from './results.js';
import {
  abortMilliseconds,
  runTransactions,
  summarizeTransactions,
  VALUE_BYTES,
  warmUpBroker,
} from './run-transactions.js';

/** Measures all that was chosen, on brokers started for it (or on `KAFKA_BROKERS`), one after the other. */
export function runTransactionBenchmark(
  options: TransactionBenchOptions,
  progress: (line: string) => void,
): Promise<TransactionReport> {
  return onBenchCluster(options.brokers, options.only.has('java'), progress, async (cluster, environment) => {
    const run: BenchRun<TransactionBenchOptions> = { cluster, options, progress };
    await warmUpBroker(run);
    const measured = await runTransactions(run);
    return {
      environment,
      settings: {
        warmupMs: options.warmup,
        brokerWarmupMs: options.brokerWarmup,
        windowMs: options.window,
        abortMs: abortMilliseconds(options),
        repetitions: options.repetitions,
        partitions: PARTITIONS,
        brokers: cluster.description.brokers.length,
        valueBytes: VALUE_BYTES,
      },
      transactions: measured.map(summarizeTransactions),
      ratios: compareTransactions(measured),
    };
  });
}
