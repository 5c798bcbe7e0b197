import { ProducerClosedError, ProducerFatalError } from '../../producer/errors.js';
import { failedRecordMetadata } from '../../producer/internals/record-metadata.js';
import { runUserCode } from '../../producer/internals/user-code.js';
import type {
  ProducerEngineApi,
  ProducerMetrics,
  ProducerStatus,
  TopicDescription,
} from '../../producer/producer-engine-api.js';
import { producerLimits } from '../../producer/producer-limits.js';
import type { DeliveryCallback, PartitionInfo, ProducerRecord, RecordMetadata } from '../../producer/record.js';
import { resolveProducerConfig } from '../../producer/resolve-producer-config.js';
import { topicOf } from '../../producer/topic-of.js';
import { outsideTransactions } from '../../transactions/transaction-context.js';
import type { LogSink } from '../../wire/log-sink.js';
import type { FailureScript } from './failure-script.js';
import type { RecordedHistory } from './recorded-history.js';
import type { RecordingIntake } from './recording-intake.js';
import { SentRecord } from './sent-record.js';
import type { TransactionEntry } from './transaction-entry.js';

const LIMITS = producerLimits(resolveProducerConfig({}, 'recording').config);

/** What an engine that records is made of. */
export interface RecordingEngineDependencies {
  readonly intake: RecordingIntake;
  readonly history: RecordedHistory;
  readonly script: FailureScript;
  readonly log: LogSink;
}

/** Keeps records in memory where `ProducerEngine` would send them. */
export class RecordingEngine implements ProducerEngineApi {
  protected refusal: Error | null = null;
  private readonly underWay = new Map<SentRecord, Promise<void>>();
  private sendTotal = 0;
  private errorTotal = 0;

  public constructor(protected readonly dependencies: RecordingEngineDependencies) {}

  public start(): Promise<void> {
    return Promise.resolve();
  }

  public send(record: ProducerRecord): Promise<RecordMetadata> {
    return new Promise((resolve, reject) => {
      this.accept(record, (error, metadata) => {
        if (error === null) resolve(metadata);
        else reject(error);
      });
    });
  }

  public sendWithCallback(record: ProducerRecord, callback: DeliveryCallback): void {
    this.accept(record, (error, metadata) =>
      runUserCode('A delivery callback', this.dependencies.log, () => callback(error, metadata)),
    );
  }

  public async flush(): Promise<void> {
    await Promise.all(this.underWay.values());
  }

  public async close(_timeoutMs: number): Promise<void> {
    const closed = new ProducerClosedError('The producer is closed. Records sent after close() are refused.');
    this.refusal ??= closed;
    this.dropPending(new ProducerClosedError('The producer was closed before the record was acknowledged.'));
    await this.flush();
  }

  public partitionsFor(topic: string): Promise<PartitionInfo[]> {
    if (this.refusal !== null) return Promise.reject(this.refusal);
    return Promise.resolve([...this.dependencies.intake.cluster.partitions(topic)]);
  }

  public metrics(): ProducerMetrics {
    return { 'record-send-total': this.sendTotal, 'record-error-total': this.errorTotal };
  }

  public status(): ProducerStatus {
    return {
      state: this.state(),
      connectedBrokers: 1,
      knownBrokers: 1,
      waitingSends: 0,
      oldestRecordAgeMs: 0,
      ...LIMITS,
      bufferAvailableBytes: LIMITS.bufferTotalBytes,
      metadataAgeMs: 0,
      lastError: null,
    };
  }

  /** There is no cluster that could lose something. */
  public topicsInUse(): readonly string[] {
    return [];
  }

  public describeTopics(): Promise<readonly TopicDescription[]> {
    return Promise.resolve([]);
  }

  /** Why no record is taken now, or null. */
  protected get currentRefusal(): Error | null {
    return this.refusal;
  }

  protected get transaction(): TransactionEntry | null {
    return null;
  }

  /** A record was refused, or has failed. */
  protected recordFailed(error: Error): void {
    if (error instanceof ProducerFatalError) this.refusal ??= error;
  }

  protected dropPending(error: Error): void {
    for (const record of this.underWay.keys()) this.dependencies.history.drop(record, error);
  }

  /** Takes a record; the callback is called once, and later, as a broker's answer would be. */
  private accept(record: ProducerRecord, callback: DeliveryCallback): void {
    const { history, intake } = this.dependencies;
    let settle: (outcome: Promise<void>) => void = () => undefined;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const end = (error: Error | null, metadata: RecordMetadata): void => {
      this.count(error);
      const tell = (): void => {
        intake.acknowledge(metadata, error);
        callback(error, metadata);
      };
      // Not with queueMicrotask, which Jest's fake timers hold back.
      settle(outsideTransactions(() => Promise.resolve().then(tell)));
    };
    try {
      if (this.currentRefusal !== null) throw this.currentRefusal;
      const sent: SentRecord = new SentRecord(intake.place(record), this.transaction, (error) => {
        end(error, sent.metadata);
        void settled.then(() => this.underWay.delete(sent));
      });
      this.underWay.set(sent, settled);
      history.add(sent);
    } catch (error) {
      end(error instanceof Error ? error : new Error(String(error)), failedRecordMetadata(topicOf(record), -1));
    }
  }

  private count(error: Error | null): void {
    if (error === null) {
      this.sendTotal += 1;
      return;
    }
    this.errorTotal += 1;
    this.recordFailed(error);
  }

  private state(): ProducerStatus['state'] {
    if (this.refusal instanceof ProducerFatalError) return 'failed';
    return this.refusal === null ? 'running' : 'closed';
  }
}
