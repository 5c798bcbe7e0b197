import type { Type } from '@nestjs/common';
import { KafkaListenerRegistry, KafkaProducer, type KafkaProducerModuleOptions } from 'nestjs-kafka-producer';
import {
  OPEN_TELEMETRY_OPTIONS,
  OpenTelemetryInstrumentation,
  type OpenTelemetryOptions,
} from 'nestjs-kafka-producer/opentelemetry';
import { RecordedTelemetry } from '../../lib/observability/spec-support/recorded-telemetry.js';
import { GuideApplication } from '../docs/guide-application.js';
import { sharedCluster, uniqueTopic, waitFor } from '../support/broker.js';

/** An application under OpenTelemetry's own SDK, which keeps everything in memory. `await using` ends both. */
export class TracedApplication implements AsyncDisposable {
  private constructor(
    public readonly telemetry: RecordedTelemetry,
    private readonly application: GuideApplication,
  ) {}

  public static async start(
    controllers: readonly Type[],
    options: Partial<KafkaProducerModuleOptions> = {},
    telemetryOptions: OpenTelemetryOptions = {},
  ): Promise<TracedApplication> {
    const telemetry = new RecordedTelemetry();
    const { meterProvider, tracerProvider } = telemetry;
    const useValue = { meterProvider, tracerProvider, ...telemetryOptions };
    const application = await GuideApplication.start(controllers, {
      instrumentation: [OpenTelemetryInstrumentation],
      extraProviders: [{ provide: OPEN_TELEMETRY_OPTIONS, useValue }],
      ...options,
    });
    return new TracedApplication(telemetry, application);
  }

  public get producer(): KafkaProducer {
    return this.application.get(KafkaProducer);
  }

  public get listeners(): KafkaListenerRegistry {
    return this.application.get(KafkaListenerRegistry);
  }

  /** Its address, once it has begun to serve HTTP there. */
  public async listen(): Promise<string> {
    await this.application.app.listen(0, '127.0.0.1');
    return this.application.app.getUrl();
  }

  /** Waits until so many spans of that name have ended. */
  public async ended(name: string, count = 1): Promise<void> {
    await waitFor(() => this.telemetry.named(name).length >= count, { what: `${count} spans ${name}` });
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    await this.application[Symbol.asyncDispose]();
    await this.telemetry[Symbol.asyncDispose]();
  }
}

/** New topics with one partition, and dead-letter topics where they are wanted. */
export async function createTopics<Name extends string>(...names: readonly Name[]): Promise<Record<Name, string>> {
  const topics: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const topic = uniqueTopic(name);
    await sharedCluster().createTopic(topic, { partitions: 1 });
    topics[name] = topic;
  }
  return topics as Record<Name, string>;
}
