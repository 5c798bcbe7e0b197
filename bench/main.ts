import { CommanderError } from 'commander';
import { parseArguments } from './arguments.js';
import { renderReport } from './producer/render-report.js';
import { runProducerBenchmark } from './producer/run-producer-benchmark.js';

const progress = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

try {
  const options = parseArguments(process.argv.slice(2));
  const report = await runProducerBenchmark(options, progress);
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : renderReport(report));
} catch (error) {
  // Commander has said what was wrong, or shown its help.
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode;
  } else {
    progress(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  }
}
