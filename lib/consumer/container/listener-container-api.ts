import type { SeekTarget, TopicPartition } from '../consumer-engine-api.js';
import type { ConsumerEngineStatus } from '../consumer-engine-api.js';
import type { KafkaListenerStatus } from '../listener-events.js';

/** One running listener, by its id. */
export interface ListenerHandle {
  readonly id: string;
  status(): KafkaListenerStatus;
  /** Handlers that run end; no more begin. The member keeps its partitions. */
  pause(): void;
  resume(): void;
  /** Goes on from there; for all assigned partitions of the listener unless given. A time is milliseconds since the epoch. */
  seek(target: SeekTarget | { readonly timestamp: number }, partitions?: readonly TopicPartition[]): Promise<void>;
  /** Idempotent; also after a failure, which is then tried again from where it stopped. */
  start(): Promise<void>;
  /** Lets handlers end within the limit, and commits. The member leaves its group when none of the group's listeners runs. */
  stop(): Promise<void>;
}

/** All listeners of one group in one application: one member of the group. */
export interface ListenerContainerApi {
  readonly groupId: string;
  readonly listeners: readonly ListenerHandle[];
  /** @throws (as a rejection) what the engine throws when it cannot start */
  start(): Promise<void>;
  /** Stops fetching, lets handlers end within `timeoutMs`, then commits and leaves the group, which may take some seconds more. Idempotent. */
  close(timeoutMs: number): Promise<void>;
  status(): ConsumerEngineStatus | null;
}
