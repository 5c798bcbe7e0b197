import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { KafkaProducerModule, type KafkaProducerModuleOptions, KafkaTransportStrategy } from 'nestjs-kafka-producer';
import { KafkaHealthModule, type KafkaHealthOptions } from 'nestjs-kafka-producer/health';
import { HealthController } from '../../sample/departures/health/health.controller.js';
import { sharedCluster, uniqueGroup, waitFor } from '../support/broker.js';

/** What a check answers, as JSON. */
export interface Health {
  readonly code: number;
  /** Of all checks together. */
  readonly status: string;
  readonly details: Readonly<Record<string, HealthDetails>>;
}

export interface HealthDetails {
  readonly status: string;
  readonly problems?: readonly string[];
  readonly warnings?: readonly string[];
  readonly producers?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly listeners?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly clusters?: Readonly<
    Record<string, { readonly topics: Readonly<Record<string, Readonly<Record<string, unknown>>>> }>
  >;
}

export type Path = 'live' | 'ready' | 'start';

export interface HealthApplicationOptions extends Partial<KafkaProducerModuleOptions> {
  readonly health?: KafkaHealthOptions;
}

/** An application with the health controller of the sample. `await using` closes it. */
export class HealthApplication implements AsyncDisposable {
  private constructor(
    public readonly app: INestApplication,
    private readonly url: string,
  ) {}

  public static async start(
    controllers: readonly Type[],
    { consumer, health = {}, ...options }: HealthApplicationOptions = {},
  ): Promise<HealthApplication> {
    const kafka = KafkaProducerModule.forRoot({
      client: { brokers: sharedCluster().bootstrapServers() },
      consumer: { groupId: uniqueGroup(), autoOffsetReset: 'earliest', ...consumer },
      ...options,
    });
    const root = {
      module: class Root {},
      controllers: [...controllers, HealthController],
      imports: [kafka, TerminusModule.forRoot({ logger: false }), KafkaHealthModule.forRoot(health)],
    };
    const app = await NestFactory.create(root, { logger: false, abortOnError: false });
    if (controllers.length > 0) app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    return new HealthApplication(app, await app.getUrl());
  }

  public get<T>(type: Type<T>): T {
    return this.app.get(type);
  }

  public async check(path: Path): Promise<Health> {
    const response = await fetch(`${this.url}/health/${path}`);
    const body = (await response.json()) as Omit<Health, 'code'>;
    return { code: response.status, status: body.status, details: body.details };
  }

  /** Waits until the check answers so. */
  public async until(path: Path, code: number, what: string, limitMs = 20_000): Promise<Health> {
    let last = await this.check(path);
    const reached = async (): Promise<boolean> => {
      last = await this.check(path);
      return last.code === code;
    };
    await waitFor(reached, { limitMs, what }).catch((error: unknown) => {
      throw new Error(`${String(error)} Last: ${JSON.stringify(last)}`, { cause: error });
    });
    return last;
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close();
  }
}
