import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { KafkaProducerModule, type KafkaProducerModuleOptions, KafkaTransportStrategy } from 'nestjs-kafka-producer';
import { sharedCluster, uniqueGroup } from '../support/broker.js';

/** An application as the guides show it. `await using` closes it. */
export class GuideApplication implements AsyncDisposable {
  private constructor(public readonly app: INestApplication) {}

  public static async start(
    controllers: readonly Type[],
    { consumer, ...options }: Partial<KafkaProducerModuleOptions> = {},
  ): Promise<GuideApplication> {
    const module = KafkaProducerModule.forRoot({
      client: { brokers: sharedCluster().bootstrapServers() },
      consumer: { groupId: uniqueGroup(), autoOffsetReset: 'earliest', ...consumer },
      ...options,
    });
    const root = { module: class Root {}, controllers: [...controllers], imports: [module] };
    const app = await NestFactory.create(root, { logger: false, abortOnError: false });
    app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) });
    await app.init();
    await app.startAllMicroservices();
    return new GuideApplication(app);
  }

  public get<T>(type: Type<T>): T {
    return this.app.get(type);
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close();
  }
}
