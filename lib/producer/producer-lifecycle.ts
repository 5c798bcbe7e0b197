import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { InstrumentationChain } from '../instrumentation/instrumentation-chain.js';
import type { StopObserving } from '../instrumentation/kafka-instrumentation.js';
import { KafkaError } from '../wire/kafka-error.js';
import type { LogSink } from '../wire/log-sink.js';
import { EmitFailureLog } from './emit-failure-log.js';
import { ProducerClosedError } from './errors.js';
import { InstrumentedSender } from './instrumented-sender.js';
import {
  KAFKA_INSTRUMENTATION,
  KAFKA_PRODUCER_MODULE_OPTIONS,
  KAFKA_PRODUCER_NAME,
} from './kafka-producer.constants.js';
import { KafkaProducer, type ProducerEngineHost } from './kafka-producer.js';
import type { KafkaProducerConfiguration } from './kafka-producer-module-options.js';
import { NestLogSink } from './nest-log-sink.js';
import type { ProducerEngineApi } from './producer-engine-api.js';
import { ProducerEngineFactory, type TransactionalEngineDependencies } from './producer-engine.factory.js';
import { producerLimits } from './producer-limits.js';
import { type ProducerParts, ProducerPartsFactory } from './producer-parts.factory.js';
import { type ProducerTransactions, ProducerTransactionsFactory, type RecordSender } from './producer-transactions.js';
import { transactionalConfig } from './resolve-transactions.js';
import { StartingEngine } from './starting-engine.js';
import type { TransactionalEngineApi } from './transactional-engine-api.js';
import { validateModuleOptions, type ValidatedModuleOptions } from './validate-module-options.js';

/**
 * Starts and closes the engine of one producer with the application. The engine and its parts are made at the start, not while Nest
 * builds its providers: a partitioner or interceptor may then inject whatever it likes, even the producer itself.
 */
@Injectable()
export class ProducerLifecycle implements ProducerEngineHost, OnModuleInit, OnApplicationShutdown {
  private readonly settings: ValidatedModuleOptions;
  private readonly log: LogSink;
  private readonly emitFailures: EmitFailureLog;
  private readonly startingEngine: StartingEngine;
  private readonly transactions: ProducerTransactions | null;
  private readonly ownProducer: KafkaProducer;
  private stopObserving: StopObserving | null = null;
  private isGivenAway = false;
  private parts: Promise<ProducerParts> | null = null;
  private current: ProducerEngineApi;
  /** Made, and perhaps not started yet. */
  private opening: ProducerEngineApi | null = null;
  private starting: Promise<void> | null = null;
  private closing: Promise<void> | null = null;

  /** @throws ConfigError, so that a wrong setting ends the start before anything connects */
  public constructor(
    @Inject(KAFKA_PRODUCER_MODULE_OPTIONS) private readonly options: KafkaProducerConfiguration,
    @Inject(KAFKA_PRODUCER_NAME) private readonly name: string | null,
    private readonly partsFactory: ProducerPartsFactory,
    private readonly engineFactory: ProducerEngineFactory,
    private readonly transactionsFactory: ProducerTransactionsFactory,
    @Inject(KAFKA_INSTRUMENTATION) private readonly instrumentation: InstrumentationChain | null,
  ) {
    this.log = new NestLogSink(new Logger(name === null ? 'KafkaProducer' : `KafkaProducer:${name}`));
    this.settings = validateModuleOptions(options);
    for (const info of this.settings.infos) this.log.info(info);
    for (const warning of this.settings.warnings) this.log.warn(warning);
    this.emitFailures = new EmitFailureLog(this.log);
    // The failure of a start that a send has asked for reaches that send through the engine.
    this.startingEngine = new StartingEngine(
      () => void this.start().catch(() => undefined),
      this.log,
      producerLimits(this.settings.config),
    );
    this.current = this.startingEngine;
    this.transactions = this.createTransactions();
    const { clientId } = this.settings.config;
    const instrument =
      instrumentation === null
        ? null
        : (sender: RecordSender): RecordSender => new InstrumentedSender(sender, instrumentation, clientId);
    this.ownProducer = new KafkaProducer(this, this.emitFailures, this.transactions, instrument);
  }

