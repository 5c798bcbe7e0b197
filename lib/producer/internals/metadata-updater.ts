import type { BrokerConnection } from '../../wire/broker-connection.js';
import type { MetadataResponse } from '../../wire/cluster-metadata.js';
import type { ClusterLink } from '../../wire/cluster-link.js';
import { KafkaAuthenticationError } from '../../wire/connection-errors.js';
import type { LogSink } from '../../wire/log-sink.js';
import { metadataApi } from '../../wire/protocol/metadata.js';
import type { ProducerConfig } from '../producer-config.js';
import { askHedged } from '../../wire/ask-hedged.js';
import type { ProducerMetadata } from './producer-metadata.js';
import { RetryBackoff } from '../../wire/retry-backoff.js';

/** A single failure is usual while a broker restarts. */
const WARN_AFTER_FAILURES = 2;

export interface MetadataUpdaterDependencies {
  readonly link: ClusterLink;
  readonly metadata: ProducerMetadata;
  readonly config: ProducerConfig;
  readonly log: LogSink;
  /** After every response; `hasChanged` tells of new leaders or topics. */
  readonly onUpdate: (hasChanged: boolean) => void;
  /** The login was refused: whoever waits for metadata need not wait on. */
  readonly onAuthenticationFailed: (error: KafkaAuthenticationError) => void;
}

/** Keeps the metadata fresh: by age, on demand, and again after failures with back-off; one request at a time. */
export class MetadataUpdater {
  private readonly backoff: RetryBackoff;
  private running: Promise<void> | null = null;
  private requested = false;
  private failures = 0;
  private hasWarned = false;
  private attemptedAt = 0;
  private delayMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private failure: Error | null = null;

  public constructor(private readonly dependencies: MetadataUpdaterDependencies) {
    const { retryBackoffMs, retryBackoffMaxMs } = dependencies.config;
    this.backoff = new RetryBackoff(retryBackoffMs, Math.max(retryBackoffMs, retryBackoffMaxMs));
  }

  /** The last attempt's failure, or null. */
  public get lastFailure(): Error | null {
    return this.failure;
  }

  /** Asks for an update soon: at once the first time, with back-off while requests repeat without news. */
  public request(): void {
    this.requested = true;
    this.schedule();
  }

  /** Asks for an update now, for a topic that is not known yet. */
  public requestNow(): void {
    this.delayMs = 0;
    this.request();
  }

  /** One attempt, for start-up. @throws what the link or the broker gave */
  public async refreshOnce(): Promise<void> {
    const { link, metadata } = this.dependencies;
    const now = Date.now();
    this.attemptedAt = now;
    const topics = metadata.topicsToRefresh(now);
    const response = await askHedged(link, (connection) => this.send(connection, topics));
    link.updateBrokers(response.brokers);
    const hasChanged = metadata.update(response, Date.now());
    if (this.hasWarned) this.dependencies.log.info('The brokers answer again.');
    this.hasWarned = false;
    this.failures = 0;
    this.failure = null;
    this.dependencies.onUpdate(hasChanged);
    this.schedule();
  }

  public close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private schedule(): void {
    if (this.closed || this.running !== null) return;
    clearTimeout(this.timer);
    const { metadataMaxAgeMs } = this.dependencies.config;
    const now = Date.now();
    const due = this.requested
      ? this.attemptedAt + this.delayMs
      : this.dependencies.metadata.updatedAt + metadataMaxAgeMs;
    const wait = Math.max(0, due - now);
    if (this.requested && wait === 0) {
      this.run();
      return;
    }
    this.timer = setTimeout(() => this.run(), wait);
    this.timer.unref();
  }

  private run(): void {
    if (this.running !== null || this.closed) return;
    this.requested = false;
    this.running = this.refreshOnce()
      .then(
        () => {
          // Asked again although this answer is fresh: whoever asks is waiting for a change, which takes the cluster time.
          this.delayMs = this.backoff.delay(1);
        },
        (error: unknown) => this.failed(error),
      )
      .finally(() => {
        this.running = null;
        this.schedule();
      });
  }

  private failed(error: unknown): void {
    this.failure = error instanceof Error ? error : new Error(String(error));
    if (this.closed) return;
    this.failures++;
    this.delayMs = this.backoff.delay(this.failures);
    this.requested = true;
    this.warnOnce(this.failure);
    if (error instanceof KafkaAuthenticationError) this.dependencies.onAuthenticationFailed(error);
  }

  /** One line for an outage, however long it lasts and however often it is tried. */
  private warnOnce({ message }: Error): void {
    const { log } = this.dependencies;
    const line = `Metadata could not be refreshed: ${message}`;
    if (this.hasWarned || this.failures < WARN_AFTER_FAILURES) {
      log.debug(line);
      return;
    }
    this.hasWarned = true;
    log.warn(`${line} The producer goes on trying.`);
  }

  private send(connection: BrokerConnection, topics: string[]): Promise<MetadataResponse> {
    const request = { topics, allowAutoTopicCreation: true };
    return connection.send(metadataApi, request, this.dependencies.config.requestTimeoutMs);
  }
}
