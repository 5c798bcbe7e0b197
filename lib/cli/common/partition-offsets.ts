import { setTimeout as sleep } from 'node:timers/promises';
import type { AdminClient } from '../../wire/admin/admin-client.js';
import { BrokerResponseError } from '../../wire/broker-response-error.js';
import { ErrorCode } from '../../wire/error-codes.js';
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, listOffsetsApi } from '../../wire/protocol/list-offsets.js';

/** A partition by name. */
export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

/** Which offset is wanted: the first one that is there, the end, or that of the first record at or after a time (ms since the epoch). */
export type OffsetSpec = 'earliest' | 'latest' | number;

/** Leaders move; so often they are looked up again. */
const ATTEMPTS = 10;
const PAUSE_MS = 200;

/**
 * Offsets as the leaders of partitions know them, in the order of the partitions; -1n where no record is that young.
 * @param isolation what counts as the end: the high watermark (read_uncommitted, default), or the last stable offset
 * @throws BrokerResponseError, after some repetitions where a partition has no leader
 */
export async function partitionOffsets(
  admin: AdminClient,
  partitions: readonly PartitionName[],
  spec: OffsetSpec,
  isolation: 'read_uncommitted' | 'read_committed' = 'read_uncommitted',
): Promise<bigint[]> {
  const { failure, found } = await askUntilKnown(admin, partitions, spec, isolation);
  if (failure !== null) throw failure;
  return partitions.map((partition) => found.get(keyOf(partition)) ?? -1n);
}

/**
 * The ends (high watermarks) of partitions, in their order; null where, after some repetitions, there is no leader to ask.
 * @throws BrokerResponseError that repetition does not mend
 */
export async function endsWhereLed(
  admin: AdminClient,
  partitions: readonly PartitionName[],
): Promise<(bigint | null)[]> {
  const { failure, found } = await askUntilKnown(admin, partitions, 'latest', 'read_uncommitted');
  if (failure?.retriable === false) throw failure;
  return partitions.map((partition) => found.get(keyOf(partition)) ?? null);
}

/** @returns what was found, and why that is not all */
async function askUntilKnown(
  admin: AdminClient,
  partitions: readonly PartitionName[],
  spec: OffsetSpec,
  isolation: 'read_uncommitted' | 'read_committed',
): Promise<{ readonly found: ReadonlyMap<string, bigint>; readonly failure: BrokerResponseError | null }> {
  const found = new Map<string, bigint>();
  for (let attempt = 1; ; attempt++) {
    const missing = partitions.filter((partition) => !found.has(keyOf(partition)));
    const failure = missing.length === 0 ? null : await askLeaders(admin, missing, spec, isolation, found);
    if (failure === null || !failure.retriable || attempt >= ATTEMPTS) return { found, failure };
    await sleep(PAUSE_MS);
  }
}

/** @returns the worst of what could not be had, or null */
async function askLeaders(
  admin: AdminClient,
  partitions: readonly PartitionName[],
  spec: OffsetSpec,
  isolation: 'read_uncommitted' | 'read_committed',
  found: Map<string, bigint>,
): Promise<BrokerResponseError | null> {
  const { topics } = await admin.metadata([...new Set(partitions.map(({ topic }) => topic))]);
  const byLeader = new Map<number, PartitionName[]>();
  const failures: BrokerResponseError[] = [];
  for (const wanted of partitions) {
    const topic = topics.find(({ name }) => name === wanted.topic);
    const partition = topic?.partitions.find((candidate) => candidate.partition === wanted.partition);
    if (partition === undefined || partition.leaderId < 0) {
      const code = topicCode(topic?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, partition !== undefined);
      failures.push(new BrokerResponseError(code, { api: 'Metadata', ...wanted }));
    } else {
      byLeader.set(partition.leaderId, [...(byLeader.get(partition.leaderId) ?? []), wanted]);
    }
  }
  const answers = await Promise.all(
    [...byLeader].map(([leaderId, own]) => askLeader(admin, leaderId, own, spec, isolation, found)),
  );
  failures.push(...answers.flat());
  return failures.find(({ retriable }) => !retriable) ?? failures[0] ?? null;
}

function topicCode(errorCode: number, isKnown: boolean): number {
  if (errorCode !== 0) return errorCode;
  return isKnown ? ErrorCode.LEADER_NOT_AVAILABLE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
}

async function askLeader(
  admin: AdminClient,
  leaderId: number,
  partitions: readonly PartitionName[],
  spec: OffsetSpec,
  isolation: 'read_uncommitted' | 'read_committed',
  found: Map<string, bigint>,
): Promise<BrokerResponseError[]> {
  const names = [...new Set(partitions.map(({ topic }) => topic))];
  const topics = names.map((name) => ({
    name,
    partitions: partitions
      .filter(({ topic }) => topic === name)
      .map(({ partition }) => ({ index: partition, currentLeaderEpoch: -1, timestamp: timestampOf(spec) })),
  }));
  const response = await admin.toBroker(leaderId, {
    api: listOffsetsApi,
    request: { isolationLevel: isolation === 'read_committed' ? 1 : 0, topics },
    errorCode: () => 0,
  });
  const failures: BrokerResponseError[] = [];
  for (const { name: topic, partitions: answered } of response.topics) {
    for (const { errorCode, index, offset } of answered) {
      if (errorCode === 0) found.set(keyOf({ topic, partition: index }), offset);
      else failures.push(new BrokerResponseError(errorCode, { api: listOffsetsApi.name, topic, partition: index }));
    }
  }
  return failures;
}

function timestampOf(spec: OffsetSpec): bigint {
  if (spec === 'earliest') return EARLIEST_TIMESTAMP;
  return spec === 'latest' ? LATEST_TIMESTAMP : BigInt(Math.max(0, Math.trunc(spec)));
}

function keyOf({ topic, partition }: PartitionName): string {
  return `${topic}-${partition}`;
}
