import type { ErrorMatcher } from '../../producer/transaction.js';
import type { ConsumedRecord } from '../consumed-record.js';

/** Pauses between the attempts: `initialMs * multiplier ^ (attempt - 1)`, at most `maxMs`, spread by `jitter`. */
export interface RecoveryBackoffOptions {
  /** Milliseconds before the second attempt. Default 500. */
  readonly initialMs?: number | undefined;
  /** At least 1. Default 2. */
  readonly multiplier?: number | undefined;
  /** Milliseconds that no pause exceeds. Default 30 000. */
  readonly maxMs?: number | undefined;
  /** How far a pause may be off, from 0 to 1: 0.2 is a fifth either way, so that what failed together does not come back together. Default 0.2. */
  readonly jitter?: number | undefined;
}

/**
 * Milliseconds to wait after a failed attempt.
 *
 * @param attempt 1 after the first
 * @returns 0 or more; for anything else, or when it throws, the default pause is taken and a line logged
 */
export type RecoveryBackoffFunction = (attempt: number, error: unknown, record: ConsumedRecord) => number;

/** Names the dead-letter topic of a failed record. */
export type DeadLetterTopicFunction = (record: ConsumedRecord, error: unknown) => string;

/**
 * Where records go that are given up. They are stored with their key, value and headers byte for byte, and headers that say where they come from and why, as text:
 *
 * | header | holds |
 * |---|---|
 * | `dlt-original-topic`, `-partition`, `-offset`, `-timestamp` | where the record stood that failed first; kept when it fails again later |
 * | `dlt-source-topic`, `-partition`, `-offset` | where it stood this time, if it had been in a dead-letter topic before |
 * | `dlt-consumer-group`, `dlt-listener` | who gave it up |
 * | `dlt-error-class`, `dlt-error-message` | the last error; the message cut to 1 KiB |
 * | `dlt-error-stack` | with `stack: true`, cut to 8 KiB |
 * | `dlt-attempts` | how often its handler was called |
 * | `dlt-first-failed-at` | milliseconds since the epoch; kept when it fails again later |
 *
 * A record that is too large with all of them is stored with `dlt-original-*`, `dlt-source-*` and `dlt-error-class` alone. Its value is never left out.
 *
 * The partition has the same number, where the dead-letter topic has that one; else the key decides, so the records of a key stay in order. The timestamp is the
 * time of the dead letter, as the topic's retention begins then.
 *
 * The topic has to exist. While a dead letter cannot be stored, its partition waits before the record and tries again: nothing is skipped.
 */
export interface DeadLetterOptions {
  /**
   * A topic for all, or a function. Default: the record's topic and `-dlt`, as in Spring for Apache Kafka, so that services in both share their topics and tools
   * (and no dot, which clashes with an underscore in the names of Kafka's metrics).
   *
   * A record that fails in its own dead-letter topic is not written to it again: the listener stops before it. By default that holds for every topic that ends
   * in `-dlt`.
   */
  readonly topic?: string | DeadLetterTopicFunction | undefined;
  /**
   * The name of the `KafkaProducerModule` whose producer sends. Default: that of the listener. Only with the producer of the listener's transactions does a dead letter
   * belong to the transaction. It should have `acks: 'all'`, the default: with less, an acknowledged dead letter may be lost.
   */
  readonly producer?: string | undefined;
  /** Adds the stack of the error. Default false: it tells about the code that runs. */
  readonly stack?: boolean | undefined;
}

/**
 * What is done about records whose handler fails: attempts in place, while their partition (or key) waits and others go on; then the dead-letter topic, or a stop.
 * Never a silent skip.
 *
 * Attempts are worth their time unless the error, or one in its chain of causes, tells that the next one fails as well. In this order:
 * 1. `KafkaRetriableException` of Nest: tried again, up to `attempts`.
 * 2. `retryable`: tried again.
 * 3. `notRetryable`: given up at once.
 * 4. Given up at once, too: `UndecodableRecordError`; `SyntaxError`; `TypeError` without a cause (one with a cause, like that of `fetch`, is judged by its cause);
 *    Nest's `HttpException` with a status from 400 to 499, which is what its pipes throw, except 408, 425 and 429; the `ValidationError`s of class-validator. An
 *    `RpcException` is judged by the error that it was made of.
 * 5. All others: tried again.
 *
 * A `ConfigError` is never the record's fault: the listener stops at once.
 */
export interface RecoveryOptions {
  /** How often a handler is called for a record at most; 1 is no second attempt, `Infinity` no limit. Default 10, which takes about two minutes. */
  readonly attempts?: number | undefined;
  readonly backoff?: RecoveryBackoffOptions | RecoveryBackoffFunction | undefined;
  /** Errors that are worth another attempt, although they are subclasses of others that are not, say. */
  readonly retryable?: readonly ErrorMatcher[] | undefined;
  /** Errors that are not worth another attempt, besides those above. */
  readonly notRetryable?: readonly ErrorMatcher[] | undefined;
  /** Default false: the listener stops before the record, and reports that it is down. `true` is `{}`. */
  readonly deadLetter?: boolean | DeadLetterOptions | undefined;
}
