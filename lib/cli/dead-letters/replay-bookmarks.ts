import type { AdminClient } from '../../wire/admin/admin-client.js';
import { offsetFetchApi } from '../../wire/protocol/offset-fetch.js';
import type { LogPiece } from '../records/read-to-end.js';
import type { ReplayBookmark } from './replayed-offsets.js';

/** How far former replays have come, by partition; waits for the end of a transaction that is about to change it. */
export async function replayBookmarks(
  admin: AdminClient,
  groupId: string,
  pieces: readonly LogPiece[],
): Promise<Map<number, ReplayBookmark>> {
  const [first] = pieces;
  if (first === undefined) return new Map();
  const topics = [{ name: first.topic, partitions: pieces.map(({ partition }) => partition) }];
  const response = await admin.toCoordinator(groupId, {
    api: offsetFetchApi,
    request: { groupId, topics, requireStable: true },
    errorCode: ({ errorCode, topics }) => {
      const codes = topics.flatMap(({ partitions }) => partitions.map((partition) => partition.errorCode));
      return errorCode === 0 ? (codes.find((code) => code !== 0) ?? 0) : errorCode;
    },
  });
  const partitions = response.topics.flatMap((topic) => topic.partitions);
  return new Map(
    partitions
      .filter(({ offset }) => offset >= 0n)
      .map(({ index, metadata, offset }) => [index, { offset, metadata: metadata ?? '' }]),
  );
}