  /** For the provider of the producer, and nobody else. */
  public get producer(): KafkaProducer {
    this.isGivenAway = true;
    return this.ownProducer;
  }

  public get engine(): ProducerEngineApi {
    return this.current;
  }

  public async onModuleInit(): Promise<void> {
    try {
      this.transactionsFactory.checkUses(this.name, this.settings.transactions);
    } catch (error) {
      // A provider may have sent already, and so have started it.
      await this.onApplicationShutdown();
      throw error;
    }
    // A test has put another producer in its place: this one will never be asked.
    if (this.isGivenAway) await this.start();
  }

  public onApplicationShutdown(): Promise<void> {
    this.closing ??= this.close();
    return this.closing;
  }

  private start(): Promise<void> {
    this.starting ??= this.startOnce();
    return this.starting;
  }

  private async startOnce(): Promise<void> {
    let engine: ProducerEngineApi | null = null;
    try {
      const { config, client } = this.settings;
      const parts = await this.partsOnce();
      if (this.closing !== null) throw new ProducerClosedError('The producer was closed while it started.');
      engine = this.engineFactory.create({ config, client, ...parts, log: this.log });
      this.opening = engine;
      await engine.start();
    } catch (cause) {
      const error = asStartError(cause);
      this.startingEngine.fail(error);
      if (engine !== null) await this.closeEngine(engine, 0);
      throw error;
    }
    this.startingEngine.handOver(engine);
    this.current = engine;
  }

  /** Engines share them: a partitioner counts on seeing all records, an interceptor all outcomes. */
  private partsOnce(): Promise<ProducerParts> {
    this.parts ??= this.createParts();
    return this.parts;
  }

  private async createParts(): Promise<ProducerParts> {
    const { instrumentation, name, ownProducer: producer } = this;
    if (instrumentation !== null) {
      await instrumentation.loaded;
      const { clientId } = this.settings.config;
      this.stopObserving = instrumentation.observeProducer({ clientId, name, metrics: () => producer.metrics() });
    }
    return this.partsFactory.create(this.options.producer ?? {});
  }

  private createTransactions(): ProducerTransactions | null {
    const { config, transactions: settings } = this.settings;
    if (settings === null) return null;
    return this.transactionsFactory.create({
      settings,
      maxBlockMs: config.maxBlockMs,
      log: this.log,
      createEngine: async (transactionalId, share) => {
        const parts = share(await this.partsOnce());
        return this.startTransactional({
          config: transactionalConfig(config, this.options, transactionalId, settings.timeoutMs),
          client: this.settings.client,
          ...parts,
          log: this.log,
        });
      },
    });
  }

  private async startTransactional(dependencies: TransactionalEngineDependencies): Promise<TransactionalEngineApi> {
    const engine = this.engineFactory.createTransactional(dependencies);
    try {
      await engine.start();
      return engine;
    } catch (cause) {
      await this.closeEngine(engine, 0);
      throw asStartError(cause);
    }
  }

  private async close(): Promise<void> {
    const deadline = Date.now() + this.settings.closeTimeoutMs;
    // Before the engine: what runs after the end of a transaction may still send outside of it.
    await this.transactions?.close(this.settings.closeTimeoutMs);
    // A start under way is ended; its error is that of the start.
    if (this.opening !== null && this.opening !== this.current) await this.closeEngine(this.opening, 0);
    await this.starting?.catch(() => undefined);
    const left = this.transactions === null ? this.settings.closeTimeoutMs : Math.max(0, deadline - Date.now());
    await this.closeEngine(this.current, left);
    this.emitFailures.flush();
    this.stopObserving?.();
  }

  /** The rest of the application still has to shut down, or to learn why the start failed. */
  private async closeEngine(engine: ProducerEngineApi, timeoutMs: number): Promise<void> {
    try {
      await engine.close(timeoutMs);
    } catch (error) {
      this.log.error(`The producer did not close cleanly: ${error instanceof Error ? error.message : 'unknown error'}`);
    }
  }
}

function asStartError(cause: unknown): KafkaError {
  if (cause instanceof KafkaError) return cause;
  const reason = cause instanceof Error ? cause.message : 'unknown error';
  return new KafkaError(`The Kafka producer could not start: ${reason}. See the cause.`, { cause });
}
