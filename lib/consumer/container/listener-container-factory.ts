import type { KafkaClientOptions } from '../../wire/kafka-client-options.js';
import type { LogSink } from '../../wire/log-sink.js';
import type { ConsumerConfig } from '../consumer-config.js';
import type { ListenerDefinition } from '../listener-definition.js';
import type { KafkaListenerEvent } from '../listener-events.js';
import type { ListenerContainerApi } from './listener-container-api.js';

/** What a container is made of. */
export interface ListenerContainerRequest {
  readonly groupId: string;
  /** All of the group, at least one. */
  readonly listeners: readonly ListenerDefinition[];
  readonly config: ConsumerConfig;
  readonly client: KafkaClientOptions;
  readonly log: LogSink;
  readonly events: (event: KafkaListenerEvent) => void;
  /** How long handlers may run on when their partition is revoked, or their listener stops. */
  readonly drainTimeoutMs: number;
  /** How long a start waits for a broker, in milliseconds; 0 does not wait. */
  readonly startTimeoutMs: number;
}

/** Makes the container of a group. A provider, so that tests put another in its place with `overrideProvider`. */
export abstract class ListenerContainerFactory {
  public abstract create(request: ListenerContainerRequest): ListenerContainerApi;
}
