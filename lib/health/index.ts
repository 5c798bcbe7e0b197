// The package entry `nestjs-kafka-producer/health`.
export { KafkaHealthModule } from './kafka-health.module.js';
export { KafkaConsumerHealthIndicator } from './kafka-consumer.health.js';
export { KafkaDurabilityHealthIndicator } from './kafka-durability.health.js';
export { KafkaProducerHealthIndicator } from './kafka-producer.health.js';
export type {
  ConsumerHealthOptions,
  DurabilityHealthOptions,
  HealthSelection,
  KafkaHealthOptions,
  ListenerHealthOptions,
  ProducerHealthOptions,
} from './kafka-health-options.js';
export type { KafkaHealthResult } from './kafka-health-result.js';
export type { ListenerDetails } from './listener-details.js';
export type { DurabilityOutcome, TopicSafety } from './durability/topic-durability.js';
export type { TopicReport } from './durability/topic-report.js';
