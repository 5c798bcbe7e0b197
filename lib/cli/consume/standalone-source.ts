import type { SeekTarget, TopicPartition } from '../../consumer/consumer-engine-api.js';
import { CommandError } from '../common/command-error.js';
import type { CommandContext } from '../common/command-context.js';
import type { ConnectionSettings } from '../common/connection-options.js';
import { partitionOffsets } from '../common/partition-offsets.js';
import { requireTopics, visibleTopics } from '../common/topics.js';
import type { AdminClient } from '../../wire/admin/admin-client.js';
import { commandLog } from '../records/command-log.js';
import { consumerConfig } from '../records/consumer-config.js';
import type { RecordSlice } from '../records/record-slice.js';
import { StandaloneConsumer } from '../records/standalone-consumer.js';
import { type ConsumeOptions, wantedTopics } from './consume-options.js';
import type { RecordSource } from './record-source.js';

/** Reads without a group: nothing is joined, and nothing committed. */
export class StandaloneSource implements RecordSource {
  private readonly known = new Set<string>();

  private constructor(private readonly consumer: StandaloneConsumer) {}

  /** @throws CommandError for a topic, partition or offset that is not there; what connecting throws */
  public static async open(
    context: CommandContext,
    connection: ConnectionSettings,
    options: ConsumeOptions,
  ): Promise<StandaloneSource> {
    const { config } = consumerConfig(connection, {
      // A record that is deleted while it waits to be read: what is left is read.
      autoOffsetReset: 'earliest',
      ...(options.isolationLevel === undefined ? {} : { isolationLevel: options.isolationLevel }),
    });
    const admin = context.adminOf(connection);
    const topics = wantedTopics(options);
    const partitions = await findPartitions(admin, topics, options.partition);
    const starts = await findStarts(admin, partitions, options);
    const { client } = connection;
    const consumer = await StandaloneConsumer.open(topics, { client, config, log: commandLog(context) });
    context.defer(() => consumer.close());
    const source = new StandaloneSource(consumer);
    partitions.forEach((partition, index) => source.read(partition, starts[index] ?? 'latest'));
    if (options.partition === undefined) source.followTopics();
    return source;
  }

  public next(limitMs: number | null, stop: AbortSignal): Promise<RecordSlice | null> {
    return this.consumer.next(limitMs, stop);
  }

  public async printed(): Promise<void> {
    // Nothing is kept of it.
  }

  public async finish(): Promise<void> {
    // Nothing is left to do.
  }

  private read(partition: TopicPartition, from: SeekTarget): void {
    this.known.add(`${partition.topic}-${partition.partition}`);
    this.consumer.read(partition, from);
  }

  /** What comes into being while it is read is read from its beginning. */
  private followTopics(): void {
    this.consumer.onTopicsChanged(() => {
      for (const partition of this.consumer.partitions) {
        if (!this.known.has(`${partition.topic}-${partition.partition}`)) this.read(partition, 'earliest');
      }
    });
  }
}

async function findPartitions(
  admin: AdminClient,
  wanted: readonly (string | RegExp)[],
  only: number | undefined,
): Promise<TopicPartition[]> {
  const names = wanted.filter((topic) => typeof topic === 'string');
  const patterns = wanted.filter((topic) => topic instanceof RegExp);
  const matching = patterns.length === 0 ? [] : await visibleTopics(admin);
  const topics = [
    ...(await requireTopics(admin, names)),
    ...matching.filter(({ isInternal, name }) => !isInternal && patterns.some((pattern) => pattern.test(name))),
  ];
  const partitions = topics.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partition }) => ({ topic, partition })),
  );
  if (only === undefined) return partitions;
  const found = partitions.filter(({ partition }) => partition === only);
  if (found.length > 0) return found;
  throw new CommandError(`${String(wanted[0])} has no partition ${only}: there are 0 to ${partitions.length - 1}.`);
}

async function findStarts(
  admin: AdminClient,
  partitions: readonly TopicPartition[],
  { fromBeginning, fromTimestamp, offset = 'latest' }: ConsumeOptions,
): Promise<SeekTarget[]> {
  if (fromBeginning === true || offset === 'earliest') return partitions.map(() => 'earliest');
  if (fromTimestamp !== undefined) {
    const found = await partitionOffsets(admin, partitions, fromTimestamp);
    return found.map((one) => (one < 0n ? 'latest' : one));
  }
  if (typeof offset === 'bigint') await checkRange(admin, partitions, offset);
  return partitions.map(() => offset);
}

/** @throws CommandError when an offset is not in the log */
async function checkRange(admin: AdminClient, partitions: readonly TopicPartition[], offset: bigint): Promise<void> {
  const starts = await partitionOffsets(admin, partitions, 'earliest');
  const ends = await partitionOffsets(admin, partitions, 'latest');
  partitions.forEach(({ topic, partition }, index) => {
    const start = starts[index] ?? 0n;
    const end = ends[index] ?? 0n;
    if (offset >= start && offset <= end) return;
    throw new CommandError(
      `Offset ${offset} is not in ${topic}-${partition}, which reaches from ${start} to ${end} (its next record). Give one in this range, or earliest or latest.`,
      { topic, partition },
    );
  });
}
