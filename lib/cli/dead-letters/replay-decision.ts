import type { DeadLetter } from './dead-letter.js';
import { type DeadLetterFilter, isMeant } from './dead-letter-filter.js';

export interface ReplayRules extends DeadLetterFilter {
  readonly deadLetterTopic: string;
  /** Where to; default: where each came from. */
  readonly to?: string;
  /** Also those that were replayed before, and failed again. */
  readonly again?: boolean;
}

/** Why a record stays where it is. */
export type LeftReason = 'not meant' | 'no origin' | 'replayed before' | 'same topic' | 'topic gone';

export const LEFT_BECAUSE: Readonly<Record<LeftReason, string>> = {
  'not meant': 'another --consumer-group or --error-class',
  'no origin': 'no header tells where they came from: give --to',
  'replayed before': 'failed again after a replay: give --again',
  'topic gone': 'the topic that they came from is not there any more: make it, or give --to',
  'same topic': 'they came from the dead-letter topic itself: give --to',
};

/** What becomes of a dead letter. */
export type ReplayDecision = { readonly topic: string; readonly left?: never } | { readonly left: LeftReason };

export function decideReplay(letter: DeadLetter, rules: ReplayRules): ReplayDecision {
  if (!isMeant(letter, rules)) return { left: 'not meant' };
  if (letter.replays > 0 && rules.again !== true) return { left: 'replayed before' };
  const topic = rules.to ?? letter.origin?.topic;
  if (topic === undefined) return { left: 'no origin' };
  return topic === rules.deadLetterTopic ? { left: 'same topic' } : { topic };
}
