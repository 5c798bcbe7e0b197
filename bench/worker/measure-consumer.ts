import type { ConsumerJob, ConsumerMeasure } from './consumer-job.js';
import { connectConsumer } from './consumers/connect-consumer.js';
import { ConsumptionMeter } from './consumers/consumption-meter.js';

/** Lets a handler get all records of the topic. */
export async function measureConsumer(job: ConsumerJob): Promise<ConsumerMeasure> {
  const meter = new ConsumptionMeter(job.records, job.kind === 'transform' ? job.warmup : 0);
  const consumer = await connectConsumer(job, meter);
  try {
    await meter.ended();
  } finally {
    await consumer.close();
  }
  return meter.measure();
}
