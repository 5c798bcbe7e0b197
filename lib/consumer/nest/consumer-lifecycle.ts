import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { MessageHandler } from '@nestjs/microservices';
import type { InstrumentationChain } from '../../instrumentation/instrumentation-chain.js';
import type { StopObserving } from '../../instrumentation/kafka-instrumentation.js';
import {
  KAFKA_INSTRUMENTATION,
  KAFKA_PRODUCER_MODULE_OPTIONS,
  KAFKA_PRODUCER_NAME,
} from '../../producer/kafka-producer.constants.js';
import type { KafkaProducerConfiguration } from '../../producer/kafka-producer-module-options.js';
import { KafkaProducer } from '../../producer/kafka-producer.js';
import { NestLogSink } from '../../producer/nest-log-sink.js';
import { KafkaError } from '../../wire/kafka-error.js';
import type { LogSink } from '../../wire/log-sink.js';
import { ListenerContainerFactory } from '../container/listener-container-factory.js';
import { ListenerInstrumentation } from '../container/listener-instrumentation.js';
import { type ResolvedConsumerConfig, resolveConsumerConfig } from '../resolve-consumer-config.js';
import { createConsumerFacade } from './consumer-facade.js';
import { type HandlerRegistration, HandlerRegistrations } from './handler-registrations.js';
import type { HandlerSite } from './handler-site.js';
import { KAFKA_CONSUMER_PRODUCER } from './kafka-consumer.constants.js';
import { KafkaHandlerExplorer } from './kafka-handler.explorer.js';
import { listenerMetadata } from './kafka-listener-metadata.js';
import { ListenerContainers } from './listener-containers.js';
import { ListenerDefinitionFactory } from './listener-definition.factory.js';
import { ListenerPartsFactory } from './listener-parts.factory.js';
import { createRecordHandler, type ProcessingHooks } from './nest-record-handler.js';
import { createProducerFacade } from './producer-facade.js';
import { publishReply } from './reply-publisher.js';

/** As many transactions at a time as the pool has producers, unless it says otherwise. */
const DEFAULT_POOL_SIZE = 10;
/** That of the producer. */
const DEFAULT_START_TIMEOUT_MS = 30_000;

/**
 * Starts the listeners of a module when the transport listens and the application has come up, whichever is later, and ends them before anything that they may use:
 * transports are closed late, so a handler would find the database gone.
 */
