import type { ProducerRecord } from '../../producer/record.js';
import { settledWithin } from '../../wire/settled-within.js';
import type { OpenProducer } from '../records/producer-engines.js';
import { explainError } from '../common/explain-error.js';
import { isRefusal } from '../common/missing-rights.js';
import type { CommandContext } from '../common/command-context.js';
import { CommandError } from '../common/command-error.js';
import { ProducerFatalError } from '../../producer/errors.js';
import type { DeliveryReport } from './delivery-report.js';
import type { InputTransaction } from './input-transaction.js';
import { LineError } from './line-error.js';
import type { LineParser, ParsedLine } from './line-parser.js';
import type { InputLine } from './line-splitter.js';
import type { LineDefaults } from './produce-options.js';
import { type LineOutcome, RecordSink } from './record-sink.js';

/** How long a run that ends early waits for what is on its way. */
const GIVE_UP_MS = 5_000;

export interface ProduceRunDependencies {
  readonly context: CommandContext;
  readonly producer: OpenProducer;
  readonly topic: string;
  /** Of the topic when the run began. */
  readonly partitionCount: number;
  readonly parser: LineParser;
  readonly defaults: LineDefaults;
  readonly report: DeliveryReport;
  /** null: no transactions. */
  readonly transaction: InputTransaction | null;
  /** Each record waits for the one before. */
  readonly sync: boolean;
}

/** Makes records of lines and sends them: what waits is bounded, and every line that fails is told with its number. */
export class ProduceRun {
  private readonly sink: RecordSink;
  private records = 0;
  private failures = 0;
  /** What makes going on pointless. */
  private final: Error | null = null;

  public constructor(private readonly dependencies: ProduceRunDependencies) {
    const { engine, config } = dependencies.producer;
    const outcome = (line: number, became: LineOutcome): void => this.told(line, became);
    this.sink = new RecordSink(engine, Math.floor(config.bufferMemory / 2), outcome);
  }

  /**
   * Takes a line.
   * @returns null when there is room for the next one, else what to wait for; it rejects with what makes going on pointless, and with a CommandError when a transaction
   * was aborted
   */
  public accept(line: InputLine): Promise<void> | null {
    const { sync, transaction } = this.dependencies;
    this.send(line);
    const isTransactionDue = transaction !== null && (this.failures > 0 || transaction.isComplete);
    return sync || isTransactionDue || this.sink.isFull || this.final !== null ? this.makeRoom() : null;
  }

  /** Waits for what was sent. @throws what makes going on pointless; CommandError when records have failed, or a transaction was aborted */
  public async end(): Promise<void> {
    const { report, transaction } = this.dependencies;
    if (transaction !== null) await this.endTransaction(transaction);
    await this.sink.settled();
    await report.flush();
    this.throwFinal();
    if (this.failures > 0) throw new CommandError(`${this.failures} of ${this.records} records were not sent.`);
  }

  /** Gives up the transaction that is open; what was sent without one is waited for. */
  public async giveUp(cause: Error): Promise<void> {
    const { report, transaction } = this.dependencies;
    if (transaction !== null) await transaction.abort(cause);
    await settledWithin(this.sink.settled(), GIVE_UP_MS);
    await report.flush();
  }

  private async makeRoom(): Promise<void> {
    const { report, sync, transaction } = this.dependencies;
    if (sync) await this.sink.settled();
    else if (this.sink.isFull) await this.sink.room();
    await report.flush();
    this.throwFinal();
    if (transaction === null) return;
    if (this.failures > 0 || transaction.isComplete) await this.endTransaction(transaction);
  }

  private send({ bytes, number }: InputLine): void {
    const { defaults, parser, partitionCount, topic, transaction } = this.dependencies;
    let record: ProducerRecord | null;
    try {
      if (bytes === null) throw new LineError('it is longer than any record may be. Raise max.request.size.');
      const parsed = parser.parse(bytes);
      if (parsed === null) return;
      record = toRecord(topic, parsed, defaults);
      checkPartition(record, partitionCount);
    } catch (error) {
      this.records++;
      this.sink.fail(number, error instanceof Error ? error : new LineError(String(error)));
      return;
    }
    this.records++;
    transaction?.join(number);
    this.sink.send(number, record, bytes.length);
  }

  private told(line: number, outcome: LineOutcome): void {
    const { context, report, transaction } = this.dependencies;
    if (!(outcome instanceof Error)) {
      report.delivered(line, outcome);
      return;
    }
    this.failures++;
    const isFinal = outcome instanceof ProducerFatalError || isRefusal(outcome) || isRefusal(outcome.cause);
    if (isFinal) this.final ??= outcome;
    // What follows in the same transaction fails because of the first, and what is final is told once at the end.
    if (isFinal || (transaction !== null && this.failures > 1)) return;
    context.output.note(`error: line ${line}: ${explainError(outcome, context.failureContext).message}`);
  }

  private async endTransaction(transaction: InputTransaction): Promise<void> {
    await this.sink.settled();
    if (this.failures > 0) {
      const error = await transaction.abort(new CommandError('a line has failed.'));
      throw this.final ?? error;
    }
    await transaction.commit();
  }

  private throwFinal(): void {
    if (this.final !== null && this.dependencies.transaction === null) throw this.final;
  }
}

/** The producer would wait for metadata in which there is one, `max.block.ms` long. */
function checkPartition({ partition, topic }: ProducerRecord, count: number): void {
  if (partition === undefined || partition < count) return;
  throw new LineError(
    `${topic} has no partition ${partition}: there are 0 to ${count - 1}. Name another one, or let it be chosen with --ignore-partition.`,
  );
}

function toRecord(topic: string, parsed: ParsedLine, defaults: LineDefaults): ProducerRecord {
  const partition = defaults.partition ?? (defaults.usePartition ? parsed.partition : undefined);
  const { headers, key, timestamp, value } = parsed;
  return {
    topic,
    key,
    value,
    headers: defaults.headers.length === 0 ? headers : [...defaults.headers, ...headers],
    ...(partition === undefined ? {} : { partition }),
    ...(timestamp === undefined ? {} : { timestamp }),
  };
}
