import type { AdminClient } from '../../wire/admin/admin-client.js';
import type { CommandContext } from '../common/command-context.js';
import type { ConnectionSettings } from '../common/connection-options.js';
import { partitionOffsets } from '../common/partition-offsets.js';
import { requireTopic } from '../common/topics.js';
import { commandLog } from '../records/command-log.js';
import { consumerConfig } from '../records/consumer-config.js';
import type { LogPiece } from '../records/read-to-end.js';
import { StandaloneConsumer } from '../records/standalone-consumer.js';

/** What a dead-letter topic holds at this moment, committed records only; what comes meanwhile is not part of it. @throws CommandError when there is no such topic */
export async function deadLetterLog(admin: AdminClient, topic: string): Promise<LogPiece[]> {
  const { partitions } = await requireTopic(admin, topic);
  const names = partitions.map(({ partition }) => ({ topic, partition }));
  const starts = await partitionOffsets(admin, names, 'earliest');
  const ends = await partitionOffsets(admin, names, 'latest', 'read_committed');
  return names.map((name, index) => ({ ...name, start: starts[index] ?? 0n, end: ends[index] ?? 0n }));
}

/** A consumer of committed records, closed when the run ends. */
export async function openReader(
  context: CommandContext,
  connection: ConnectionSettings,
  topic: string,
): Promise<StandaloneConsumer> {
  const { config } = consumerConfig(connection, { autoOffsetReset: 'earliest', isolationLevel: 'read_committed' });
  const consumer = await StandaloneConsumer.open([topic], {
    client: connection.client,
    config,
    log: commandLog(context),
  });
  context.defer(() => consumer.close());
  return consumer;
}
