/** What the user configured, without `name`, `isGlobal` and what else shapes the dynamic module. Private to each module instance. */
export const KAFKA_PRODUCER_MODULE_OPTIONS = Symbol('KAFKA_PRODUCER_MODULE_OPTIONS');

/** The name of the module instance's producer, or null. Private to each module instance. */
export const KAFKA_PRODUCER_NAME = Symbol('KAFKA_PRODUCER_NAME');

/** Who watches the module: an `InstrumentationChain`, or null for nobody. */
export const KAFKA_INSTRUMENTATION = Symbol('KAFKA_INSTRUMENTATION');

/** How long shutdown goes on delivering, in milliseconds; Java has no default, Spring Kafka's is the same. */
export const DEFAULT_CLOSE_TIMEOUT_MS = 30_000;
