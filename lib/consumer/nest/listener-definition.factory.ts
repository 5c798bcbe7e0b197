import { Logger } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { LogSink } from '../../wire/log-sink.js';
import { ConfigError } from '../../producer/errors.js';
import { getKafkaProducerToken } from '../../producer/get-kafka-producer-token.js';
import type { KafkaProducer } from '../../producer/kafka-producer.js';
import { NestLogSink } from '../../producer/nest-log-sink.js';
import { AutoCommitStrategy } from '../commit/auto-commit.strategy.js';
import type { CommitStrategy } from '../commit/commit-strategy.js';
import { TransactionalCommitStrategy } from '../commit/transactional-commit.strategy.js';
import type { KafkaConsumerOptions, ListenerDefaults } from '../consumer-options.js';
import type { ListenerConcurrency, ListenerDefinition, RecordHandler } from '../listener-definition.js';
import { createRecoveryPolicy } from '../recovery/create-recovery-policy.js';
import type { RecoveryPolicy } from '../recovery/recovery-policy.js';
import type { ResolvedConsumerConfig } from '../resolve-consumer-config.js';
import type { RecordDeserializers } from '../deserializers/decode-record.js';
import { conflict, readConcurrency } from './check-listener-options.js';
import type { HandlerRegistration } from './handler-registrations.js';
import { listenerTopics } from './listener-topics.js';
import { listenerTransaction } from './listener-transaction.js';
import type { ListenerPartsFactory } from './listener-parts.factory.js';
import type { KafkaListenerOptions } from './kafka-listener-options.js';

/** Partitions that are handled side by side, unless it is set. */
const DEFAULT_LIMIT = 10;

/** What listeners of a module have in common. */
export interface ListenerDefinitionFactoryOptions {
  /** The name of the module, null for the unnamed one. */
  readonly module: string | null;
  readonly consumer: KafkaConsumerOptions;
  readonly resolved: ResolvedConsumerConfig;
  readonly producer: KafkaProducer;
  /** Transactions at a time; null without transactions. */
  readonly transactionPoolSize: number | null;
  readonly parts: ListenerPartsFactory;
  readonly moduleRef: ModuleRef;
  readonly createHandler: (
    registration: HandlerRegistration,
    id: string,
    isBatch: boolean,
    deserializers: RecordDeserializers,
  ) => RecordHandler;
  /** null without instrumentations. */
  readonly createInstrumentation: (
    id: string,
    groupId: string,
    isBatch: boolean,
  ) => ListenerDefinition['instrumentation'];
  readonly log: LogSink;
}

/** Makes definitions of listeners from what Nest has registered, their decorators and the module's options. */
export class ListenerDefinitionFactory {
  private readonly transactional = new TransactionalCommitStrategy();
  /** Shared: listeners of one group on one topic must not differ in it. */
  private commitStrategy: CommitStrategy | null = null;
  private recovery: RecoveryPolicy | null = null;

  public constructor(private readonly options: ListenerDefinitionFactoryOptions) {}

  /** @throws (as a rejection) ConfigError naming class and method, or the option of the module */
  public async create(registrations: readonly HandlerRegistration[]): Promise<ListenerDefinition[]> {
    const { consumer, parts, resolved } = this.options;
    this.recovery = this.recoveryOf(consumer, 'consumer');
    this.commitStrategy = await parts.commitStrategy(
      consumer.commitStrategy ?? new AutoCommitStrategy({ intervalMs: resolved.autoCommitIntervalMs }),
      'consumer',
      null,
    );
    const definitions: ListenerDefinition[] = [];
    const ids = new Set<string>();
    const responders = new Map<string, string>();
    for (const registration of registrations) {
      const topics = listenerTopics(registration, this.options.log);
      if (topics.length === 0) continue;
      if (!registration.isEventHandler) checkResponder(registration, topics, responders);
      definitions.push(await this.define(registration, topics, idOf(registration, ids)));
    }
    return definitions;
  }

  private async define(
    registration: HandlerRegistration,
    topics: readonly (string | RegExp)[],
    id: string,
  ): Promise<ListenerDefinition> {
    const { createHandler, createInstrumentation, module, producer, resolved, transactionPoolSize } = this.options;
    const { isEventHandler, site } = registration;
    const own: KafkaListenerOptions = site.listener?.options ?? {};
    // A request handler commits its own transaction before the reply is sent; an aborted one would take the reply with it.
    const transaction = isEventHandler
      ? listenerTransaction(site, producer, module, transactionPoolSize !== null)
      : null;
    const isBatch = own.batch ?? false;
    const groupId = own.groupId ?? resolved.groupId ?? missingGroup(site.where);
    return {
      id,
      groupId,
      topics,
      handler: createHandler(registration, id, isBatch, await this.deserializers(registration, own)),
      isBatch,
      maxBatchRecords: own.maxBatchRecords ?? resolved.maxPollRecords,
      concurrency: this.concurrency(own, transaction !== null, site.where),
      commitStrategy: await this.strategyOf(registration, own, transaction !== null),
      recovery: own.recovery === undefined ? this.sharedRecovery : this.recoveryOf(own, id),
      transaction,
      instrumentation: createInstrumentation(id, groupId, isBatch),
      autoStart: own.autoStart ?? true,
    };
  }

  private get sharedRecovery(): RecoveryPolicy {
    if (this.recovery === null) throw new TypeError('create() makes it');
    return this.recovery;
  }

