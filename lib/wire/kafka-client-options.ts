import type { ISocketFactory, KafkaConfig } from 'kafkajs';

/**
 * How to reach the cluster: the part of kafkajs's `KafkaConfig` that this library uses, as in Nest's Kafka options.
 * Timeouts of requests and retries are settings of the producer, not of the client.
 */
export interface KafkaClientOptions {
  /** `host:port` of some brokers, or a function that finds them. */
  readonly brokers: KafkaConfig['brokers'];
  /** Default: `nestjs-kafka-producer`. */
  readonly clientId?: string | undefined;
  /** `true`, or Node's TLS options (`ca`, `cert`, `key`, `servername` ...). */
  readonly ssl?: KafkaConfig['ssl'] | undefined;
  /** `plain`, `scram-sha-256`, `scram-sha-512`, `oauthbearer`, `aws`, or a custom mechanism. */
  readonly sasl?: KafkaConfig['sasl'] | undefined;
  /** Milliseconds for TCP and TLS; default: `socketConnectionSetupTimeoutMs` of the producer (10 000). */
  readonly connectionTimeout?: number | undefined;
  /** Milliseconds for SASL; default 10 000. */
  readonly authenticationTimeout?: number | undefined;
  readonly socketFactory?: ISocketFactory | undefined;
}
