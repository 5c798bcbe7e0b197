import { Command, InvalidArgumentError } from 'commander';

/** What can be chosen with `--only` of `producer`. */
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

/** What can be chosen with `--only` of `transactions`. */
export const TRANSACTION_SCENARIOS = ['ours', 'kafkajs', 'java'] as const;
export type TransactionScenario = (typeof TRANSACTION_SCENARIOS)[number];

/** What can be chosen with `--only` of `consumer`. */
export const CONSUMER_SCENARIOS = [
  'server-kafka',
  'auto',
  'sync-batch',
  'sync-record',
  'async',
  'manual',
  'keys',
  'transform',
] as const;
export type ConsumerScenario = (typeof CONSUMER_SCENARIOS)[number];

/** What can be chosen with `--only` of `telemetry`. */
export const TELEMETRY_SCENARIOS = ['absent', 'metrics', 'traces'] as const;
export type TelemetryScenario = (typeof TELEMETRY_SCENARIOS)[number];

interface CommonOptions {
  /** One JSON object instead of tables on standard output. */
  readonly json: boolean;
  readonly repetitions: number;
  /** Where a CPU profile of every run of ours is put; null: no profiles. */
  readonly cpuProfile: string | null;
}

export interface ProducerBenchOptions extends CommonOptions {
  readonly suite: 'producer';
  /** Records measured per repetition by the fast clients; the slow ones send a fixed share of it. */
  readonly records: number;
  /** Records sent before, which count for nothing. */
  readonly warmup: number;
  /** Bytes of a value. */
  readonly sizes: readonly number[];
  readonly only: ReadonlySet<ScenarioName>;
}

export interface TransactionBenchOptions extends CommonOptions {
  readonly suite: 'transactions';
  /** Of three, every partition has a replica on each, and two must have a record. */
  readonly brokers: 1 | 3;
  /** Transactions that run at the same time, each on a producer of its own. */
  readonly producers: readonly number[];
  /** Messages of a transaction. */
  readonly messages: readonly number[];
  /** Milliseconds in which ends of transactions are counted. The clients' speeds differ a hundredfold, so a fixed number would not do. */
  readonly window: number;
  /** Milliseconds before, which count for nothing. */
  readonly warmup: number;
  /** Milliseconds for which each client runs transactions before anything is measured, to warm the broker up. */
  readonly brokerWarmup: number;
  readonly only: ReadonlySet<TransactionScenario>;
}

export interface ConsumerBenchOptions extends CommonOptions {
  readonly suite: 'consumer';
  /** Through an empty handler. Who commits after each record gets a share of it. */
  readonly records: number;
  /** Through a handler that waits. */
  readonly waitingRecords: number;
  /** That consume, transform and produce; a batch is one. */
  readonly transactions: number;
  readonly only: ReadonlySet<ConsumerScenario>;
}

export interface TelemetryBenchOptions extends CommonOptions {
  readonly suite: 'telemetry';
  /** Sent, and handled, in each measurement. */
  readonly records: number;
  /** The dist folder of another build, to compare with; null: none. */
  readonly base: string | null;
  readonly only: ReadonlySet<TelemetryScenario>;
}

export type BenchOptions =
  ProducerBenchOptions | TransactionBenchOptions | ConsumerBenchOptions | TelemetryBenchOptions;

interface ParsedCommonOptions {
  readonly json?: true;
  readonly repetitions: number;
  readonly cpuProfile?: string;
}

interface ParsedProducerOptions extends ParsedCommonOptions {
  readonly records: number;
  readonly warmup?: number;
  readonly sizes: number[];
  readonly only: ScenarioName[];
}

interface ParsedTransactionOptions extends ParsedCommonOptions {
  readonly brokers: 1 | 3;
  readonly producers: number[];
  readonly messages: number[];
  readonly window: number;
  readonly warmup: number;
  readonly brokerWarmup: number;
  readonly only: TransactionScenario[];
}

interface ParsedTelemetryOptions extends ParsedCommonOptions {
  readonly records: number;
  readonly base?: string;
  readonly only: TelemetryScenario[];
}

interface ParsedConsumerOptions extends ParsedCommonOptions {
  readonly records: number;
  readonly waitingRecords: number;
  readonly transactions: number;
  readonly only: ConsumerScenario[];
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Give a whole number from 1.');
  return value;
}

function oneOrThree(text: string): 1 | 3 {
  if (text === '1') return 1;
  if (text === '3') return 3;
  throw new InvalidArgumentError('Give 1 or 3.');
}

function positiveIntegers(text: string): number[] {
  return [...new Set(text.split(',').map((part) => positiveInteger(part.trim())))];
}

