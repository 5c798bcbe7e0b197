import { TransactionAbortedError } from '../../producer/transaction-errors.js';
import type { ConsumedRecord } from '../consumed-record.js';
import type { AssignedPartition } from '../consumer-engine-api.js';
import type { HandlerCall, ListenerDefinition } from '../listener-definition.js';

/** How a handler has ended. */
export type AttemptOutcome =
  | { readonly kind: 'succeeded' }
  /** It has asked for the records again. */
  | { readonly kind: 'nacked'; readonly delayMs: number }
  | { readonly kind: 'failed'; readonly error: unknown };

export interface AttemptOptions {
  readonly definition: ListenerDefinition;
  readonly partition: AssignedPartition;
  readonly records: readonly ConsumedRecord[];
  /** Offset of the record behind the last one: what a transaction commits. */
  readonly nextOffset: bigint;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly onAck: () => void;
}

/** Aborts the transaction of a handler that wants its records again. */
class NackedError extends Error {}

/** Calls a handler once, in a transaction where the listener has one. Never rejects. */
export async function attemptHandler(options: AttemptOptions): Promise<AttemptOutcome> {
  const { definition } = options;
  const call = new AttemptCall(options);
  try {
    if (definition.transaction === null) await definition.handler(call);
    else await callInTransaction(options, call);
    return call.nackedFor === null ? { kind: 'succeeded' } : { kind: 'nacked', delayMs: call.nackedFor };
  } catch (error) {
    if (call.nackedFor !== null) return { kind: 'nacked', delayMs: call.nackedFor };
    return { kind: 'failed', error };
  } finally {
    call.end();
  }
}

/** Commits the offset of these records in a transaction, together with what `work` sends. */
export async function inTransaction(
  { definition, nextOffset, partition, records }: Omit<AttemptOptions, 'attempt' | 'signal' | 'onAck'>,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { transaction } = definition;
  if (transaction === null) throw new TypeError(`${definition.id} has no transaction`);
  const { topic, membership } = partition;
  const leaderEpoch = records.at(-1)?.leaderEpoch ?? -1;
  const offset = { topic, partition: partition.partition, offset: nextOffset, leaderEpoch };
  await transaction.producer.transaction(async (running) => {
    await work(running.signal);
    await running.sendOffsets([offset], membership);
  }, transaction.options);
}

async function callInTransaction(options: AttemptOptions, call: AttemptCall): Promise<void> {
  try {
    await inTransaction(options, async (signal) => {
      call.signal = AbortSignal.any([options.signal, signal]);
      await options.definition.handler(call);
      if (call.nackedFor !== null) throw new NackedError();
    });
  } catch (error) {
    // The work succeeded and a record of it did not: that record's own error says what is wrong.
    if (error instanceof TransactionAbortedError && error.cause instanceof NackedError) return;
    throw error;
  }
}

class AttemptCall implements HandlerCall {
  public signal: AbortSignal;
  /** Milliseconds, or null. */
  public nackedFor: number | null = null;
  private hasEnded = false;

  public constructor(private readonly options: AttemptOptions) {
    this.signal = options.signal;
  }

  public get partition(): AssignedPartition {
    return this.options.partition;
  }

  public get records(): readonly ConsumedRecord[] {
    return this.options.records;
  }

  public get attempt(): number {
    return this.options.attempt;
  }

  public readonly ack = (): void => {
    if (this.nackedFor === null) this.options.onAck();
  };

  public readonly nack = (delayMs: number): void => {
    if (this.hasEnded) {
      throw new TypeError(`nack() of ${this.options.definition.id} must be called before the handler has ended.`);
    }
    if (!(delayMs >= 0))
      throw new RangeError(`nack(${delayMs}): the delay must be a number of milliseconds, 0 or more.`);
    this.nackedFor = delayMs;
  };

  public end(): void {
    this.hasEnded = true;
  }
}
