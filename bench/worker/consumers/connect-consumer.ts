import kafkajs from 'kafkajs';
import {
  AsyncCommitStrategy,
  AutoCommitStrategy,
  ManualCommitStrategy,
  SyncCommitStrategy,
  type CommitStrategy,
} from 'nestjs-kafka-producer';
import type { CommitScenario, ConsumeJob, ConsumerJob, TransformJob, WaitingConsumeJob } from '../consumer-job.js';
import type { ConsumptionMeter } from './consumption-meter.js';
import { acknowledgingHandler, emptyHandler, waitingHandler } from './handlers.js';
import { startOurConsumer, startServerKafka, type StartedConsumer } from './start-application.js';
import { batchTransformingHandler, kafkaJsTransformingHandler, transformingHandler } from './transforming-handlers.js';
import { instrumentationOf } from '../clients/ours.js';

/** An application that hands all records of the job to a handler, and the handler tells the meter. */
export function connectConsumer(job: ConsumerJob, meter: ConsumptionMeter): Promise<StartedConsumer> {
  switch (job.kind) {
    case 'consume':
      return connectEmpty(job, meter);
    case 'consume-waiting':
      return connectWaiting(job, meter);
    case 'transform':
      return job.client === 'ours' ? connectTransforming(job, meter) : connectTransformingKafkaJs(job, meter);
  }
}

async function connectEmpty(job: ConsumeJob, meter: ConsumptionMeter): Promise<StartedConsumer> {
  if (job.client === 'server-kafka') return startServerKafka(emptyHandler(job.topic, meter), job);
  const handler = job.client === 'manual' ? acknowledgingHandler : emptyHandler;
  const commitStrategy = createStrategy(job.client);
  const instrumentation = await instrumentationOf(job.telemetry);
  return startOurConsumer(handler(job.topic, meter), job, { consumer: { commitStrategy }, instrumentation });
}

function createStrategy(scenario: CommitScenario): CommitStrategy {
  switch (scenario) {
    case 'auto':
      return new AutoCommitStrategy();
    case 'sync-batch':
      return new SyncCommitStrategy();
    case 'sync-record':
      return new SyncCommitStrategy({ per: 'record' });
    case 'async':
      return new AsyncCommitStrategy();
    case 'manual':
      return new ManualCommitStrategy();
  }
}

function connectWaiting(job: WaitingConsumeJob, meter: ConsumptionMeter): Promise<StartedConsumer> {
  const { keys, keysAtOnce, topic, waitMs } = job;
  const concurrency = keysAtOnce === null ? 1 : ({ unit: 'key', limit: keysAtOnce } as const);
  return startOurConsumer(waitingHandler(topic, meter, waitMs, keys), job, { consumer: { concurrency } });
}

function connectTransforming(job: TransformJob, meter: ConsumptionMeter): Promise<StartedConsumer> {
  const { groupId, messages, parallel } = job;
  const handler = messages === 1 ? transformingHandler(job, meter) : batchTransformingHandler(job, meter, messages);
  return startOurConsumer(handler, job, {
    transactions: { transactionalIdPrefix: `${groupId}-`, poolSize: parallel },
    consumer: { concurrency: parallel },
  });
}

/** kafkajs as its documentation has it for transactions: idempotent, one request in flight. */
async function connectTransformingKafkaJs(job: TransformJob, meter: ConsumptionMeter): Promise<StartedConsumer> {
  const { brokers, groupId } = job;
  const { Kafka, Partitioners, logLevel } = kafkajs;
  // It writes an error for each refusal that it tries again after, several per transaction.
  const producer = new Kafka({ clientId: 'bench', brokers, logLevel: logLevel.NOTHING }).producer({
    transactionalId: groupId,
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const handler = kafkaJsTransformingHandler(job, meter, producer, groupId);
  const consumer = await startServerKafka(handler, job, { run: { autoCommit: false } });
  return {
    close: async () => {
      await consumer.close();
      await producer.disconnect();
    },
  };
}
