import { Injectable } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { KafkaError } from '../../wire/kafka-error.js';
import type { KafkaConsumerMetrics } from '../consumer-metrics.js';
import type { ConsumerEngineStatus } from '../consumer-engine-api.js';
import type { ListenerHandle } from '../container/listener-container-api.js';
import type { KafkaListenerEvent, KafkaListenerStatus } from '../listener-events.js';
import type { ListenerContainers } from './listener-containers.js';

/** How the consumers of a module are doing. */
export interface KafkaConsumerStatus {
  readonly listeners: readonly KafkaListenerStatus[];
  /** By group; null for a group of which no listener runs. */
  readonly groups: Readonly<Record<string, ConsumerEngineStatus | null>>;
}

/**
 * The listeners of a module, by their ids: to pause, resume, seek, start and stop them, and to know how they are doing. Made by `KafkaProducerModule`; inject it by its class, or that of a named
 * module with `@InjectKafkaListenerRegistry(name)`. There are no listeners before the transport has started, which is after `onApplicationBootstrap` of the module.
 */
@Injectable()
export class KafkaListenerRegistry {
  /**
   * What listeners tell of themselves, as it happens. What a subscriber throws is an uncaught exception, as always with an Observable.
   */
  public readonly events: Observable<KafkaListenerEvent>;

  /** @internal made by the module */
  public constructor(private readonly containers: ListenerContainers) {
    this.events = containers.events;
  }

  /** All listeners, in the order of their registration by group. */
  public listeners(): readonly ListenerHandle[] {
    return this.containers.all.flatMap(({ listeners }) => listeners);
  }

  /**
   * @param id as given in `@KafkaListener({ id })`; default `Class.method`
   * @throws KafkaError when there is none of that id
   */
  public get(id: string): ListenerHandle {
    const listeners = this.listeners();
    const listener = listeners.find((candidate) => candidate.id === id);
    if (listener !== undefined) return listener;
    const known = listeners.map((candidate) => candidate.id).join(', ');
    throw new KafkaError(
      listeners.length === 0
        ? `There is no listener '${id}', as none has started: is KafkaTransportStrategy connected with connectMicroservice, and the application started?`
        : `There is no listener '${id}'. There are ${known}.`,
    );
  }

  /** Figures of this moment, by the names of Kafka's consumer; no broker is asked. Empty before the transport has started. */
  public metrics(): KafkaConsumerMetrics {
    return this.containers.metrics();
  }

  /** How listeners and groups are doing, from what they know anyway: no broker is asked. */
  public status(): KafkaConsumerStatus {
    return {
      listeners: this.listeners().map((listener) => listener.status()),
      groups: Object.fromEntries(this.containers.all.map((container) => [container.groupId, container.status()])),
    };
  }
}