function someOf<Name extends string>(names: readonly Name[]): (text: string) => Name[] {
  return (text) =>
    text.split(',').map((given) => {
      const found = names.find((name) => name === given.trim());
      if (found === undefined) throw new InvalidArgumentError(`'${given}' is none of ${names.join(', ')}.`);
      return found;
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
  producerCommand(program).action((options: ParsedProducerOptions) => {
    const { only, records, sizes, warmup } = options;
    chosen = {
      suite: 'producer',
      ...commonOptions(options),
      records,
      warmup: warmup ?? records,
      sizes,
      only: new Set(only),
    };
  });
  transactionsCommand(program).action((options: ParsedTransactionOptions) => {
    const { brokers, brokerWarmup, messages, only, producers, warmup, window } = options;
    chosen = {
      suite: 'transactions',
      ...commonOptions(options),
      brokers,
      producers,
      messages,
      window,
      warmup,
      brokerWarmup,
      only: new Set(only),
    };
  });
  consumerCommand(program).action((options: ParsedConsumerOptions) => {
    const { only, records, transactions, waitingRecords } = options;
    chosen = {
      suite: 'consumer',
      ...commonOptions(options),
      records,
      waitingRecords,
      transactions,
      only: new Set(only),
    };
  });
  telemetryCommand(program).action((options: ParsedTelemetryOptions) => {
    const { base, only, records } = options;
    chosen = { suite: 'telemetry', ...commonOptions(options), records, base: base ?? null, only: new Set(only) };
  });
  program.parse([...argv], { from: 'user' });
  // Commander throws for everything that does not end in the action.
  if (chosen === null) throw new Error('No benchmark was chosen.');
  return chosen;
}

function producerCommand(program: Command): Command {
  return withCommonOptions(program.command('producer'))
    .description("our producer, kafkajs, Kafka's own Java producer, and what the broker takes at most")
    .option('--records <count>', 'records per measurement', positiveInteger, 1_000_000)
    .option('--warmup <count>', 'records sent before each measurement (default: as many as --records)', positiveInteger)
    .option('--sizes <bytes,...>', 'value sizes', positiveIntegers, [100, 1024])
    .option('--only <names>', `some of ${SCENARIOS.join(', ')}`, someOf(SCENARIOS), [...SCENARIOS]);
}

function transactionsCommand(program: Command): Command {
  return withCommonOptions(program.command('transactions'))
    .description("transactions per second of our producer, kafkajs, and Kafka's own Java producer")
    .option('--brokers <count>', '1, or 3 with as many replicas', oneOrThree, 3)
    .option('--producers <counts,...>', 'transactions at the same time', positiveIntegers, [1, 4, 16])
    .option('--messages <counts,...>', 'messages of a transaction, 100 bytes each', positiveIntegers, [1, 100])
    .option('--window <milliseconds>', 'length of a measurement', positiveInteger, 3000)
    .option('--warmup <milliseconds>', 'time before each measurement', positiveInteger, 1000)
    .option('--broker-warmup <milliseconds>', 'load of each client before the first', positiveInteger, 60_000)
    .option('--only <names>', `some of ${TRANSACTION_SCENARIOS.join(', ')}`, someOf(TRANSACTION_SCENARIOS), [
      ...TRANSACTION_SCENARIOS,
    ]);
}

function consumerCommand(program: Command): Command {
  return withCommonOptions(program.command('consumer'))
    .description("handlers of a Nest application on our transport, by commit strategy, and on Nest's own (ServerKafka)")
    .option('--records <count>', 'records of 100 bytes through an empty handler', positiveInteger, 1_000_000)
    .option('--waiting-records <count>', 'records through a handler that waits 5 ms', positiveInteger, 4000)
    .option('--transactions <count>', 'transactions that consume, transform and produce', positiveInteger, 3000)
    .option('--only <names>', `some of ${CONSUMER_SCENARIOS.join(', ')}`, someOf(CONSUMER_SCENARIOS), [
      ...CONSUMER_SCENARIOS,
    ]);
}

function telemetryCommand(program: Command): Command {
  return withCommonOptions(program.command('telemetry'))
    .description('what instrumentation costs: absent (against another build), metrics, and traces of every record')
    .option('--records <count>', 'records of 100 bytes, sent and then handled', positiveInteger, 300_000)
    .option('--base <directory>', 'the dist folder of another build of this repository, to compare absent with')
    .option('--only <names>', `some of ${TELEMETRY_SCENARIOS.join(', ')}`, someOf(TELEMETRY_SCENARIOS), [
      ...TELEMETRY_SCENARIOS,
    ]);
}

function withCommonOptions(command: Command): Command {
  return command
    .option('--json', 'one JSON object on standard output instead of tables')
    .option('--repetitions <count>', 'measurements of each kind; the median counts', positiveInteger, 3)
    .option('--cpu-profile <directory>', 'write a CPU profile of each run of ours there');
}

function commonOptions({ cpuProfile, json, repetitions }: ParsedCommonOptions): CommonOptions {
  return { json: json === true, repetitions, cpuProfile: cpuProfile ?? null };
}
