import kafkajs from 'kafkajs';

/**
 * The one door to kafkajs at run time for layers that may not import it themselves.
 * kafkajs is CommonJS, so its names have to be taken from the default export.
 */
export const { Kafka, logLevel, CompressionTypes, CompressionCodecs, Partitioners, ConfigResourceTypes } = kafkajs;

export type { Admin, Consumer, KafkaConfig, Producer, SASLOptions } from 'kafkajs';
export type { Kafka as KafkaJsClient } from 'kafkajs';
