import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import { appendFileSync } from 'node:fs';
import { AsyncCommitStrategy } from '../../lib/consumer/commit/async-commit.strategy.js';
import { AutoCommitStrategy } from '../../lib/consumer/commit/auto-commit.strategy.js';
import type { CommitStrategy } from '../../lib/consumer/commit/commit-strategy.js';
import { ManualCommitStrategy } from '../../lib/consumer/commit/manual-commit.strategy.js';
import { SyncCommitStrategy } from '../../lib/consumer/commit/sync-commit.strategy.js';
import type { KafkaContext } from '../../lib/consumer/nest/kafka-context.js';
import { KafkaListener } from '../../lib/consumer/nest/kafka-listener.decorator.js';
import { KafkaTransportStrategy } from '../../lib/consumer/nest/kafka-transport-strategy.js';
import { KafkaProducerModule } from '../../lib/index.js';
import type { ConsumerTask, StrategyName } from './consumer-task.js';

/** An application whose listeners, one for each strategy, note what they have handled. Runs until its channel is closed, or it is killed. */
const task: ConsumerTask = JSON.parse(process.argv[2] ?? '{}');

function note(strategy: StrategyName, context: KafkaContext): void {
  const { offset } = context.getMessage();
  appendFileSync(task.file, `${strategy} ${context.getPartition()} ${offset}\n`);
}

function options(name: StrategyName, commitStrategy: CommitStrategy) {
  return { groupId: `${task.group}-${name}`, commitStrategy };
}

@Controller()
class Handlers {
  @KafkaListener(task.topic, options('auto', new AutoCommitStrategy({ intervalMs: task.autoCommitIntervalMs })))
  public auto(@Payload() _value: unknown, @Ctx() context: KafkaContext): void {
    note('auto', context);
  }

  @KafkaListener(task.topic, options('sync-record', new SyncCommitStrategy({ per: 'record' })))
  public syncRecord(@Payload() _value: unknown, @Ctx() context: KafkaContext): void {
    note('sync-record', context);
  }

  @KafkaListener(task.topic, options('sync-batch', new SyncCommitStrategy({ per: 'batch' })))
  public syncBatch(@Payload() _value: unknown, @Ctx() context: KafkaContext): void {
    note('sync-batch', context);
  }

  @KafkaListener(task.topic, options('async', new AsyncCommitStrategy({ per: 'record' })))
  public async asynchronous(@Payload() _value: unknown, @Ctx() context: KafkaContext): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    note('async', context);
  }

  @KafkaListener(task.topic, {
    ...options('manual', new ManualCommitStrategy()),
    concurrency: { unit: 'key', limit: 8 },
  })
  public async manual(@Payload() value: number, @Ctx() context: KafkaContext): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, value % 5));
    note('manual', context);
    context.ack();
  }
}

@Module({
  imports: [
    KafkaProducerModule.forRoot({
      client: task.client,
      consumer: {
        autoOffsetReset: 'earliest',
        sessionTimeoutMs: task.sessionTimeoutMs,
        heartbeatIntervalMs: Math.floor(task.sessionTimeoutMs / 20),
        drainTimeoutMs: 5_000,
      },
    }),
  ],
  controllers: [Handlers],
})
class ConsumerAppModule {}

const app = await NestFactory.create(ConsumerAppModule, { logger: ['error', 'fatal'] });
app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) });
await app.init();
await app.startAllMicroservices();
process.once('disconnect', () => void app.close().then(() => process.exit(0)));
process.send?.('started');
