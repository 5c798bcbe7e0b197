/** `[api key, name, first flexible version]`; `NEVER` where no version is flexible. */
const NEVER = Number.POSITIVE_INFINITY;

const APIS = [
  [0, 'Produce', 9],
  [1, 'Fetch', 12],
  [2, 'ListOffsets', 6],
  [3, 'Metadata', 9],
  [8, 'OffsetCommit', 8],
  [9, 'OffsetFetch', 6],
  [10, 'FindCoordinator', 3],
  [11, 'JoinGroup', 6],
  [12, 'Heartbeat', 4],
  [13, 'LeaveGroup', 4],
  [14, 'SyncGroup', 4],
  [15, 'DescribeGroups', 5],
  [16, 'ListGroups', 3],
  [17, 'SaslHandshake', NEVER],
  [18, 'ApiVersions', 3],
  [19, 'CreateTopics', 5],
  [20, 'DeleteTopics', 4],
  [21, 'DeleteRecords', 2],
  [22, 'InitProducerId', 2],
  [23, 'OffsetForLeaderEpoch', 4],
  [24, 'AddPartitionsToTxn', 3],
  [25, 'AddOffsetsToTxn', 3],
  [26, 'EndTxn', 3],
  [27, 'WriteTxnMarkers', 1],
  [28, 'TxnOffsetCommit', 3],
  [29, 'DescribeAcls', 2],
  [30, 'CreateAcls', 2],
  [31, 'DeleteAcls', 2],
  [32, 'DescribeConfigs', 4],
  [33, 'AlterConfigs', 2],
  [34, 'AlterReplicaLogDirs', 2],
  [35, 'DescribeLogDirs', 2],
  [36, 'SaslAuthenticate', 2],
  [37, 'CreatePartitions', 2],
  [38, 'CreateDelegationToken', 2],
  [39, 'RenewDelegationToken', 2],
  [40, 'ExpireDelegationToken', 2],
  [41, 'DescribeDelegationToken', 2],
  [42, 'DeleteGroups', 2],
  [43, 'ElectLeaders', 2],
  [44, 'IncrementalAlterConfigs', 1],
  [45, 'AlterPartitionReassignments', 0],
  [46, 'ListPartitionReassignments', 0],
  [47, 'OffsetDelete', NEVER],
  [48, 'DescribeClientQuotas', 1],
  [49, 'AlterClientQuotas', 1],
  [50, 'DescribeUserScramCredentials', 0],
  [51, 'AlterUserScramCredentials', 0],
  [55, 'DescribeQuorum', 0],
  [57, 'UpdateFeatures', 0],
  [60, 'DescribeCluster', 0],
  [61, 'DescribeProducers', 0],
  [64, 'UnregisterBroker', 0],
  [65, 'DescribeTransactions', 0],
  [66, 'ListTransactions', 0],
  [68, 'ConsumerGroupHeartbeat', 0],
  [69, 'ConsumerGroupDescribe', 0],
  [71, 'GetTelemetrySubscriptions', 0],
  [72, 'PushTelemetry', 0],
  [74, 'ListConfigResources', 0],
  [75, 'DescribeTopicPartitions', 0],
] as const;

/** Name of a Kafka API as in Kafka's `ApiKeys` and its message definitions. */
export type KafkaApiName = (typeof APIS)[number][1];

const keyByName = new Map<string, number>(APIS.map(([key, name]) => [name, key]));
const nameByKey = new Map<number, KafkaApiName>(APIS.map(([key, name]) => [key, name]));
const flexibleFromByKey = new Map<number, number>(APIS.map(([key, , flexibleFrom]) => [key, flexibleFrom]));

/** Key of a named API; a number is its own key. */
export function apiKeyOf(api: KafkaApiName | number): number {
  if (typeof api === 'number') return api;
  const key = keyByName.get(api);
  if (key === undefined) throw new TypeError(`Unknown Kafka API "${api}". Known: ${[...keyByName.keys()].join(', ')}.`);
  return key;
}

/** Name of an API key, `Api<key>` for keys this table does not know. */
export function apiNameOf(apiKey: number): KafkaApiName | `Api${number}` {
  return nameByKey.get(apiKey) ?? `Api${apiKey}`;
}

/** Whether a version uses compact types and tag sections (KIP-482). APIs newer than the table do so in every version. */
export function isFlexible(apiKey: number, apiVersion: number): boolean {
  return apiVersion >= (flexibleFromByKey.get(apiKey) ?? 0);
}

/** ApiVersions answers with the classic header in every version, since the client does not know yet what the broker speaks (KIP-511). */
export function hasFlexibleResponseHeader(apiKey: number, apiVersion: number): boolean {
  return apiKey !== apiKeyOf('ApiVersions') && isFlexible(apiKey, apiVersion);
}
