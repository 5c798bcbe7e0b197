/** A broker as the cluster advertises it. */
export interface BrokerAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** One partition in a Metadata response. `leaderId` is -1 while there is no leader. */
export interface PartitionMetadata {
  readonly partition: number;
  readonly leaderId: number;
  /** -1 when the broker is too old to tell (Metadata before version 7). */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offlineReplicas: readonly number[];
  readonly errorCode: number;
}

/** One topic in a Metadata response. */
export interface TopicMetadata {
  readonly name: string;
  /** Differs when a topic has been deleted and created again (KIP-516); null before Metadata version 10. */
  readonly topicId: string | null;
  readonly errorCode: number;
  readonly isInternal: boolean;
  readonly partitions: readonly PartitionMetadata[];
}

/** A Metadata response (API key 3). */
export interface MetadataResponse {
  readonly throttleTimeMs: number;
  readonly brokers: readonly BrokerAddress[];
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly topics: readonly TopicMetadata[];
}
