import { Command, InvalidArgumentError } from 'commander';

/** What can be chosen with `--only`. */
export const SCENARIOS = [
  'ours',
  'kafkajs-send',
  'kafkajs-send-batch',
  'java',
  'ceiling',
  'latency',
  'memory',
] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

export interface BenchOptions {
  readonly suite: 'producer';
  /** One JSON object instead of tables on standard output. */
  readonly json: boolean;
  /** Records measured per repetition by the fast clients; the slow ones send a fixed share of it. */
  readonly records: number;
  /** Records sent before, which count for nothing. */
  readonly warmup: number;
  readonly repetitions: number;
  /** Bytes of a value. */
  readonly sizes: readonly number[];
  readonly only: ReadonlySet<ScenarioName>;
  /** Where a CPU profile of every run of ours is put; null: no profiles. */
  readonly cpuProfile: string | null;
}

interface ParsedOptions {
  readonly json?: true;
  readonly records: number;
  readonly warmup?: number;
  readonly repetitions: number;
  readonly sizes: number[];
  readonly only: ScenarioName[];
  readonly cpuProfile?: string;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Give a whole number from 1.');
  return value;
}

function valueSizes(text: string): number[] {
  return [...new Set(text.split(',').map((size) => positiveInteger(size.trim())))];
}

function scenarioNames(text: string): ScenarioName[] {
  return text.split(',').map((given) => {
    const name = SCENARIOS.find((scenario) => scenario === given.trim());
    if (name === undefined) throw new InvalidArgumentError(`'${given}' is none of ${SCENARIOS.join(', ')}.`);
    return name;
  });
}

/**
 * @param argv the arguments after the script's name
 * @throws CommanderError for arguments that are not valid, and after the help was shown; the text is on standard error or output by then
 */
export function parseArguments(argv: readonly string[]): BenchOptions {
  let chosen: BenchOptions | null = null;
  const program = new Command('bench')
    .description('Benchmarks against a real Kafka. Every figure is a ratio against a peer in the same run.')
    .exitOverride();
  program
    .command('producer')
    .description("our producer, kafkajs, Kafka's own Java producer, and what the broker takes at most")
    .option('--json', 'one JSON object on standard output instead of tables')
    .option('--records <count>', 'records per measurement', positiveInteger, 1_000_000)
    .option('--warmup <count>', 'records sent before each measurement (default: as many as --records)', positiveInteger)
    .option('--repetitions <count>', 'measurements of each kind; the median counts', positiveInteger, 3)
    .option('--sizes <bytes,...>', 'value sizes', valueSizes, [100, 1024])
    .option('--only <names>', `some of ${SCENARIOS.join(', ')}`, scenarioNames, [...SCENARIOS])
    .option('--cpu-profile <directory>', 'write a CPU profile of each run of ours there')
    .action((options: ParsedOptions) => {
      chosen = {
        suite: 'producer',
        json: options.json === true,
        records: options.records,
        warmup: options.warmup ?? options.records,
        repetitions: options.repetitions,
        sizes: options.sizes,
        only: new Set(options.only),
        cpuProfile: options.cpuProfile ?? null,
      };
    });
  program.parse([...argv], { from: 'user' });
  // Commander throws for everything that does not end in the action.
  if (chosen === null) throw new Error('No benchmark was chosen.');
  return chosen;
}
