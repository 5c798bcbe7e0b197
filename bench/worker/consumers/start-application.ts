import type { DynamicModule, INestApplication, LogLevel, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Transport, type KafkaOptions, type MicroserviceOptions } from '@nestjs/microservices';
import { KafkaProducerModule, KafkaTransportStrategy, type KafkaProducerConfiguration } from 'nestjs-kafka-producer';

class BenchModule {}

export interface StartedConsumer {
  /** Resolves when no handler runs any more and the offsets are committed. */
  close(): Promise<void>;
}

export interface ConsumerGroup {
  readonly brokers: string[];
  readonly groupId: string;
}

/** The handlers of `controller` on our transport. */
export function startOurConsumer(
  controller: Type,
  { brokers, groupId }: ConsumerGroup,
  options: Pick<KafkaProducerConfiguration, 'consumer' | 'transactions' | 'instrumentation'>,
): Promise<StartedConsumer> {
  const kafka = KafkaProducerModule.forRoot({
    client: { brokers, clientId: 'bench' },
    ...options,
    consumer: { groupId, autoOffsetReset: 'earliest', ...options.consumer },
  });
  return startApplication(controller, [kafka], ['error', 'warn'], (application) => ({
    strategy: application.get(KafkaTransportStrategy),
  }));
}

/** The same on Nest's own transport, with its defaults. */
export function startServerKafka(
  controller: Type,
  { brokers, groupId }: ConsumerGroup,
  options: Pick<NonNullable<KafkaOptions['options']>, 'run'> = {},
): Promise<StartedConsumer> {
  // Its producer warns of a change of the default partitioner, at every start.
  return startApplication(controller, [], ['error'], () => ({
    transport: Transport.KAFKA,
    options: {
      client: { brokers, clientId: 'bench' },
      // Nothing is appended: the group is looked at afterwards.
      postfixId: '',
      consumer: { groupId },
      subscribe: { fromBeginning: true },
      ...options,
    },
  }));
}

async function startApplication(
  controller: Type,
  imports: DynamicModule[],
  logger: LogLevel[],
  transport: (application: INestApplication) => MicroserviceOptions,
): Promise<StartedConsumer> {
  const root = { module: BenchModule, imports, controllers: [controller] };
  const application = await NestFactory.create(root, { logger });
  application.connectMicroservice<MicroserviceOptions>(transport(application));
  await application.init();
  await application.startAllMicroservices();
  return application;
}
