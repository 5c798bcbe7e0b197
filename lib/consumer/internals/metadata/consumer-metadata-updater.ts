import { setTimeout as sleep } from 'node:timers/promises';
import { askHedged } from '../../../wire/ask-hedged.js';
import type { ClusterLink } from '../../../wire/cluster-link.js';
import type { BrokerAddress } from '../../../wire/cluster-metadata.js';
import { KafkaAuthenticationError } from '../../../wire/connection-errors.js';
import { KafkaTimeoutError } from '../../../wire/kafka-timeout-error.js';
import type { LogSink } from '../../../wire/log-sink.js';
import { metadataApi } from '../../../wire/protocol/metadata.js';
import { RetryBackoff } from '../../../wire/retry-backoff.js';
import type { ConsumerConfig } from '../../consumer-config.js';
import type { ConsumerMetadata, MetadataChange } from './consumer-metadata.js';

/** A single failure is usual while a broker restarts, and no trouble. */
const TOLD_AFTER = 2;

export interface ConsumerMetadataUpdaterDependencies {
  /** Nothing slow may be asked on it: no Fetch, and no JoinGroup. */
  readonly link: ClusterLink;
  readonly metadata: ConsumerMetadata;
  readonly config: Pick<
    ConsumerConfig,
    'allowAutoCreateTopics' | 'metadataMaxAgeMs' | 'requestTimeoutMs' | 'retryBackoffMs' | 'retryBackoffMaxMs'
  >;
  readonly log: LogSink;
  /** After every answer, before `onUpdate`: for the other links. */
  readonly onBrokers: (brokers: readonly BrokerAddress[]) => void;
  readonly onUpdate: (change: MetadataChange) => void;
  /** null once the brokers answer again. */
  readonly onTrouble: (error: Error | null) => void;
  /** A topic that was asked for by its name may not be read, or the login was refused. */
  readonly onRefused: (error: Error) => void;
}

/** Keeps the metadata fresh: by age, on demand, and again after failures with back-off; one request at a time. */
export class ConsumerMetadataUpdater {
  private readonly backoff: RetryBackoff;
  private running: Promise<void> | null = null;
  private isRequested = false;
  private isUrgent = false;
  /** Answers in a row that brought nothing new although something was asked for, or failures. */
  private fruitless = 0;
  private failures = 0;
  private attemptedAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private failure: Error | null = null;

  public constructor(private readonly dependencies: ConsumerMetadataUpdaterDependencies) {
    const { retryBackoffMs, retryBackoffMaxMs } = dependencies.config;
    this.backoff = new RetryBackoff(retryBackoffMs, Math.max(retryBackoffMs, retryBackoffMaxMs));
  }

  /** The last attempt's failure, or null. */
  public get lastFailure(): Error | null {
    return this.failure;
  }

  /** Asks for an update soon: at once the first time, with back-off while requests repeat without news. */
  public request(): void {
    this.isRequested = true;
    this.schedule();
  }

  /** Asks for an update now: what is asked for has changed. */
  public requestNow(): void {
    this.isUrgent = true;
    this.request();
  }

  /** One attempt, shared by those who ask for one at the same time. @throws what the link or the broker gave */
  public refreshOnce(): Promise<void> {
    this.running ??= this.refresh().finally(() => {
      this.running = null;
      this.schedule();
    });
    return this.running;
  }

  /**
   * How many partitions topics have, for the member that assigns; 0 for a topic that is not there. Changes of these topics are told from now on.
   * @param deadline milliseconds since the epoch
   * @throws KafkaTimeoutError
   */
  public async partitionCounts(topics: readonly string[], deadline: number): Promise<Map<string, number>> {
    const { metadata } = this.dependencies;
    metadata.followGroupTopics(topics);
    const isUnknown = (topic: string): boolean => metadata.partitionCount(topic) === 0;
    if (topics.some(isUnknown)) await this.refreshUntil(deadline);
    return new Map(topics.map((topic) => [topic, metadata.partitionCount(topic)]));
  }

  public close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private async refreshUntil(deadline: number): Promise<void> {
    // An attempt under way may have been made before the topics were known.
    await this.running?.catch(() => undefined);
    for (let attempt = 1; ; attempt++) {
      try {
        await this.refreshOnce();
        return;
      } catch (cause) {
        if (this.closed) throw cause;
        if (Date.now() >= deadline) throw new KafkaTimeoutError('Metadata could not be had in time.', { cause });
        await sleep(this.backoff.delay(attempt));
      }
    }
  }

  private async refresh(): Promise<void> {
    const { config, link, metadata } = this.dependencies;
    this.isRequested = false;
    this.isUrgent = false;
    const now = Date.now();
    // It has rested: what is asked for from now on is another matter.
    if (now - this.attemptedAt > config.retryBackoffMaxMs) this.fruitless = 0;
    this.attemptedAt = now;
    const topics = metadata.topicsToAsk;
    const request = { topics, allowAutoTopicCreation: config.allowAutoCreateTopics };
    try {
      const response = await askHedged(link, (connection) =>
        connection.send(metadataApi, request, config.requestTimeoutMs),
      );
      if (this.closed) return;
      link.updateBrokers(response.brokers);
      this.succeeded(metadata.update(response, topics, Date.now()));
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  private succeeded(change: MetadataChange): void {
    const { metadata, onBrokers, onRefused, onTrouble, onUpdate } = this.dependencies;
    if (this.failures >= TOLD_AFTER) onTrouble(null);
    this.failures = 0;
    this.failure = null;
    this.fruitless = change.leaders || change.topics ? 1 : this.fruitless + 1;
    onBrokers(metadata.brokers);
    onUpdate(change);
    const { refusal } = metadata;
    if (refusal !== null) onRefused(refusal);
    if (change.isIncomplete) this.isRequested = true;
  }

  private failed(error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error));
    this.failure = failure;
    if (this.closed) return;
    const { log, onRefused, onTrouble } = this.dependencies;
    this.failures++;
    this.fruitless++;
    this.isRequested = true;
    log.debug(`Metadata could not be refreshed: ${failure.message}`);
    if (this.failures === TOLD_AFTER) onTrouble(failure);
    if (error instanceof KafkaAuthenticationError) onRefused(error);
  }

  private schedule(): void {
    if (this.closed || this.running !== null) return;
    clearTimeout(this.timer);
    const wait = this.isUrgent ? 0 : Math.max(0, this.dueAt() - Date.now());
    if (wait === 0) {
      this.run();
      return;
    }
    this.timer = setTimeout(() => this.run(), wait);
    this.timer.unref();
  }

  private dueAt(): number {
    const { config } = this.dependencies;
    const agedAt = this.attemptedAt + config.metadataMaxAgeMs;
    if (!this.isRequested) return agedAt;
    return Math.min(agedAt, this.attemptedAt + this.backoff.delay(this.fruitless));
  }

  private run(): void {
    if (this.closed || this.running !== null) return;
    // Its failure is noted, and tried again.
    this.refreshOnce().catch(() => undefined);
  }
}
