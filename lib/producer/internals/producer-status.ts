import type { ClusterLink } from '../../wire/cluster-link.js';
import { ProducerFatalError } from '../errors.js';
import type { ProducerConfig } from '../producer-config.js';
import type { ProducerStatus } from '../producer-engine-api.js';
import { producerLimits } from '../producer-limits.js';
import type { BufferMemory } from './buffer-memory.js';
import type { MetadataUpdater } from './metadata-updater.js';
import type { PendingSends } from './pending-sends.js';
import type { ProduceOutcomes } from './produce-outcomes.js';
import type { ProducerMetadata } from './producer-metadata.js';

/** The rooms of an engine that know how it is doing. */
export interface ProducerStatusSources {
  readonly config: ProducerConfig;
  readonly link: ClusterLink;
  readonly memory: BufferMemory;
  readonly metadata: ProducerMetadata;
  readonly outcomes: ProduceOutcomes | null;
  readonly pending: PendingSends;
  /** Why no record is taken any more, or null. */
  readonly refusal: Error | null;
  readonly updater: MetadataUpdater;
}

export function producerStatus(sources: ProducerStatusSources): ProducerStatus {
  const { config, link, memory, metadata, outcomes, pending, updater } = sources;
  const now = Date.now();
  const fatal = sources.refusal instanceof ProducerFatalError ? sources.refusal : null;
  return {
    state: stateOf(sources),
    connectedBrokers: link.connectedBrokers,
    knownBrokers: [...link.knownBrokers].length,
    waitingSends: pending.size,
    oldestRecordAgeMs: Math.max(outcomes?.oldestBatchAge(now) ?? 0, pending.oldestAge(now)),
    ...producerLimits(config),
    bufferAvailableBytes: memory.availableBytes,
    metadataAgeMs: metadata.version === 0 ? null : Math.max(0, now - metadata.updatedAt),
    lastError: (fatal ?? updater.lastFailure ?? link.lastConnectFailure)?.message ?? null,
  };
}

function stateOf({ metadata, refusal }: ProducerStatusSources): ProducerStatus['state'] {
  if (refusal instanceof ProducerFatalError) return 'failed';
  if (refusal !== null) return 'closed';
  return metadata.version === 0 ? 'starting' : 'running';
}
