import { CommanderError } from 'commander';
import { parseArguments, type BenchOptions } from './arguments.js';
import { renderConsumerReport } from './consumer/render-consumer-report.js';
import { runConsumerBenchmark } from './consumer/run-consumer-benchmark.js';
import { renderReport } from './producer/render-report.js';
import { runProducerBenchmark } from './producer/run-producer-benchmark.js';
import { renderTelemetryReport } from './telemetry/render-telemetry-report.js';
import { runTelemetryBenchmark } from './telemetry/run-telemetry-benchmark.js';
import { renderTransactionReport } from './transactions/render-transaction-report.js';
import { runTransactionBenchmark } from './transactions/run-transaction-benchmark.js';

const progress = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

async function run(options: BenchOptions): Promise<string> {
  switch (options.suite) {
    case 'producer': {
      const report = await runProducerBenchmark(options, progress);
      return options.json ? `${JSON.stringify(report)}\n` : renderReport(report);
    }
    case 'transactions': {
      const report = await runTransactionBenchmark(options, progress);
      return options.json ? `${JSON.stringify(report)}\n` : renderTransactionReport(report);
    }
    case 'telemetry': {
      const report = await runTelemetryBenchmark(options, progress);
      return options.json ? `${JSON.stringify(report)}\n` : renderTelemetryReport(report);
    }
    case 'consumer': {
      const report = await runConsumerBenchmark(options, progress);
      return options.json ? `${JSON.stringify(report)}\n` : renderConsumerReport(report);
    }
  }
}

try {
  process.stdout.write(await run(parseArguments(process.argv.slice(2))));
} catch (error) {
  // Commander has said what was wrong, or shown its help.
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode;
  } else {
    progress(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  }
}
