import type { ListenerDefaults } from '../consumer-options.js';

/** The options of `@KafkaListener()`. What is left out is taken from the option `consumer` of the module. */
export interface KafkaListenerOptions extends ListenerDefaults {
  /** By which `KafkaListenerRegistry` knows the listener; unique in the application. Default `Class.method`. */
  readonly id?: string | undefined;
  /** Default: `consumer.groupId` of the module. Listeners of one group are one member of it. */
  readonly groupId?: string | undefined;
  /**
   * true: the method gets the values of several records of one partition as a list, and `context.records` holds the records. A record that does not decode is
   * named by a `BatchRecordError`. Default false.
   */
  readonly batch?: boolean | undefined;
  /** Records of a batch at most. Default: `consumer.maxPollRecords`, 500. */
  readonly maxBatchRecords?: number | undefined;
  /** The name given to `KafkaProducerModule.forRoot({ name })`, for a listener on another cluster than that of the unnamed module. */
  readonly producer?: string | undefined;
  /** false: it does not start with the application, but by `KafkaListenerRegistry`. Default true. */
  readonly autoStart?: boolean | undefined;
}