@Injectable()
export class ConsumerLifecycle implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  public readonly containers: ListenerContainers;
  /** Set by the transport. */
  public hooks: ProcessingHooks | null = null;
  private readonly log: LogSink;
  private readonly resolved: ResolvedConsumerConfig;
  private readonly sites: ReadonlyMap<object, readonly HandlerSite[]>;
  private readonly registrations: HandlerRegistrations;
  private stopObserving: StopObserving | null = null;
  private isListening = false;
  /** Handlers of Nest's decorators, which belong to the unnamed module. */
  private hasLeftOut = false;
  private isBootstrapped = false;
  private starting: Promise<void> | null = null;
  private closing: Promise<void> | null = null;

  /** @throws ConfigError, so that a wrong setting ends the start before anything connects */
  public constructor(
    @Inject(KAFKA_PRODUCER_MODULE_OPTIONS) private readonly options: KafkaProducerConfiguration,
    @Inject(KAFKA_PRODUCER_NAME) private readonly name: string | null,
    @Inject(KAFKA_CONSUMER_PRODUCER) private readonly producer: KafkaProducer,
    private readonly explorer: KafkaHandlerExplorer,
    private readonly parts: ListenerPartsFactory,
    private readonly moduleRef: ModuleRef,
    containerFactory: ListenerContainerFactory,
    @Inject(KAFKA_INSTRUMENTATION) private readonly instrumentation: InstrumentationChain | null,
  ) {
    this.log = new NestLogSink(new Logger(name === null ? 'KafkaConsumer' : `KafkaConsumer:${name}`));
    this.resolved = resolveConsumerConfig(options.consumer, options.client.clientId);
    this.containers = new ListenerContainers(containerFactory, this.log);
    this.sites = explorer.explore();
    this.registrations = new HandlerRegistrations(this.sites);
  }

  /** A handler of this application; those that belong to another module are left to it. @throws ConfigError */
  public addHandler(
    pattern: string | RegExp,
    callback: MessageHandler,
    isEventHandler: boolean,
    extras: unknown,
  ): void {
    const listener = listenerMetadata(extras);
    const named = listener?.options.producer ?? null;
    if (named === this.name) this.registrations.add(pattern, callback, isEventHandler, extras);
    else if (listener === null) this.hasLeftOut = true;
  }

  /** @throws (as a rejection) why the listeners cannot start. When the application is still coming up that is told there instead. */
  public listen(): Promise<void> {
    this.isListening = true;
    return this.isBootstrapped ? this.start() : Promise.resolve();
  }

  public onModuleInit(): void {
    this.explorer.checkPlaces();
  }

  public async onApplicationBootstrap(): Promise<void> {
    this.isBootstrapped = true;
    if (this.isListening) await this.start();
    else this.warnIfForgotten();
  }

  public beforeApplicationShutdown(): Promise<void> {
    return this.close();
  }

  /** Lets handlers end within `drainTimeoutMs`, and commits what they have done. Idempotent; never rejects. */
  public close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private start(): Promise<void> {
    this.starting ??= this.startOnce();
    return this.starting;
  }

  private async startOnce(): Promise<void> {
    await this.observe();
    const definitions = await this.definitionFactory().create(this.registrations.all);
    if (this.hasLeftOut && !this.hasUnnamedModule()) {
      this.log.warn(
        `Handlers of @EventPattern() and @MessagePattern() belong to the unnamed KafkaProducerModule, and there is none: nobody runs them. Use @KafkaListener(topic, { producer: '${this.name}' }).`,
      );
    }
    if (this.closing !== null) throw new KafkaError('The consumer was closed while it started.');
    if (definitions.length === 0) {
      this.log.warn('No handler to start: there is no @KafkaListener(), @EventPattern() or @MessagePattern() for it.');
      return;
    }
    const { client, startTimeoutMs = DEFAULT_START_TIMEOUT_MS } = this.options;
    const { config, drainTimeoutMs } = this.resolved;
    this.containers.create(definitions, (groupId) => ({ ...config, groupId, clientId: this.clientIdOf(groupId) }), {
      client,
      drainTimeoutMs,
      startTimeoutMs,
    });
    await this.containers.start();
  }

  private async closeOnce(): Promise<void> {
    await this.containers.close(this.resolved.drainTimeoutMs);
    // One that was making definitions sees that it is too late.
    await this.starting?.catch(() => undefined);
    this.stopObserving?.();
  }

  private async observe(): Promise<void> {
    const { instrumentation, name } = this;
    if (instrumentation === null) return;
    await instrumentation.loaded;
    this.stopObserving = instrumentation.observeConsumers({ name, metrics: () => this.containers.metrics() });
  }

  private clientIdOf(groupId: string): string {
    return this.resolved.clientId ?? `consumer-${groupId}`;
  }

  private definitionFactory(): ListenerDefinitionFactory {
    const { transactions } = this.options;
    const producerFacade = createProducerFacade(this.producer);
    return new ListenerDefinitionFactory({
      module: this.name,
      consumer: this.options.consumer ?? {},
      resolved: this.resolved,
      producer: this.producer,
      transactionPoolSize: transactions === undefined ? null : (transactions.poolSize ?? DEFAULT_POOL_SIZE),
      parts: this.parts,
      moduleRef: this.moduleRef,
      log: this.log,
      createHandler: ({ callback, isEventHandler, site }: HandlerRegistration, id, isBatch, deserializers) =>
        createRecordHandler({
          callback,
          isEventHandler,
          isBatch,
          deserializers,
          witness: site.witness,
          facades: {
            consumer: (call) => createConsumerFacade(call, () => this.containers.running(id), this.log),
            producer: () => producerFacade,
          },
          publish: (address, packet) => publishReply(this.producer, address, packet),
          hooks: () => this.hooks,
        }),
      createInstrumentation: (listenerId, groupId, isBatch) =>
        this.instrumentation === null
          ? null
          : new ListenerInstrumentation(
              this.instrumentation,
              { listenerId, groupId, clientId: this.clientIdOf(groupId) },
              isBatch,
            ),
    });
  }

  private hasUnnamedModule(): boolean {
    try {
      this.moduleRef.get(KafkaProducer, { strict: false });
      return true;
    } catch {
      return false;
    }
  }

  /** Everything is fine then, except that nothing is ever consumed. */
  private warnIfForgotten(): void {
    const own = [...this.sites.values()]
      .flat()
      .filter(({ listener }) => listener !== null && (listener.options.producer ?? null) === this.name);
    const [first] = own;
    if (first === undefined || this.registrations.all.length > 0) return;
    this.log.warn(
      `${first.where} is not going to consume: the transport is not connected. Call app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) }) and app.startAllMicroservices().`,
    );
  }
}
