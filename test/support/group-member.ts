import type { KafkaClusterView } from '../../lib/testing/index.js';
import { waitUntil } from '../../lib/testing/index.js';

/** A member of a consumer group, and the generation it is in. */
export interface GroupMember extends AsyncDisposable {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
}

const HEARTBEAT_MS = 100;
const JOIN_LIMIT_MS = 20_000;

/** A kafkajs consumer that has joined the group. Its heartbeats tell the generation. */
export async function joinGroup(cluster: KafkaClusterView, topic: string, groupId: string): Promise<GroupMember> {
  const consumer = cluster.kafkaJs().consumer({
    groupId,
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: HEARTBEAT_MS,
  });
  let member: { readonly generationId: number; readonly memberId: string } | null = null;
  consumer.on(consumer.events.HEARTBEAT, ({ payload: { groupGenerationId, memberId } }) => {
    member = { generationId: groupGenerationId, memberId };
  });
  await consumer.connect();
  await consumer.subscribe({ topic });
  await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
  await waitUntil('a heartbeat of the group member', JOIN_LIMIT_MS, () => member !== null);
  const { generationId, memberId } = member ?? { generationId: -1, memberId: '' };
  return { groupId, generationId, memberId, [Symbol.asyncDispose]: () => consumer.disconnect() };
}
