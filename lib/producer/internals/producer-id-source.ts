import type { ClusterLink } from '../../wire/cluster-link.js';
import { BrokerResponseError } from '../../wire/broker-response-error.js';
import { UnsupportedBrokerError } from '../../wire/connection-errors.js';
import type { LogSink } from '../../wire/log-sink.js';
import { initProducerIdApi } from '../../wire/protocol/init-producer-id.js';
import type { ProducerConfig } from '../producer-config.js';
import { RetryBackoff } from '../../wire/retry-backoff.js';
import { messageOf } from '../../wire/message-of.js';

export interface ProducerIdSourceDependencies {
  readonly link: ClusterLink;
  readonly config: ProducerConfig;
  readonly log: LogSink;
  readonly onProducerId: (producerId: bigint, epoch: number) => void;
  /** No rights, or a broker that is too old: asking again does not help. */
  readonly onFatal: (error: Error) => void;
}

/** Gets producer ids from the cluster (InitProducerId without a transactional id), again and again until it has one. */
export class ProducerIdSource {
  private readonly backoff: RetryBackoff;
  private running = false;
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  public constructor(private readonly dependencies: ProducerIdSourceDependencies) {
    const { retryBackoffMs, retryBackoffMaxMs } = dependencies.config;
    this.backoff = new RetryBackoff(Math.min(retryBackoffMs, retryBackoffMaxMs), retryBackoffMaxMs);
  }

  /** Asks unless it is asking already. */
  public request(): void {
    if (this.running || this.closed) return;
    this.running = true;
    this.ask().then(
      ({ producerId, epoch }) => {
        this.running = false;
        this.failures = 0;
        if (!this.closed) this.dependencies.onProducerId(producerId, epoch);
      },
      (error: unknown) => this.failed(error),
    );
  }

  public close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private async ask(): Promise<{ producerId: bigint; epoch: number }> {
    const { link, config } = this.dependencies;
    const connection = await link.connectAny();
    const request = {
      transactionalId: null,
      transactionTimeoutMs: config.transactionTimeoutMs,
      producerId: -1n,
      producerEpoch: -1,
    };
    const response = await connection.send(initProducerIdApi, request, config.requestTimeoutMs);
    if (response.errorCode !== 0) throw new BrokerResponseError(response.errorCode, { api: initProducerIdApi.name });
    return { producerId: response.producerId, epoch: response.producerEpoch };
  }

  private failed(error: unknown): void {
    if (this.closed) return;
    const isFinal =
      error instanceof UnsupportedBrokerError || (error instanceof BrokerResponseError && !error.retriable);
    if (isFinal) {
      this.running = false;
      this.dependencies.onFatal(error);
      return;
    }
    this.failures++;
    this.dependencies.log.debug(`No producer id yet: ${messageOf(error)}`);
    this.timer = setTimeout(() => {
      this.running = false;
      this.request();
    }, this.backoff.delay(this.failures));
    this.timer.unref();
  }
}
