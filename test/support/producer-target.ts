import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  KafkaProducer,
  KafkaProducerModule,
  TransactionOutcomeUnknownError,
  type ProducerOptions,
} from '../../lib/index.js';
import type { KafkaClientOptions } from '../../lib/wire/kafka-client-options.js';
import { OnPurpose, type EndedTransaction } from './transaction-outcome.js';
import type { TransactionTarget, Work } from './transaction-target.js';

export interface ProducerTargetOptions {
  readonly client: KafkaClientOptions;
  readonly transactionalIdPrefix: string;
  readonly poolSize: number;
  readonly producer?: ProducerOptions;
}

/** A Nest application with a `KafkaProducer`, as users have it. */
export class ProducerTarget implements TransactionTarget {
  private constructor(
    private readonly application: INestApplicationContext,
    private readonly producer: KafkaProducer,
  ) {}

  public static async start(options: ProducerTargetOptions): Promise<ProducerTarget> {
    const { client, poolSize, producer = {}, transactionalIdPrefix } = options;
    const module = KafkaProducerModule.forRoot({ client, producer, transactions: { transactionalIdPrefix, poolSize } });
    const application = await NestFactory.createApplicationContext(module, { logger: ['error', 'fatal'] });
    return new ProducerTarget(application, application.get(KafkaProducer));
  }

  public async run(work: Work): Promise<EndedTransaction> {
    const { producer } = this;
    try {
      await producer.transaction((transaction) =>
        work({
          send: (record) => producer.send(record),
          sendOffsets: (offsets, group) => transaction.sendOffsets(offsets, group),
        }),
      );
      return { outcome: 'committed', error: null };
    } catch (error) {
      if (error instanceof OnPurpose) return { outcome: 'aborted', error: null };
      const reason = error instanceof Error ? error : new Error(String(error));
      return { outcome: reason instanceof TransactionOutcomeUnknownError ? 'unknown' : 'aborted', error: reason };
    }
  }

  /** What transactions wait for, for reports. */
  public get pendingWork(): readonly string[] {
    return this.producer.status().transactions?.pendingWork ?? [];
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    await this.application.close();
  }
}
