import { CONFIGS, type KnownTopic } from './durability-watch.js';
import { adviceFor, type DurabilityOutcome, outcomeOf, type TopicSafety } from './topic-durability.js';

/** What is told of a topic. */
export interface TopicReport extends Partial<TopicSafety> {
  readonly oneBrokerFails?: DurabilityOutcome;
  readonly twoBrokersFail?: DurabilityOutcome;
  /** What to change, in sentences. */
  readonly advice?: readonly string[];
  /** Why it cannot be told. */
  readonly unknown?: string;
  /** When it was told; milliseconds. */
  readonly ageMs: number | null;
}

/**
 * @param acks null for a topic that is only read
 * @param known undefined while the topic has not been looked at yet
 */
export function reportOf(acks: TopicSafety['acks'], known: KnownTopic | undefined): TopicReport {
  if (known === undefined) return { unknown: 'It has not been looked at yet.', ageMs: null };
  const ageMs = Math.max(0, Date.now() - known.toldAt);
  const { configs, error, partitions } = known.description;
  if (partitions.length === 0) return { unknown: error ?? 'The topic does not exist.', ageMs };
  const replicas = {
    acks,
    replicationFactor: Math.min(...partitions.map((partition) => partition.replicas.length)),
    inSyncReplicas: Math.min(...partitions.map(({ inSyncReplicas }) => inSyncReplicas.length)),
  };
  if (configs === null) return { ...replicas, unknown: error ?? 'Its settings were not told.', ageMs };
  const safety: TopicSafety = {
    ...replicas,
    minInsyncReplicas: Math.max(1, Number(configs.get(CONFIGS.minInsyncReplicas) ?? 1)),
    uncleanLeaderElection: configs.get(CONFIGS.unclean) === 'true',
  };
  return {
    ...safety,
    oneBrokerFails: outcomeOf(safety, 1),
    twoBrokersFail: outcomeOf(safety, 2),
    advice: adviceFor(safety),
    ageMs,
  };
}
