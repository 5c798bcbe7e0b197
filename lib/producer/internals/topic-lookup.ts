import { UnknownTopicError } from '../errors.js';
import type { ProducerConfig } from '../producer-config.js';
import type { PartitionInfo } from '../record.js';
import type { MetadataUpdater } from './metadata-updater.js';
import { assertTopicName } from './record-serializer.js';
import type { ProducerMetadata } from './producer-metadata.js';

export interface TopicLookupDependencies {
  readonly config: ProducerConfig;
  readonly metadata: ProducerMetadata;
  readonly updater: MetadataUpdater;
  /** Why nothing is answered any more, or null. */
  readonly refusal: () => Error | null;
}

/** Answers `partitionsFor`, waiting for metadata where it must. */
export class TopicLookup {
  private readonly waiting: (() => void)[] = [];

  public constructor(private readonly dependencies: TopicLookupDependencies) {}

  /** @throws InvalidRecordError for what cannot be a topic's name; UnknownTopicError after `max.block.ms`; the broker's refusal; what made the producer unusable */
  public async partitionsFor(topic: string): Promise<PartitionInfo[]> {
    assertTopicName(topic, 'The partitions are not known');
    const { config, metadata, updater } = this.dependencies;
    const deadline = Date.now() + config.maxBlockMs;
    while (metadata.topic(topic) === undefined) {
      const error = this.dependencies.refusal() ?? metadata.finalError(topic);
      if (error !== undefined && error !== null) throw error;
      if (Date.now() >= deadline) throw this.unknownTopic(topic);
      metadata.want(topic, Date.now());
      updater.requestNow();
      await this.nextUpdate(Math.max(1, Math.min(config.retryBackoffMs, deadline - Date.now())));
    }
    return [...metadata.partitions(topic)];
  }

  public metadataChanged(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }

  private nextUpdate(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private unknownTopic(topic: string): UnknownTopicError {
    const { config, metadata, updater } = this.dependencies;
    return new UnknownTopicError(
      `The topic ${topic} was not known to the cluster within maxBlockMs (${config.maxBlockMs} ms).`,
      { topic, cause: metadata.lastError(topic) ?? updater.lastFailure ?? undefined },
    );
  }
}
