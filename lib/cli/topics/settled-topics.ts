import type { AdminClient } from '../../wire/admin/admin-client.js';
import type { TopicMetadata } from '../../wire/cluster-metadata.js';
import { ErrorCode } from '../../wire/error-codes.js';
import { metadataApi } from '../../wire/protocol/metadata.js';
import { setTimeout as sleep } from 'node:timers/promises';

const LIMIT_MS = 10_000;
const PAUSE_MS = 50;

/**
 * Waits until every broker tells the same of topics: the next command of a script may ask any of them.
 * @returns whether that was so within ten seconds
 */
export async function settled(
  admin: AdminClient,
  topics: readonly string[],
  condition: (topic: TopicMetadata) => boolean,
): Promise<boolean> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const brokers = await admin.brokerIds();
    const seen = await Promise.all(
      brokers.map((nodeId) =>
        admin.toBroker(nodeId, {
          api: metadataApi,
          request: { topics, allowAutoTopicCreation: false },
          errorCode: () => 0,
        }),
      ),
    );
    if (seen.every((metadata) => metadata.topics.every(condition))) return true;
    if (Date.now() >= deadline) return false;
    await sleep(PAUSE_MS);
  }
}

/** All its partitions have leaders, or they may not be seen. */
export function isServed(partitions: number): (topic: TopicMetadata) => boolean {
  return (topic) =>
    topic.errorCode === ErrorCode.TOPIC_AUTHORIZATION_FAILED ||
    (topic.errorCode === 0 &&
      topic.partitions.length >= partitions &&
      topic.partitions.every(({ leaderId }) => leaderId >= 0));
}

/** It is not there. */
export function isGone({ errorCode }: TopicMetadata): boolean {
  return errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
}
