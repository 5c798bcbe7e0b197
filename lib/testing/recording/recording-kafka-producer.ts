import type { OnApplicationShutdown } from '@nestjs/common';
import { EmitFailureLog } from '../../producer/emit-failure-log.js';
import { KafkaProducer } from '../../producer/kafka-producer.js';
import type { ProducerTransactions } from '../../producer/producer-transactions.js';
import type { TopicPartitionOffset } from '../../producer/transaction.js';
import { TransactionRunner } from '../../transactions/transaction-runner.js';
import { FailureScript } from './failure-script.js';
import type { RecordedRecord } from './recorded-record.js';
import { RecordedHistory } from './recorded-history.js';
import type { RecordedTransaction, RecordedTransactionState } from './recorded-transaction.js';
import { RecordingCluster } from './recording-cluster.js';
import { RecordingEngine } from './recording-engine.js';
import { RecordingIntake } from './recording-intake.js';
import type { RecordingKafkaProducerOptions } from './recording-kafka-producer-options.js';
import { resolveRecordingOptions } from './resolve-recording-options.js';
import type { ScriptedCall, ScriptedCalls, ScriptedFailure, ScriptedFailureOptions } from './scripted-failure.js';
import { TransactionalRecordingEngine } from './transactional-recording-engine.js';

/**
 * Stands in for `KafkaProducer` in unit tests (Kafka's `MockProducer`): keeps in memory what is sent, and fails where the test says so. No broker, no connection, no
 * timer. Records are checked, serialized and given a partition as by the real one, and its transactions run by the real rules, also those of `@Transactional()`.
 *
 * ```ts
 * const producer = new RecordingKafkaProducer();
 * const module = await Test.createTestingModule({
 *   providers: [OrdersService, { provide: KafkaProducer, useValue: producer }],
 * }).compile();
 * await module.get(OrdersService).place({ id: '42' });
 * expect(producer.records).toMatchObject([{ topic: 'orders', key: '42' }]);
 * ```
 * A module that imports `KafkaProducerModule` takes it with `.overrideProvider(KafkaProducer).useValue(producer)`, or `getKafkaProducerToken(name)` for a named one.
 * It closes with the application, so make a new one for each.
 */
export class RecordingKafkaProducer extends KafkaProducer implements OnApplicationShutdown {
  readonly #history: RecordedHistory;
  readonly #script: FailureScript;
  readonly #close: () => Promise<void>;
  #closing: Promise<void> | null = null;

  /** @throws ConfigError for options that `KafkaProducerModule` would not take either */
  public constructor(options: RecordingKafkaProducerOptions = {}) {
    const { closeTimeoutMs, dependencies, transactions: settings } = resolveRecordingOptions(options);
    const { config, log } = dependencies;
    const script = new FailureScript();
    const history = new RecordedHistory(script, options.autoComplete ?? true);
    const intake = new RecordingIntake(dependencies, new RecordingCluster(options.partitions ?? 1));
    const parts = { intake, history, script, log };
    const engine = new RecordingEngine(parts);
    const emitFailures = new EmitFailureLog(log);
    const runner: ProducerTransactions | null =
      settings === null
        ? null
        : new TransactionRunner({
            settings,
            maxBlockMs: config.maxBlockMs,
            createEngine: (transactionalId) => new TransactionalRecordingEngine(transactionalId, parts),
            log,
          });
    super({ engine }, emitFailures, runner);
    this.#history = history;
    this.#script = script;
    this.#close = async () => {
      await runner?.close(closeTimeoutMs);
      await engine.close(closeTimeoutMs);
      intake.close();
      emitFailures.flush();
    };
  }

  /** What a `read_committed` consumer gets in the end: records stored outside of transactions, and those of committed ones. In the order in which they were sent. */
  public get records(): readonly RecordedRecord[] {
    return this.#history.sent.filter(
      ({ state, transaction }) => state === 'stored' && (transaction === null || transaction.state === 'committed'),
    );
  }

  /** Every record that was taken, in the order of the calls, whatever became of it. Not those that `send` itself refused, e.g. with `SerializationError`. */
  public get sent(): readonly RecordedRecord[] {
    return this.#history.sent;
  }

  /** The records of transactions that were committed, in the order in which they were sent. */
  public get committed(): readonly RecordedRecord[] {
    return this.#sentIn('committed');
  }

  /** The records of transactions that were aborted, in the order in which they were sent. No consumer with `read_committed` ever sees them. */
  public get aborted(): readonly RecordedRecord[] {
    return this.#sentIn('aborted');
  }

  /** Every transaction that has begun, in this order. */
  public get transactions(): readonly RecordedTransaction[] {
    return this.#history.transactions;
  }

  /** The newest offset of each partition that `sendOffsets` has committed for a group. */
  public committedOffsets(groupId: string): readonly TopicPartitionOffset[] {
    return this.#history.committedOffsets(groupId);
  }

  /** Makes the next call of this kind fail. Several such wishes are fulfilled by several calls, in order. */
  public failNext(call: ScriptedCall, error?: Error): ScriptedFailure {
    return this.failWhen(call, () => true, { error, times: 1 });
  }

  /**
   * Makes calls fail that meet a condition.
   *
   * ```ts
   * producer.failWhen('send', ({ topic }) => topic === 'audit', { nth: 3, times: 1 });
   * ```
   * @param matches asked once per call; what it throws fails the call
   * @throws RangeError for `nth` or `times` below 1
   */
  public failWhen<C extends ScriptedCall>(
    call: C,
    matches: (subject: ScriptedCalls[C]) => boolean,
    options: ScriptedFailureOptions = {},
  ): ScriptedFailure {
    return this.#script.add(call, matches, options);
  }

  /** Records that wait for `completeNext` or `errorNext`. Always 0 with `autoComplete`. */
  public get pendingSends(): number {
    return this.#history.pendingCount;
  }

  /** Stores the record that has waited longest, or fails it where `failNext` or `failWhen` say so. */
  public completeNext(): boolean {
    return this.#history.settleNext(null);
  }

  /**
   * Fails the record that has waited longest.
   * @returns false when there was none
   */
  public errorNext(error: Error): boolean {
    return this.#history.settleNext(error);
  }

  /** Forgets what was recorded and the scripted failures. Offsets go on counting, what is under way goes on, and what is closed or fenced stays so. */
  public clear(): void {
    this.#history.clear();
    this.#script.clear();
  }

  /**
   * As the application does when it shuts down: aborts transactions that run, fails records that wait (with `ProducerClosedError`), and refuses all that comes later.
   * Idempotent.
   */
  public close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** @internal Nest calls it. */
  public onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  #sentIn(state: RecordedTransactionState): readonly RecordedRecord[] {
    return this.#history.sent.filter(({ transaction }) => transaction?.state === state);
  }
}
