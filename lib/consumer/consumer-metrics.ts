import type { TopicPartition } from './consumer-engine-api.js';

/** Figures of a consumer by the names that Kafka's own client gives them, e.g. `records-consumed-total`: times in milliseconds, sizes in bytes, rates per second. */
export type ConsumerMetrics = Readonly<Record<string, number>>;

/** What a listener has done since the application has started; averages, maxima and rates are of the last 30 to 60 seconds. */
export interface KafkaListenerMetrics {
  readonly listenerId: string;
  readonly groupId: string;
  /** Kafka's `client.id` of the member. */
  readonly clientId: string;
  /**
   * `records-consumed-total`, `bytes-consumed-total` (keys, values, and headers as they are stored) and their rates count what was handed to the listener, as Kafka's count what `poll` returns; `commit-total`,
   * `commit-rate`, `commit-latency-avg`, `commit-latency-max` its OffsetCommit requests, which a transactional listener has none of; `assigned-partitions` and `records-lag-max` are of this moment.
   */
  readonly metrics: ConsumerMetrics;
  readonly partitions: readonly ListenerPartitionMetrics[];
}

/** Of one assigned partition. */
export interface ListenerPartitionMetrics extends TopicPartition {
  /** `records-lag`: records that are not done yet, up to the end of the partition as the last fetch has told it. Empty before that. */
  readonly metrics: ConsumerMetrics;
}

/** What the member of a group has done since it was started; of this process alone. */
export interface KafkaGroupMetrics {
  readonly groupId: string;
  /** Kafka's `client.id`. */
  readonly clientId: string;
  /**
   * `fetch-total`, `fetch-rate`, `fetch-latency-avg` and `-max` (a fetch waits for data), `fetch-size-avg` and `-max`, `fetch-throttle-time-avg` and `-max`; `heartbeat-total`, `heartbeat-rate`,
   * `heartbeat-response-time-max`, `last-heartbeat-seconds-ago` (-1 before the first); `rebalance-total`, `rebalance-latency-avg`, `-max` and `-total`. Empty while no listener of the group
   * runs.
   */
  readonly metrics: ConsumerMetrics;
}

/** The figures of all listeners of a module. */
export interface KafkaConsumerMetrics {
  readonly listeners: readonly KafkaListenerMetrics[];
  readonly groups: readonly KafkaGroupMetrics[];
}
