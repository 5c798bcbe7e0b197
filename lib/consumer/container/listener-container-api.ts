import type { KafkaConsumerMetrics } from '../consumer-metrics.js';
import type { TopicPartition } from '../consumer-engine-api.js';
import type { ConsumerEngineStatus } from '../consumer-engine-api.js';
import type { KafkaListenerStatus } from '../listener-events.js';
import type { PartitionSelection } from './handler-pauses.js';

/** Where to go on: an offset (also decimal, as in `status()`), `'earliest'`, `'latest'`, or the first record at or after a time (milliseconds since the epoch, or a Date). */
export type ListenerSeekTarget = bigint | string | { readonly timestamp: number | Date };

/** One running listener, by its id. */
export interface ListenerHandle {
  readonly id: string;
  status(): KafkaListenerStatus;
  /** Handlers that run end; no more begin. The member keeps its partitions. */
  pause(): void;
  resume(): void;
  /**
   * Goes on from there, when what runs has ended: not to be awaited inside of a handler of the same listener, which would wait for itself.
   * @param partitions default: all that are assigned to this process
   * @throws (as a rejection) KafkaError when there is nothing to seek: the listener does not run, its group is rebalancing, or a partition belongs to another process
   */
  seek(target: ListenerSeekTarget, partitions?: readonly TopicPartition[]): Promise<void>;
  /**
   * Idempotent; also after a failure, which is then tried again from where it stopped. Listeners of one group that share a topic start and stop together: they share its offsets.
   * @throws (as a rejection) KafkaError after the application was closed; what makes a start impossible
   */
  start(): Promise<void>;
  /**
   * Lets handlers end within the limit, and commits. The member leaves its group when none of the group's listeners runs. Not to be awaited inside of a handler of the
   * same group, which would wait for itself.
   */
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
  /**
   * Holds partitions, whichever listener of the group has them, and besides what listeners pause: handlers that run end; no more begin. A partition that stays with this member
   * stays paused through a rebalance; one that is taken away is forgotten, as are those of listeners that stop.
   */
  pausePartitions(selections: readonly PartitionSelection[]): void;
  resumePartitions(selections: readonly PartitionSelection[]): void;
  status(): ConsumerEngineStatus | null;
  /** Of the group and its listeners. */
  metrics(): KafkaConsumerMetrics;
}
