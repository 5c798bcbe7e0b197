import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import type { KafkaContext } from '../../lib/consumer/nest/kafka-context.js';
import { KafkaListener } from '../../lib/consumer/nest/kafka-listener.decorator.js';
import { KafkaTransportStrategy } from '../../lib/consumer/nest/kafka-transport-strategy.js';
import { KafkaProducer, KafkaProducerModule, Transactional } from '../../lib/index.js';
import type { KafkaClientOptions } from '../../lib/wire/kafka-client-options.js';

export interface ChainTask {
  readonly client: KafkaClientOptions;
  /** `<name>-in` is read, `<name>-middle` is between the listeners, `<name>-out` is what comes out. */
  readonly name: string;
  readonly index: number;
  readonly sessionTimeoutMs: number;
}

/** A departure, and what becomes of it on its way. */
export interface ChainValue {
  readonly number: number;
  readonly delay: number;
}

/** Departures become delays in one transactional listener, and alerts in the next: three of four departures are late, by the minute. */
const task: ChainTask = JSON.parse(process.argv[2] ?? '{}');

@Controller()
class Chain {
  public constructor(private readonly producer: KafkaProducer) {}

  @KafkaListener(`${task.name}-in`, { groupId: `${task.name}-first` })
  @Transactional()
  public async toDelay(@Payload() value: ChainValue, @Ctx() context: KafkaContext): Promise<void> {
    if (value.delay === 0) return;
    await this.producer.send({ topic: `${task.name}-middle`, key: keyOf(context), value });
  }

  @KafkaListener(`${task.name}-middle`, { groupId: `${task.name}-second`, batch: true, maxBatchRecords: 20 })
  @Transactional()
  public async toAlerts(@Payload() values: readonly ChainValue[], @Ctx() context: KafkaContext): Promise<void> {
    await this.producer.sendAll(
      values.map((value, index) => ({
        topic: `${task.name}-out`,
        key: context.records[index]?.key?.toString() ?? '',
        value,
      })),
    );
  }
}

function keyOf(context: KafkaContext): string {
  return String(context.getMessage().key);
}

@Module({
  imports: [
    KafkaProducerModule.forRoot({
      client: task.client,
      transactions: { transactionalIdPrefix: `${task.name}-${task.index}-`, timeoutMs: 10_000 },
      consumer: {
        autoOffsetReset: 'earliest',
        sessionTimeoutMs: task.sessionTimeoutMs,
        heartbeatIntervalMs: Math.floor(task.sessionTimeoutMs / 20),
        drainTimeoutMs: 5_000,
      },
    }),
  ],
  controllers: [Chain],
})
class ChainModule {}

const app = await NestFactory.create(ChainModule, { logger: ['error', 'fatal'] });
app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) });
await app.init();
await app.startAllMicroservices();
process.once('disconnect', () => void app.close().then(() => process.exit(0)));
process.send?.('started');
