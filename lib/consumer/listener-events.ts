import type { TopicPartition } from './consumer-engine-api.js';

/** What a listener tells of itself, through `KafkaListenerRegistry.events`. */
export type KafkaListenerEvent =
  | { readonly type: 'started'; readonly listenerId: string }
  /** `error` is null when it was asked to. */
  | { readonly type: 'stopped'; readonly listenerId: string; readonly error: Error | null }
  | { readonly type: 'paused'; readonly listenerId: string }
  | { readonly type: 'resumed'; readonly listenerId: string }
  | {
      readonly type: 'partitions-assigned';
      readonly listenerId: string;
      readonly partitions: readonly TopicPartition[];
    }
  | { readonly type: 'partitions-revoked'; readonly listenerId: string; readonly partitions: readonly TopicPartition[] }
  | { readonly type: 'partitions-lost'; readonly listenerId: string; readonly partitions: readonly TopicPartition[] }
  | (RecordEvent & { readonly type: 'record-failed'; readonly attempts: number; readonly retryInMs: number | null })
  | (RecordEvent & { readonly type: 'dead-lettered'; readonly attempts: number })
  | (RecordEvent & { readonly type: 'dead-letter-failed'; readonly attempts: number })
  | { readonly type: 'commit-failed'; readonly listenerId: string; readonly error: Error };

/** Of one record. Never its key or value. */
export interface RecordEvent extends TopicPartition {
  readonly listenerId: string;
  /** Decimal. */
  readonly offset: string;
  readonly error: Error;
}

/** How a listener is doing, from what it knows anyway. */
export interface KafkaListenerStatus {
  readonly listenerId: string;
  readonly groupId: string;
  /** Names, and regular expressions as text. */
  readonly topics: readonly string[];
  readonly state: 'stopped' | 'starting' | 'running' | 'paused' | 'stopping' | 'failed';
  /** Why it has failed; null unless `failed`. */
  readonly error: Error | null;
  /** Its group has given it partitions, or told it that there is none left for it, at least once since the application was started. */
  readonly hasJoined: boolean;
  /** For how long the oldest call of its handler has been going on, in milliseconds; also of a partition that was given away meanwhile. 0 when there is none. */
  readonly oldestCallMs: number;
  readonly partitions: readonly ListenerPartitionStatus[];
}

/** One assigned partition of a listener. Offsets are decimal; null where not known yet. */
export interface ListenerPartitionStatus extends TopicPartition {
  /** The next offset that a handler gets. */
  readonly position: string | null;
  /** What this member has committed. */
  readonly committed: string | null;
  /** The first offset that is not done. */
  readonly watermark: string | null;
  readonly endOffset: string | null;
  /** Records between `watermark` and `endOffset`; null where not known yet. */
  readonly lag: number | null;
  /** Handed to the listener and not done. */
  readonly inFlight: number;
  /** How long the oldest of them has been there, in milliseconds. */
  readonly oldestInFlightMs: number;
  /**
   * For how long the oldest call of the handler has been going on, in milliseconds; with manual acknowledgement until it is acknowledged. 0 when none is, as between
   * two attempts.
   */
  readonly oldestCallMs: number;
  /** With its listener, or by a handler through `context.getConsumer().pause`. */
  readonly isPaused: boolean;
}
