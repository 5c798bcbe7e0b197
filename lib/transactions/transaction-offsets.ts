import { InvalidRecordError } from '../producer/errors.js';
import type { ConsumerGroupMetadata, TopicPartitionOffset } from '../producer/transaction.js';

/**
 * Offsets and group as they may be sent.
 * @throws InvalidRecordError
 */
export function checkOffsets(offsets: readonly TopicPartitionOffset[]): readonly TopicPartitionOffset[] {
  if (!Array.isArray(offsets)) throw new InvalidRecordError('sendOffsets takes a list of offsets. Nothing was sent.');
  for (const offset of offsets as readonly unknown[]) checkOffset(offset);
  return offsets;
}

/**
 * A group given by its id alone is one whose generation and member are not known.
 * @throws InvalidRecordError
 */
export function checkGroup(group: ConsumerGroupMetadata | string): ConsumerGroupMetadata {
  const given = typeof group === 'string' ? { groupId: group } : group;
  if (typeof given?.groupId !== 'string' || given.groupId === '') {
    throw new InvalidRecordError('sendOffsets needs the id of a consumer group. Nothing was sent.');
  }
  const { generationId = -1, memberId = '' } = given;
  if (!Number.isInteger(generationId) || (generationId >= 0 && memberId === '')) {
    throw new InvalidRecordError(
      `sendOffsets: a generation (${String(generationId)}) is a whole number and needs the memberId that it was joined with; give both or none. Nothing was sent.`,
    );
  }
  return given;
}

function checkOffset(given: unknown): void {
  const { offset, partition, topic }: Partial<Record<keyof TopicPartitionOffset, unknown>> =
    typeof given === 'object' && given !== null ? given : {};
  if (typeof topic !== 'string' || topic === '' || !isWhole(partition)) {
    throw new InvalidRecordError('sendOffsets: each offset needs a topic and a partition from 0. Nothing was sent.');
  }
  const isOffset = typeof offset === 'bigint' ? offset >= 0n : typeof offset === 'string' && /^\d+$/.test(offset);
  if (isOffset) return;
  throw new InvalidRecordError(
    `sendOffsets: the offset of ${topic}-${String(partition)} must be a decimal text or a bigint from 0, that of the next record to read. Nothing was sent.`,
    { topic },
  );
}

function isWhole(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
