import { DeliveryError, KafkaTimeoutError } from '../../producer/errors.js';
import { CommitFailedError, TransactionAbortedError } from '../../producer/transaction-errors.js';
import { FailureRule } from './failure-rule.js';
import type { ScriptedCall, ScriptedCalls, ScriptedFailureOptions } from './scripted-failure.js';

type Rules = { readonly [C in ScriptedCall]: FailureRule<ScriptedCalls[C]>[] };
type DefaultErrors = { readonly [C in ScriptedCall]: (subject: ScriptedCalls[C]) => Error };

const DEFAULT_ERRORS: DefaultErrors = {
  send: ({ partition, topic }) =>
    new DeliveryError(`A record for ${topic} was refused, as the test has asked for.`, { topic, partition }),
  begin: ({ transactionalId }) =>
    new KafkaTimeoutError(`No coordinator has answered for ${transactionalId}, as the test has asked for.`),
  sendOffsets: ({ group }) =>
    new CommitFailedError(`The group ${group.groupId} has refused the offsets, as the test has asked for.`),
  commit: ({ transactionalId }) =>
    new TransactionAbortedError(`The transaction of ${transactionalId} was not committed, as the test has asked for.`),
  abort: ({ transactionalId }) =>
    new KafkaTimeoutError(`The abort of ${transactionalId} was not answered, as the test has asked for.`),
};

/** All that a test wants to see fail. */
export class FailureScript {
  private readonly rules: Rules = { send: [], begin: [], sendOffsets: [], commit: [], abort: [] };

  /** @throws TypeError, RangeError */
  public add<C extends ScriptedCall>(
    call: C,
    matches: (subject: ScriptedCalls[C]) => boolean,
    options: ScriptedFailureOptions,
  ): FailureRule<ScriptedCalls[C]> {
    if (!Object.hasOwn(this.rules, call)) {
      throw new TypeError(`There is no call '${call}' to fail; there are ${Object.keys(this.rules).join(', ')}.`);
    }
    if (typeof matches !== 'function') throw new TypeError('failWhen takes a function that tells which calls fail.');
    const rule = new FailureRule(matches, options);
    this.rules[call].push(rule);
    return rule;
  }

  /** What the call has to fail with, or null. What a condition of the test throws is such a failure too, so that it does not go unnoticed. */
  public failureOf<C extends ScriptedCall>(call: C, subject: ScriptedCalls[C]): Error | null {
    let first: FailureRule<ScriptedCalls[C]> | null = null;
    try {
      for (const rule of this.rules[call]) {
        if (rule.offer(subject, first !== null)) first = rule;
      }
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
    return first === null ? null : (first.error ?? DEFAULT_ERRORS[call](subject));
  }

  public clear(): void {
    for (const rules of Object.values(this.rules)) rules.length = 0;
  }
}
