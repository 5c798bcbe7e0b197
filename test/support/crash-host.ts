import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import { appendFileSync } from 'node:fs';
import {
  AsyncCommitStrategy,
  AutoCommitStrategy,
  type CommitStrategy,
  type KafkaContext,
  KafkaListener,
  KafkaProducerModule,
  KafkaTransportStrategy,
  ManualCommitStrategy,
  SyncCommitStrategy,
} from '../../lib/index.js';
import type { KafkaClientOptions } from '../../lib/wire/kafka-client-options.js';
import type { StrategyName } from './consumer-task.js';

export interface CrashTask {
  readonly client: KafkaClientOptions;
  readonly topic: string;
  readonly group: string;
  readonly strategy: StrategyName;
  /** Gets a line with the offset of each record, before its handler ends. */
  readonly file: string;
  /** The process kills itself when this record has been handled; -1 for never. */
  readonly crashAt: number;
}

/** Records between two commits of the strategy that counts them. */
export const AUTO_COUNT = 100;

const task: CrashTask = JSON.parse(process.argv[2] ?? '{}');

const STRATEGIES: Readonly<Record<StrategyName, CommitStrategy>> = {
  auto: new AutoCommitStrategy({ intervalMs: 3_600_000, count: AUTO_COUNT }),
  'sync-record': new SyncCommitStrategy({ per: 'record' }),
  'sync-batch': new SyncCommitStrategy({ per: 'batch' }),
  async: new AsyncCommitStrategy({ per: 'record' }),
  manual: new ManualCommitStrategy(),
};

@Controller()
class Handlers {
  @KafkaListener(task.topic, { groupId: task.group, commitStrategy: STRATEGIES[task.strategy] })
  public async handle(@Payload() _value: unknown, @Ctx() context: KafkaContext): Promise<void> {
    const { offset } = context.getMessage();
    appendFileSync(task.file, `${offset}\n`);
    if (Number(offset) === task.crashAt) process.kill(process.pid, 'SIGKILL');
    context.ack();
    // So that what is not awaited has its turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

@Module({
  imports: [
    KafkaProducerModule.forRoot({
      client: task.client,
      // A static member: the next process takes the place of the one that was killed without waiting for its session to end.
      consumer: { autoOffsetReset: 'earliest', groupInstanceId: `${task.group}-0` },
    }),
  ],
  controllers: [Handlers],
})
class CrashModule {}

const app = await NestFactory.create(CrashModule, { logger: ['error', 'fatal'] });
app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) });
await app.init();
process.send?.('started');
await app.startAllMicroservices();
process.once('disconnect', () => void app.close().then(() => process.exit(0)));
