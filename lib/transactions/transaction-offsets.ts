import { InvalidRecordError } from '../producer/errors.js';
import type { ConsumerGroupMetadata, TopicPartitionOffset } from '../producer/transaction.js';

const MAX_INT32 = 2 ** 31 - 1;
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_TEXT_BYTES = 32_767;

const GROUP_FIELDS: ReadonlySet<string> = new Set([
  'groupId',
  'generationId',
  'memberId',
  'groupInstanceId',
] satisfies (keyof ConsumerGroupMetadata)[]);

/**
 * Offsets and group as they may be sent.
 * @throws InvalidRecordError
 */
export function checkOffsets(offsets: readonly TopicPartitionOffset[]): readonly TopicPartitionOffset[] {
  if (!Array.isArray(offsets)) throw refused('takes a list of offsets');
  for (const offset of offsets as readonly unknown[]) checkOffset(offset);
  return offsets;
}

/**
 * A group given by its id alone is one whose generation and member are not known.
 * @throws InvalidRecordError
 */
export function checkGroup(group: ConsumerGroupMetadata | string): ConsumerGroupMetadata {
  const given = typeof group === 'string' ? { groupId: group } : group;
  if (typeof given !== 'object' || given === null || !isText(given.groupId) || given.groupId === '') {
    throw refused('needs the id of a consumer group, a text that is not empty');
  }
  for (const name of Object.keys(given)) {
    // A misspelt generation would go out as none, and fence nobody.
    if (!GROUP_FIELDS.has(name))
      throw refused(`knows no '${name}' of a group; there are ${[...GROUP_FIELDS].join(', ')}`);
  }
  checkMember(given);
  return given;
}

function checkMember({ generationId = -1, memberId = '', groupInstanceId = null }: ConsumerGroupMetadata): void {
  if (!isInteger(generationId, -1, MAX_INT32) || !isText(memberId) || (generationId >= 0 && memberId === '')) {
    throw refused(
      `takes a generationId (${String(generationId)}) that is a whole number, and with it the memberId that it was joined with; give both or none`,
    );
  }
  if (groupInstanceId !== null && !isText(groupInstanceId)) throw refused('takes a text or null for groupInstanceId');
}

function checkOffset(given: unknown): void {
  const fields: Partial<Record<keyof TopicPartitionOffset, unknown>> =
    typeof given === 'object' && given !== null ? given : {};
  const { leaderEpoch = -1, metadata = null, offset, partition, topic } = fields;
  if (!isText(topic) || topic === '' || !isInteger(partition, 0, MAX_INT32)) {
    throw refused('needs a topic and a partition from 0 for each offset');
  }
  const where = `${topic}-${partition}`;
  if (!isOffset(offset)) {
    throw refused(`needs the offset of ${where} as a decimal text or a bigint from 0, that of the next record to read`);
  }
  if (!isInteger(leaderEpoch, -1, MAX_INT32)) throw refused(`takes a whole number for the leaderEpoch of ${where}`);
  if (metadata !== null && !isText(metadata)) {
    throw refused(`takes a text of at most ${MAX_TEXT_BYTES} bytes, or null, for the metadata of ${where}`);
  }
}

function isOffset(value: unknown): boolean {
  if (typeof value === 'bigint') return value >= 0n && value <= MAX_INT64;
  return typeof value === 'string' && /^\d{1,19}$/.test(value) && BigInt(value) <= MAX_INT64;
}

function isInteger(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

/** Kafka's texts have two bytes for their length. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && Buffer.byteLength(value) <= MAX_TEXT_BYTES;
}

function refused(reason: string): InvalidRecordError {
  return new InvalidRecordError(`sendOffsets ${reason}. Nothing was sent.`);
}
