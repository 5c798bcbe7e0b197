import { KafkaError } from '../../wire/kafka-error.js';
import type { StopSignal } from './cli-io.js';

/** Why a command has to end before it is done: a signal, or nobody reads its output any more. */
export type StopReason = StopSignal | 'EPIPE';

/** The command was asked to end before it was done. */
export class InterruptedError extends KafkaError {
  public constructor(public readonly reason: StopReason) {
    super(reason === 'EPIPE' ? 'Nobody reads the output any more.' : `Ended by ${reason}.`);
  }
}
