import { Injectable } from '@nestjs/common';
import {
  type BaseRpcContext,
  type CustomTransportStrategy,
  type MessageHandler,
  Server,
  Transport,
} from '@nestjs/microservices';
import type { ListenerContainerApi } from '../container/listener-container-api.js';
import type { KafkaListenerEvent } from '../listener-events.js';
import type { ConsumerLifecycle } from './consumer-lifecycle.js';
import type { KafkaContext } from './kafka-context.js';

/** Nest's words for the state of a Kafka transport. */
export type KafkaTransportStatus = 'connected' | 'disconnected' | 'rebalancing' | 'stopped' | 'crashed';

/** The events of listeners, by their types. */
export type KafkaTransportEvents = {
  [Type in KafkaListenerEvent['type']]: (event: Extract<KafkaListenerEvent, { type: Type }>) => void;
};

type ProcessingStartHook = (transportId: Transport | symbol, context: unknown, done: () => Promise<unknown>) => void;
type ProcessingEndHook = (transportId: Transport | symbol, context: unknown) => void;

/**
 * Nest's Kafka transport on the consumers of this library. Handlers with `@EventPattern()` and `@MessagePattern()` run unchanged, in the group `consumer.groupId`; `@KafkaListener()` gives one settings
 * of its own. Several handlers of one topic all run.
 *
 * ```ts
 * app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) });
 * await app.startAllMicroservices();
 * ```
 * An application without HTTP is made with `NestFactory.createMicroservice(AppModule, { inject: [KafkaTransportStrategy], useFactory: (strategy) => ({ strategy }) })`. The strategy of a named module
 * is found with `getKafkaTransportStrategyToken(name)`; it takes the `@KafkaListener({ producer: name })` methods alone.
 *
 * Handlers begin once every `onModuleInit` has ended, whether the transport is started before or after the application. They end before `beforeApplicationShutdown` of this global module does;
 * producers close after them. What makes a start impossible is thrown by `startAllMicroservices()`, or by `app.init()` and `app.listen()` if these come later.
 */
@Injectable()
export class KafkaTransportStrategy
  extends Server<KafkaTransportEvents, KafkaTransportStatus>
  implements CustomTransportStrategy
{
  public override readonly transportId = Transport.KAFKA;
  /** Errors of event handlers reach the recovery of their listener; Nest need not log them too. */
  public override readonly propagatesEventHandlerErrors = true;
  private startHook: ProcessingStartHook | null = null;
  private endHook: ProcessingEndHook | null = null;

  /** @internal made by the module */
  public constructor(private readonly lifecycle: ConsumerLifecycle) {
    super();
    lifecycle.containers.events.subscribe((event) => this.follow(event));
  }

  /** Called by Nest for every pattern of every handler. */
  public override addHandler(
    pattern: unknown,
    callback: MessageHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    const topic = pattern instanceof RegExp ? pattern : this.normalizePattern(pattern as string);
    // For tools that list them. Never chained as Nest does it: each handler is a listener.
    callback.isEventHandler = isEventHandler;
    callback.extras = extras;
    this.messageHandlers.set(String(topic), callback);
    this.lifecycle.addHandler(topic, callback, isEventHandler, extras);
  }

  public async listen(callback: (...parameters: unknown[]) => unknown): Promise<void> {
    try {
      await this.lifecycle.listen();
    } catch (error) {
      callback(error);
      return;
    }
    callback();
  }

  /** Lets handlers end within `drainTimeoutMs` and commits. Idempotent. */
  public close(): Promise<void> {
    return this.lifecycle.close();
  }

  /** Calls back for the events of all listeners that are of this type, e.g. `on('dead-lettered', (event) => ...)`. The same as `KafkaListenerRegistry.events`. */
  public on<Type extends keyof KafkaTransportEvents>(type: Type, callback: KafkaTransportEvents[Type]): void {
    this.lifecycle.containers.events.subscribe((event) => {
      if (event.type === type) (callback as (event: KafkaListenerEvent) => void)(event);
    });
  }

  /** The containers of the groups, once the listeners have started. To steer listeners inject `KafkaListenerRegistry`. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- Nest's signature
  public unwrap<T = readonly ListenerContainerApi[]>(): T {
    return this.lifecycle.containers.all as T;
  }

  public override setOnProcessingStartHook(hook: ProcessingStartHook): void {
    this.startHook = hook;
    this.lifecycle.hooks = this.processing;
  }

  public override setOnProcessingEndHook(hook: ProcessingEndHook): void {
    this.endHook = hook;
    this.lifecycle.hooks = this.processing;
  }

  private readonly processing = (context: KafkaContext, work: () => Promise<void>): Promise<void> => {
    const { endHook, startHook } = this;
    const run = async (): Promise<void> => {
      try {
        await work();
      } finally {
        endHook?.(this.transportId, context);
      }
    };
    if (startHook === null) return run();
    // A hook need not give back what `done` gives, and may call it late.
    return new Promise((resolve, reject) => {
      startHook(this.transportId, context as BaseRpcContext, () => {
        const running = run();
        running.then(resolve, reject);
        return running.catch(() => undefined);
      });
    });
  };

  private follow(event: KafkaListenerEvent): void {
    const status = statusAfter(event);
    if (status !== null) this._status$.next(status);
  }
}

function statusAfter(event: KafkaListenerEvent): KafkaTransportStatus | null {
  switch (event.type) {
    case 'started':
    case 'partitions-assigned':
      return 'connected';
    case 'stopped':
      return event.error === null ? 'stopped' : 'crashed';
    case 'partitions-revoked':
      return 'rebalancing';
    case 'partitions-lost':
      return 'disconnected';
    case 'paused':
    case 'resumed':
    case 'record-failed':
    case 'dead-lettered':
    case 'dead-letter-failed':
    case 'commit-failed':
      return null;
  }
}