  private recoveryOf({ recovery }: ListenerDefaults, listenerId: string): RecoveryPolicy {
    if (isPolicy(recovery)) return recovery;
    const log = new NestLogSink(new Logger('KafkaRecovery'));
    return createRecoveryPolicy(recovery, {
      listenerId,
      log,
      producerFor: (name) => (name === null ? this.options.producer : this.producerNamed(name, listenerId)),
    });
  }

  private producerNamed(name: string, listenerId: string): KafkaProducer {
    try {
      return this.options.moduleRef.get(getKafkaProducerToken(name), { strict: false });
    } catch {
      throw new ConfigError(
        `recovery.deadLetter.producer of the listener ${listenerId} is '${name}', but there is no KafkaProducerModule.forRoot({ name: '${name}' }).`,
        'recovery.deadLetter.producer',
        name,
        'DI',
      );
    }
  }

  private async strategyOf(
    { site }: HandlerRegistration,
    { commitStrategy: own }: KafkaListenerOptions,
    isTransactional: boolean,
  ): Promise<CommitStrategy> {
    const strategy =
      own === undefined ? null : await this.options.parts.commitStrategy(own, site.where, site.moduleRef);
    if (isTransactional) {
      if (strategy === null || strategy.isTransactional === true) return strategy ?? this.transactional;
      throw conflict(
        site.where,
        'commitStrategy',
        'would commit the offsets by itself, and @Transactional() commits them with the transaction. Leave commitStrategy out, or take @Transactional() away',
      );
    }
    const chosen = strategy ?? this.commitStrategy;
    if (chosen === null) throw new TypeError('create() makes it');
    if (chosen.isTransactional !== true) return chosen;
    throw conflict(
      site.where,
      'commitStrategy',
      `${strategy === null ? 'of the module ' : ''}commits offsets in transactions only, and the method has none: nothing would ever be committed. Put @Transactional() on it, or choose another strategy`,
    );
  }

  private deserializers({ site }: HandlerRegistration, own: KafkaListenerOptions): Promise<RecordDeserializers> {
    const { consumer, parts } = this.options;
    const key = own.keyDeserializer ?? consumer.keyDeserializer ?? 'string';
    const value = own.valueDeserializer ?? consumer.valueDeserializer ?? 'json';
    return parts.deserializers(key, value, site.where, site.moduleRef);
  }

  private concurrency(own: KafkaListenerOptions, isTransactional: boolean, where: string): ListenerConcurrency {
    const { consumer, log, transactionPoolSize } = this.options;
    const poolSize = isTransactional ? (transactionPoolSize ?? DEFAULT_LIMIT) : Number.POSITIVE_INFINITY;
    const chosen =
      readConcurrency(own.concurrency, `${where}: concurrency`) ??
      readConcurrency(consumer.concurrency, 'consumer.concurrency');
    if (chosen === null) return { unit: 'partition', limit: Math.min(DEFAULT_LIMIT, poolSize) };
    if (isTransactional && chosen.unit === 'key') {
      if (own.concurrency === undefined) return { unit: 'partition', limit: Math.min(chosen.limit, poolSize) };
      throw conflict(
        where,
        'concurrency',
        "{ unit: 'key' } does not go with @Transactional(): a transaction commits the offset of its record, and records before it may still be handled. Use { unit: 'partition' }",
      );
    }
    if (own.batch === true && chosen.unit === 'key') return { unit: 'partition', limit: chosen.limit };
    if (chosen.limit <= poolSize) return chosen;
    log.warn(
      `${where}: concurrency ${chosen.limit} is more than transactions.poolSize, so ${poolSize} handlers run at a time. Raise poolSize, or lower concurrency.`,
    );
    return { unit: chosen.unit, limit: poolSize };
  }
}

function isPolicy(recovery: ListenerDefaults['recovery']): recovery is RecoveryPolicy {
  return (
    typeof recovery === 'object' && recovery !== null && 'decide' in recovery && typeof recovery.decide === 'function'
  );
}

function missingGroup(where: string): never {
  throw new ConfigError(
    `${where} has no group. Set consumer: { groupId: 'payments' } in KafkaProducerModule.forRoot, or groupId in @KafkaListener().`,
    'consumer.groupId',
    undefined,
    'GROUP',
  );
}

function idOf({ site }: HandlerRegistration, ids: Set<string>): string {
  const given = site.listener?.options.id;
  let id = given ?? site.name;
  if (ids.has(id) && given !== undefined) {
    throw new ConfigError(
      `${site.where}: there is a listener with the id '${id}' already. Ids are unique in an application.`,
      'id',
      id,
      'LISTENERS',
    );
  }
  for (let number = 2; ids.has(id); number++) id = `${site.name}#${number}`;
  ids.add(id);
  return id;
}

/** Both would reply, and the requester take whichever comes first. */
function checkResponder(
  { site }: HandlerRegistration,
  topics: readonly (string | RegExp)[],
  responders: Map<string, string>,
): void {
  for (const topic of topics.map(String)) {
    const before = responders.get(topic);
    if (before !== undefined) {
      throw new ConfigError(
        `${site.where}: ${before} answers requests to ${topic} already. Only one @MessagePattern() of a topic may.`,
        'pattern',
        undefined,
        'LISTENERS',
      );
    }
    responders.set(topic, site.name);
  }
}
