import type { KafkaProducer } from '../../producer/kafka-producer.js';
import type { LogSink } from '../../wire/log-sink.js';
import { DeadLetterPublisher } from './dead-letter-publisher.js';
import { DefaultRecoveryPolicy } from './default-recovery-policy.js';
import type { RecoveryOptions } from './recovery-options.js';
import type { RecoveryPolicy } from './recovery-policy.js';
import { resolveRecovery } from './resolve-recovery.js';

/** What a listener has to offer to its recovery. */
export interface RecoveryContext {
  readonly listenerId: string;
  /** The producer of a module by its name; null asks for that of the listener. Called only where there is a dead-letter topic. */
  readonly producerFor: (name: string | null) => KafkaProducer;
  readonly log: LogSink;
}

/**
 * Makes the recovery policy of a listener from its options.
 * @throws ConfigError for wrong options; what `producerFor` throws
 */
export function createRecoveryPolicy(options: RecoveryOptions | undefined, context: RecoveryContext): RecoveryPolicy {
  const { listenerId, log, producerFor } = context;
  const settings = resolveRecovery(options, listenerId);
  const { deadLetter } = settings;
  const publisher =
    deadLetter === null
      ? null
      : new DeadLetterPublisher({ producer: producerFor(deadLetter.producer), settings: deadLetter });
  return new DefaultRecoveryPolicy({ settings, publisher, log });
}
