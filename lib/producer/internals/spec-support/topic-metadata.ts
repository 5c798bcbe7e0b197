import type { TopicMetadata } from '../../../wire/cluster-metadata.js';

/** What a broker tells of a topic, all of whose partitions broker 1 leads. */
export function topicMetadata(name: string, partitions: number, errorCode = 0): TopicMetadata {
  return {
    name,
    errorCode,
    isInternal: false,
    topicId: null,
    partitions: Array.from({ length: partitions }, (_, partition) => ({
      partition,
      leaderId: 1,
      leaderEpoch: 0,
      replicas: [],
      isr: [],
      offlineReplicas: [],
      errorCode: 0,
    })),
  };
}
