import { Injectable } from '@nestjs/common';
import { ConsumerEngine } from '../internals/consumer-engine.js';
import type { ListenerContainerApi } from './listener-container-api.js';
import { ListenerContainerFactory, type ListenerContainerRequest } from './listener-container-factory.js';
import { ListenerContainer } from './listener-container.js';

/** Makes containers with members of real groups. */
@Injectable()
export class DefaultListenerContainerFactory extends ListenerContainerFactory {
  public create({ client, config, startTimeoutMs, ...rest }: ListenerContainerRequest): ListenerContainerApi {
    const { log } = rest;
    return new ListenerContainer({
      ...rest,
      config,
      createEngine: (events) => new ConsumerEngine({ client, config, log, events, startTimeoutMs }),
    });
  }
}
