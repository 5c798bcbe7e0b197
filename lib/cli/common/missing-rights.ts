import { BrokerResponseError } from '../../wire/broker-response-error.js';
import { ErrorCode, type KafkaErrorName } from '../../wire/error-codes.js';

/** Kinds of resources that Kafka's ACLs are for. */
type Resource = 'topic' | 'group' | 'transactional-id' | 'cluster';

/** What a refusal is about, by Kafka's error. */
const REFUSALS: ReadonlyMap<number, Resource> = new Map(
  (
    [
      ['TOPIC_AUTHORIZATION_FAILED', 'topic'],
      ['GROUP_AUTHORIZATION_FAILED', 'group'],
      ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'transactional-id'],
      ['CLUSTER_AUTHORIZATION_FAILED', 'cluster'],
    ] satisfies [KafkaErrorName, Resource][]
  ).map(([name, resource]) => [ErrorCode[name], resource]),
);

/** The operation that an API needs on what it was refused for, by Kafka's table of operations and protocols; one that is not here says nothing. */
const OPERATIONS: Readonly<Record<string, Partial<Record<Resource, string>>>> = {
  Produce: { topic: 'Write', cluster: 'IdempotentWrite', 'transactional-id': 'Write' },
  Fetch: { topic: 'Read', cluster: 'ClusterAction' },
  ListOffsets: { topic: 'Describe' },
  Metadata: { topic: 'Describe' },
  OffsetCommit: { group: 'Read', topic: 'Read' },
  OffsetFetch: { group: 'Describe', topic: 'Describe' },
  FindCoordinator: { group: 'Describe', 'transactional-id': 'Describe' },
  JoinGroup: { group: 'Read' },
  SyncGroup: { group: 'Read' },
  Heartbeat: { group: 'Read' },
  DescribeGroups: { group: 'Describe' },
  ConsumerGroupDescribe: { group: 'Describe', topic: 'Describe' },
  ListGroups: { cluster: 'Describe' },
  DeleteGroups: { group: 'Delete' },
  CreateTopics: { topic: 'Create', cluster: 'Create' },
  DeleteTopics: { topic: 'Delete' },
  CreatePartitions: { topic: 'Alter', cluster: 'Alter' },
  DescribeConfigs: { topic: 'DescribeConfigs', cluster: 'DescribeConfigs' },
  IncrementalAlterConfigs: { topic: 'AlterConfigs', cluster: 'AlterConfigs' },
  InitProducerId: { 'transactional-id': 'Write', cluster: 'IdempotentWrite', topic: 'Write' },
  AddPartitionsToTxn: { 'transactional-id': 'Write', topic: 'Write' },
  AddOffsetsToTxn: { 'transactional-id': 'Write', group: 'Read' },
  TxnOffsetCommit: { 'transactional-id': 'Write', group: 'Read', topic: 'Read' },
  EndTxn: { 'transactional-id': 'Write' },
};

/** What the command was about, as far as the error does not tell. */
export interface RefusedNames {
  readonly group?: string | undefined;
  readonly topic?: string | undefined;
  readonly transactionalId?: string | undefined;
  /** The user that is logged in. */
  readonly user?: string | undefined;
}

/** Whether the broker refused for want of rights. */
export function isRefusal(error: unknown): error is BrokerResponseError {
  return error instanceof BrokerResponseError && REFUSALS.has(error.code);
}

/** One line on a refusal: which ACL is missing, and how to grant it. */
export function describeRefusal(error: BrokerResponseError, names: RefusedNames): string {
  const resource = resourceOf(error, names);
  const name = nameOf(resource, error, names);
  const operation = OPERATIONS[error.api ?? '']?.[resource] ?? 'the operation';
  const user = names.user ?? '<name>';
  const what = name === undefined ? `the ${resource}` : `${resource} '${name}'`;
  const option = resource === 'cluster' ? '--cluster' : `--${resource} ${name ?? '<name>'}`;
  const who = names.user === undefined ? 'This client' : `User:${names.user}`;
  return (
    `${who} may not ${operation} on ${what} (${error.codeName}). An administrator can grant it: ` +
    `kafka-acls --bootstrap-server ... --add --allow-principal User:${user} --operation ${operation} ${option}`
  );
}

/** Since Kafka 3.0 whoever may write to a topic may do so idempotently: that is the right to ask for where a topic is known. */
function resourceOf({ api, code }: BrokerResponseError, { topic }: RefusedNames): Resource {
  const resource = REFUSALS.get(code) ?? 'cluster';
  return resource === 'cluster' && api === 'InitProducerId' && topic !== undefined ? 'topic' : resource;
}

function nameOf(resource: Resource, error: BrokerResponseError, names: RefusedNames): string | undefined {
  switch (resource) {
    case 'topic':
      return error.topic ?? names.topic;
    case 'group':
      return names.group;
    case 'transactional-id':
      return names.transactionalId;
    case 'cluster':
      return undefined;
  }
}
