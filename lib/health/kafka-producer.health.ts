import { Injectable } from '@nestjs/common';
import { KafkaProducer } from '../producer/kafka-producer.js';

/** The shape that Terminus's `HealthCheckService.check` takes from an indicator. */
export type KafkaHealthResult<Key extends string = string> = Record<
  Key,
  { readonly status: 'up' | 'down' } & Readonly<Record<string, string | number | null>>
>;

/**
 * Health of the unnamed producer, or of one handed over, from the state that it keeps anyway: no probe opens a connection or asks a broker.
 * Never throws. Works with Terminus 11 and 12, and without it.
 */
@Injectable()
export class KafkaProducerHealthIndicator {
  public constructor(private readonly producer: KafkaProducer) {}

  /** Down only where a restart helps: the producer has failed for good. A broker outage never fails liveness. */
  public liveness<Key extends string>(key: Key, producer: KafkaProducer = this.producer): KafkaHealthResult<Key> {
    return result(key, producer.status().state !== 'failed', producer);
  }

  /** Up while records can be sent: running, and connected to at least one broker. */
  public readiness<Key extends string>(key: Key, producer: KafkaProducer = this.producer): KafkaHealthResult<Key> {
    const { state, connectedBrokers } = producer.status();
    return result(key, state === 'running' && connectedBrokers > 0, producer);
  }
}

function result<Key extends string>(key: Key, isUp: boolean, producer: KafkaProducer): KafkaHealthResult<Key> {
  const { transactions: _transactions, ...status } = producer.status();
  const results: Record<string, KafkaHealthResult[string]> = { [key]: { status: isUp ? 'up' : 'down', ...status } };
  return results as KafkaHealthResult<Key>;
}
