import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { KafkaError } from '../wire/kafka-error.js';
import type { LogSink } from '../wire/log-sink.js';
import { EmitFailureLog } from './emit-failure-log.js';
import { ProducerClosedError } from './errors.js';
import { KAFKA_PRODUCER_MODULE_OPTIONS, KAFKA_PRODUCER_NAME } from './kafka-producer.constants.js';
import { KafkaProducer, type ProducerEngineHost } from './kafka-producer.js';
import type { KafkaProducerConfiguration } from './kafka-producer-module-options.js';
import { NestLogSink } from './nest-log-sink.js';
import type { ProducerEngineApi } from './producer-engine-api.js';
import { ProducerEngineFactory } from './producer-engine.factory.js';
import { ProducerPartsFactory } from './producer-parts.factory.js';
import { StartingEngine } from './starting-engine.js';
import { validateModuleOptions, type ValidatedModuleOptions } from './validate-module-options.js';

/**
 * Starts and closes the engine of one producer with the application. The engine and its parts are made at the start, not while Nest
 * builds its providers: a partitioner or interceptor may then inject whatever it likes, even the producer itself.
 */
@Injectable()
export class ProducerLifecycle implements ProducerEngineHost, OnModuleInit, OnApplicationShutdown {
  public readonly producer: KafkaProducer;
  private readonly settings: ValidatedModuleOptions;
  private readonly log: LogSink;
  private readonly emitFailures: EmitFailureLog;
  private readonly startingEngine: StartingEngine;
  private current: ProducerEngineApi;
  /** Made, and perhaps not started yet. */
  private opening: ProducerEngineApi | null = null;
  private starting: Promise<void> | null = null;
  private closing: Promise<void> | null = null;

  /** @throws ConfigError, so that a wrong setting ends the start before anything connects */
  public constructor(
    @Inject(KAFKA_PRODUCER_MODULE_OPTIONS) private readonly options: KafkaProducerConfiguration,
    @Inject(KAFKA_PRODUCER_NAME) name: string | null,
    private readonly partsFactory: ProducerPartsFactory,
    private readonly engineFactory: ProducerEngineFactory,
  ) {
    this.log = new NestLogSink(new Logger(name === null ? 'KafkaProducer' : `KafkaProducer:${name}`));
    this.settings = validateModuleOptions(options);
    for (const info of this.settings.infos) this.log.info(info);
    for (const warning of this.settings.warnings) this.log.warn(warning);
    this.emitFailures = new EmitFailureLog(this.log);
    // The failure of a start that a send has asked for reaches that send through the engine.
    this.startingEngine = new StartingEngine(() => void this.start().catch(() => undefined), this.log);
    this.current = this.startingEngine;
    this.producer = new KafkaProducer(this, this.emitFailures);
  }

  public get engine(): ProducerEngineApi {
    return this.current;
  }

  public onModuleInit(): Promise<void> {
    return this.start();
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
      const parts = await this.partsFactory.create(this.options.producer ?? {});
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
    this.current = engine;
    this.startingEngine.handOver(engine);
  }

  private async close(): Promise<void> {
    // A start under way is ended; its error is that of the start.
    if (this.opening !== null && this.opening !== this.current) await this.closeEngine(this.opening, 0);
    await this.starting?.catch(() => undefined);
    await this.closeEngine(this.current, this.settings.closeTimeoutMs);
    this.emitFailures.flush();
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
