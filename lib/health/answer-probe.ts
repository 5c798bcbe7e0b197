import { HealthVerdict } from './health-verdict.js';
import { healthResult, type KafkaHealthResult } from './kafka-health-result.js';
import type { KafkaModuleParts, KafkaModules } from './kafka-modules.js';
import { messageOf } from '../wire/message-of.js';

/** One question of a probe, and who answers it. */
export interface Probe<Key extends string> {
  readonly key: Key;
  readonly modules: KafkaModules;
  /** undefined: all. */
  readonly name: string | null | undefined;
  /** Then what keeps a probe from its answer is no reason to restart the process: it would be the same again. */
  readonly isLiveness: boolean;
  /** What is wrong, and the details. */
  readonly judge: (verdict: HealthVerdict, modules: readonly KafkaModuleParts[]) => Readonly<Record<string, unknown>>;
}

/** Always returns: Terminus 12 makes a 500 of what an indicator throws. */
export function answerProbe<Key extends string>({
  isLiveness,
  key,
  judge,
  modules,
  name,
}: Probe<Key>): KafkaHealthResult<Key> {
  const verdict = new HealthVerdict();
  const knowsDegraded = modules.knowsDegraded;
  try {
    const found = modules.find(name);
    if (found.length === 0) note(verdict, nothingToLookAt(name), isLiveness);
    return healthResult(key, verdict, judge(verdict, found), knowsDegraded);
  } catch (error) {
    const broken = new HealthVerdict();
    const reason = messageOf(error);
    note(broken, `The state could not be read: ${reason}`, isLiveness);
    return healthResult(key, broken, {}, knowsDegraded);
  }
}

function note(verdict: HealthVerdict, problem: string, isLiveness: boolean): void {
  if (isLiveness) verdict.degraded(problem);
  else verdict.down(problem);
}

function nothingToLookAt(name: string | null | undefined): string {
  if (name === undefined)
    return 'There is no KafkaProducerModule in this application, or it is still being made: import KafkaProducerModule.forRoot().';
  const which = name === null ? 'without a name' : `forRoot({ name: '${name}' })`;
  return `There is no KafkaProducerModule ${which}, or it is still being made. Mend the option producer of the check.`;
}
