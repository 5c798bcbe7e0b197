import { describe, expect, it } from '@jest/globals';
import type { KafkaProducer } from '../producer/kafka-producer.js';
import type { ProducerStatus } from '../producer/producer-engine-api.js';
import { KafkaProducerHealthIndicator } from './kafka-producer.health.js';

const RUNNING: ProducerStatus = {
  state: 'running',
  connectedBrokers: 3,
  knownBrokers: 3,
  waitingSends: 0,
  oldestRecordAgeMs: 0,
  lastError: null,
};

function indicatorFor(status: Partial<ProducerStatus>): KafkaProducerHealthIndicator {
  const producer: Pick<KafkaProducer, 'status'> = { status: () => ({ ...RUNNING, ...status }) };
  return new KafkaProducerHealthIndicator(producer as KafkaProducer);
}

describe('KafkaProducerHealthIndicator', () => {
  it('is alive and ready while the producer runs', () => {
    const indicator = indicatorFor({});
    expect(indicator.liveness('kafka').kafka.status).toBe('up');
    expect(indicator.readiness('kafka')).toEqual({ kafka: { status: 'up', ...RUNNING } });
  });

  it('stays alive, but is not ready, while no broker can be reached', () => {
    const indicator = indicatorFor({ connectedBrokers: 0, lastError: 'No Kafka broker could be reached' });
    expect(indicator.liveness('kafka').kafka.status).toBe('up');
    expect(indicator.readiness('kafka').kafka).toMatchObject({
      status: 'down',
      lastError: 'No Kafka broker could be reached',
    });
  });

  it('is not alive once the producer has failed for good', () => {
    expect(indicatorFor({ state: 'failed' }).liveness('kafka').kafka.status).toBe('down');
  });

  it.each(['starting', 'closed'] as const)('is not ready while %s', (state) => {
    expect(indicatorFor({ state }).readiness('kafka').kafka.status).toBe('down');
  });
});
