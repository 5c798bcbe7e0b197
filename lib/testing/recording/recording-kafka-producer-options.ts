import type { KafkaTransactionsOptions } from '../../producer/kafka-producer-module-options.js';
import type { ProducerOptions } from '../../producer/producer-options.js';
import type { LogSink } from '../../wire/log-sink.js';

/** The options of `RecordingKafkaProducer`. Every one has a default. */
export interface RecordingKafkaProducerOptions {
  /**
   * As in `KafkaProducerModule.forRoot`, and checked as there. Serializers, partitioner and interceptors do their work; of the rest `maxRequestSize`, `maxBlockMs` and
   * `partitionerIgnoreKeys` have an effect. A class is made without Nest's injector: give an instance of one that needs something.
   */
  readonly producer?: ProducerOptions | undefined;
  /** As in `KafkaProducerModule.forRoot`; the prefix is `recording-` by default. false: the application under test has configured none. */
  readonly transactions?: Partial<KafkaTransactionsOptions> | false | undefined;
  /**
   * How many partitions every topic has, or how many each has by name, and one those not named. Default 1. Keys are spread over them as by Kafka; records
   * without a key go to partition 0.
   */
  readonly partitions?: number | Readonly<Record<string, number>> | undefined;
  /** Default true: a record is stored when it is sent. false: it waits for `completeNext()` or `errorNext(error)`. */
  readonly autoComplete?: boolean | undefined;
  /** Default: Nest's `Logger`, with the context `RecordingKafkaProducer`. */
  readonly log?: LogSink | undefined;
}
