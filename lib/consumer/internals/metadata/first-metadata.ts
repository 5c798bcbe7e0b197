import { setTimeout as sleep } from 'node:timers/promises';
import { BrokerUnavailableError, KafkaAuthenticationError } from '../../../wire/connection-errors.js';
import { KafkaError } from '../../../wire/kafka-error.js';
import { RetryBackoff } from '../../../wire/retry-backoff.js';
import { withDeadline } from '../../../wire/with-deadline.js';
import type { ConsumerConfig } from '../../consumer-config.js';
import type { ConsumerMetadataUpdater } from './consumer-metadata-updater.js';

export interface FirstMetadataDependencies {
  readonly updater: Pick<ConsumerMetadataUpdater, 'refreshOnce'>;
  readonly config: Pick<ConsumerConfig, 'retryBackoffMs' | 'retryBackoffMaxMs'>;
  /** Milliseconds. */
  readonly limitMs: number;
  /** Who cannot start, for the message. */
  readonly who: string;
  /** Nobody waits any more. */
  readonly isClosed: () => boolean;
}

/**
 * Asks for metadata until there is some; a refused login ends it at once.
 * @throws BrokerUnavailableError after the limit; KafkaAuthenticationError and what else waiting does not mend
 */
export async function firstMetadata(dependencies: FirstMetadataDependencies): Promise<void> {
  const { config, isClosed, limitMs, updater, who } = dependencies;
  const backoff = new RetryBackoff(config.retryBackoffMs, config.retryBackoffMaxMs);
  const deadline = Date.now() + limitMs;
  for (let attempt = 1; !isClosed(); attempt++) {
    try {
      await withDeadline(updater.refreshOnce(), deadline, 'No broker has answered');
      return;
    } catch (cause) {
      const isFinal = cause instanceof KafkaAuthenticationError || (cause instanceof KafkaError && !cause.retriable);
      if (isFinal) throw cause;
      if (Date.now() >= deadline) {
        throw new BrokerUnavailableError(`${who} could not start within ${limitMs} ms. ${String(cause)}`, { cause });
      }
    }
    await sleep(backoff.delay(attempt));
  }
}
