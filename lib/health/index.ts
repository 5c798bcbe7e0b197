// The package entry `nestjs-kafka-producer/health`.
export { KafkaProducerHealthIndicator, type KafkaHealthResult } from './kafka-producer.health.js';
