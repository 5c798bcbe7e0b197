import type { TransactionBenchOptions, TransactionScenario } from '../arguments.js';
import { TRANSACTION_SCENARIOS } from '../arguments.js';
import { inTurn, profileFlags, type BenchRun } from '../bench-run.js';
import { assertReadable, withTopic } from '../bench-topic.js';
import { runWorker } from '../run-worker.js';
import { spread, type Spread } from '../statistics.js';
import type { TransactionMeasure } from '../worker/job.js';
import { measureJavaTransactions } from './java-transactions.js';
import type { TransactionLoad, TransactionResult } from './results.js';

export const VALUE_BYTES = 100;
/** Aborts are only timed, not counted per second. */
const ABORT_SHARE = 1 / 3;
/** Under this load the broker's own code is compiled before anything is measured. */
const WARM_UP_LOAD: TransactionLoad = { messages: 1, producers: 16 };

type TransactionRun = BenchRun<TransactionBenchOptions>;

/** One client's measurements under one load, one per repetition. */
export interface TransactionSeries extends TransactionLoad {
  readonly scenario: TransactionScenario;
  readonly measures: readonly TransactionMeasure[];
}

/** Repetition by repetition, so that what is compared between loads was measured close together as well. */
export async function runTransactions(run: TransactionRun): Promise<TransactionSeries[]> {
  const { messages, producers, repetitions } = run.options;
  const scenarios = TRANSACTION_SCENARIOS.filter((scenario) => run.options.only.has(scenario));
  const all = messages.flatMap((messages) =>
    producers.flatMap((producers) =>
      scenarios.map((scenario) => ({ scenario, messages, producers, measures: [] as TransactionMeasure[] })),
    ),
  );
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const series of inTurn(all, repetition)) {
      const measured = await measure(run, series.scenario, series, run.options.window);
      if (measured.transactions === 0) {
        throw new Error(`${series.scenario} ended no transaction within the window: choose a longer --window.`);
      }
      series.measures.push(measured);
      run.progress(`repetition ${repetition + 1}: ${describe(series, measured)}`);
    }
  }
  return all;
}

/**
 * A broker that was just started takes much longer for each step of a transaction than after some ten thousand of them, and a client that
 * sends one request more than another would pay for that.
 */
export async function warmUpBroker(run: TransactionRun): Promise<void> {
  for (const scenario of run.options.only) {
    run.progress(`warming up the broker with ${scenario}`);
    await measure(run, scenario, WARM_UP_LOAD, run.options.brokerWarmup);
  }
}

export function summarizeTransactions({ measures, ...load }: TransactionSeries): TransactionResult {
  const over = (figure: (measure: TransactionMeasure) => number): Spread => spread(measures.map(figure));
  const errors: Record<string, number> = {};
  for (const [name, count] of measures.flatMap((measure) => Object.entries(measure.errors))) {
    errors[name] = (errors[name] ?? 0) + count;
  }
  return {
    ...load,
    transactionsPerSecond: spread(transactionRates(measures)),
    p50Ms: over(({ whole }) => whole.p50Ms),
    p99Ms: over(({ whole }) => whole.p99Ms),
    commitP50Ms: over(({ commit }) => commit.p50Ms),
    commitP99Ms: over(({ commit }) => commit.p99Ms),
    abortP50Ms: over(({ abort }) => abort.p50Ms),
    abortP99Ms: over(({ abort }) => abort.p99Ms),
    errors,
  };
}

/** Committed transactions per second. */
export function transactionRates(measures: readonly TransactionMeasure[]): number[] {
  return measures.map(({ seconds, transactions }) => transactions / seconds);
}

export function abortMilliseconds({ window }: TransactionBenchOptions): number {
  return Math.ceil(window * ABORT_SHARE);
}

function measure(
  run: TransactionRun,
  scenario: TransactionScenario,
  { messages, producers }: TransactionLoad,
  windowMs: number,
): Promise<TransactionMeasure> {
  const { cluster, options } = run;
  return withTopic(cluster, async (topic) => {
    const job = {
      topic,
      valueBytes: VALUE_BYTES,
      producers,
      messages,
      warmupMs: options.warmup,
      windowMs,
      abortMs: abortMilliseconds(options),
    };
    const measured =
      scenario === 'java'
        ? await measureJavaTransactions(cluster, job)
        : await runWorker(
            { ...job, kind: 'transactions', client: scenario, brokers: cluster.bootstrapServers() },
            { nodeFlags: scenario === 'ours' ? profileFlags(options) : [] },
          );
    await assertReadable(cluster, topic, measured.committed * messages);
    return measured;
  });
}

function describe({ messages, producers, scenario }: TransactionSeries, measured: TransactionMeasure): string {
  const rate = Math.round(measured.transactions / measured.seconds).toLocaleString('en');
  const failures = Object.entries(measured.errors).map(([name, count]) => `, ${count} x ${name}`);
  return `${producers} x ${messages} messages: ${scenario} ${rate} transactions/s${failures.join('')}`;
}
