import { INT_MAX } from '../producer/option-rules.js';
import type { ConsumerOptions, KafkaConsumerOptions } from './consumer-options.js';

interface NumberRule {
  readonly unit: 'ms' | 'bytes' | '';
  readonly min: number;
  readonly max: number;
  readonly initial: number;
}

const ms = (initial: number, min = 0): NumberRule => ({ unit: 'ms', min, max: Number.MAX_SAFE_INTEGER, initial });
const bytes = (initial: number, min = 0): NumberRule => ({ unit: 'bytes', min, max: INT_MAX, initial });

/** The whole numbers among the options, with Kafka's limits and defaults (`ConsumerConfig` of the Java client 4.x). */
export const NUMBER_RULES = {
  sessionTimeoutMs: { unit: 'ms', min: 1, max: INT_MAX, initial: 45_000 },
  heartbeatIntervalMs: { unit: 'ms', min: 1, max: INT_MAX, initial: 3_000 },
  maxPollIntervalMs: { unit: 'ms', min: 1, max: INT_MAX, initial: 300_000 },
  maxPollRecords: { unit: '', min: 1, max: INT_MAX, initial: 500 },
  fetchMinBytes: bytes(1),
  fetchMaxBytes: bytes(52_428_800),
  fetchMaxWaitMs: { unit: 'ms', min: 0, max: INT_MAX, initial: 500 },
  maxPartitionFetchBytes: bytes(1_048_576),
  autoCommitIntervalMs: { unit: 'ms', min: 1, max: INT_MAX, initial: 5_000 },
  metadataMaxAgeMs: ms(300_000),
  requestTimeoutMs: { unit: 'ms', min: 0, max: INT_MAX, initial: 30_000 },
  defaultApiTimeoutMs: { unit: 'ms', min: 0, max: INT_MAX, initial: 60_000 },
  retryBackoffMs: ms(100),
  retryBackoffMaxMs: ms(1_000),
  reconnectBackoffMs: ms(50),
  reconnectBackoffMaxMs: ms(1_000),
  connectionsMaxIdleMs: ms(540_000, -1),
  socketConnectionSetupTimeoutMs: ms(10_000),
} as const satisfies Partial<Record<keyof ConsumerOptions, NumberRule>>;

/** The options that are whole numbers. */
export type ConsumerNumberOption = keyof typeof NUMBER_RULES;

const OTHER_OPTIONS = [
  'groupId',
  'groupInstanceId',
  'clientRack',
  'autoOffsetReset',
  'isolationLevel',
  'partitionAssignmentStrategy',
  'allowAutoCreateTopics',
  'enableAutoCommit',
  'commitStrategy',
  'recovery',
  'concurrency',
  'valueDeserializer',
  'keyDeserializer',
  'drainTimeoutMs',
] as const satisfies readonly (keyof KafkaConsumerOptions)[];

/** The names of all options. */
export const CONSUMER_OPTIONS: ReadonlySet<string> = new Set([...Object.keys(NUMBER_RULES), ...OTHER_OPTIONS]);

/** What Nest's transport, kafkajs and Kafka call an option, for the hint in the error. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['autocommit', 'commitStrategy (or enableAutoCommit)'],
  ['autocommitinterval', 'autoCommitIntervalMs'],
  ['autocommitthreshold', 'commitStrategy: new AutoCommitStrategy({ count })'],
  ['frombeginning', "autoOffsetReset: 'earliest'"],
  ['sessiontimeout', 'sessionTimeoutMs'],
  ['rebalancetimeout', 'maxPollIntervalMs'],
  ['heartbeatinterval', 'heartbeatIntervalMs'],
  ['maxbytes', 'fetchMaxBytes'],
  ['minbytes', 'fetchMinBytes'],
  ['maxbytesperpartition', 'maxPartitionFetchBytes'],
  ['maxwaittimeinms', 'fetchMaxWaitMs'],
  ['readuncommitted', "isolationLevel: 'read_uncommitted'"],
  ['partitionassigners', 'partitionAssignmentStrategy'],
  ['partitionsconsumedconcurrently', 'concurrency'],
  ['metadatamaxage', 'metadataMaxAgeMs'],
  ['allowautotopiccreation', 'allowAutoCreateTopics'],
  ['rackid', 'clientRack'],
  ['retry', 'recovery for handlers, retryBackoffMs and defaultApiTimeoutMs for requests'],
  ['clientid', 'client.clientId, beside consumer'],
  ['deserializer', 'valueDeserializer'],
  ['deadletter', 'recovery.deadLetter'],
]);

const bare = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
const BY_BARE_NAME: ReadonlyMap<string, string> = new Map(
  [...CONSUMER_OPTIONS].flatMap((name) => [
    [bare(name), name],
    [bare(name).replace(/(ms|bytes)$/, ''), name],
  ]),
);

/** The option a misspelt or foreign name most likely means, or null. */
export function suggestConsumerOption(name: string): string | null {
  return ELSEWHERE.get(bare(name)) ?? BY_BARE_NAME.get(bare(name)) ?? null;
}
