import { isClusterTrouble } from '../consumer/container/cluster-trouble.js';
import type { ConsumerEngineStatus } from '../consumer/consumer-engine-api.js';
import type { KafkaListenerStatus } from '../consumer/listener-events.js';
import { HealthVerdict } from './health-verdict.js';
import {
  type ConsumerHealthOptions,
  DEFAULT_MAX_UNACKED_AGE_MS,
  DEFAULT_REBALANCE_GRACE_MS,
  type ListenerHealthOptions,
} from './kafka-health-options.js';
import { lagOf } from './listener-details.js';

/** What is known of one listener. */
export interface ListenerState {
  readonly listener: KafkaListenerStatus;
  /** Its group; null while none of the group's listeners runs. */
  readonly group: ConsumerEngineStatus | null;
  /** A producer of the application waits for brokers, and so perhaps does a handler. */
  readonly producersWait: boolean;
  /** Milliseconds since brokers were last seen to be awaited, Infinity for never: a call cannot have stood still by itself for longer. */
  readonly sinceWaitedMs: number;
}

/** So long after the last answer a coordinator is not only between two heartbeats. */
const SILENT_MS = 10_000;

/**
 * A handler that does not come back keeps its partition from going on, and a listener that has failed is started by nobody: a restart helps both. What waits for
 * brokers, or for a rebalance, goes on by itself.
 */
export function judgeLiveness(state: ListenerState, options: ConsumerHealthOptions): HealthVerdict {
  const verdict = new HealthVerdict();
  const { listener } = state;
  const { error } = listener;
  // What has failed for want of brokers would fail again until they are back.
  const isOver = error !== null && (!isClusterTrouble(error) || !state.producersWait);
  if (isOver && options.restartsFailedListeners !== true) {
    verdict.down(`It has failed, and nothing starts it again in this process: ${error.message}`);
  }
  const limit = limitsOf(listener, options).maxUnackedAgeMs ?? DEFAULT_MAX_UNACKED_AGE_MS;
  const oldest = Math.min(listener.oldestCallMs, state.sinceWaitedMs);
  // With manual acknowledgement the records of one that is paused may wait for theirs.
  if (limit > 0 && oldest > limit && listener.state !== 'paused' && !waitsForBrokers(state)) {
    verdict.down(
      `A call of its handler has been going on for ${oldest} ms, longer than maxUnackedAgeMs (${limit} ms).`,
    );
  }
  return verdict;
}

/** Whether it is a member of its group that reads, or stands by. */
export function judgeReadiness(state: ListenerState, options: ConsumerHealthOptions): HealthVerdict {
  const verdict = judgeLiveness(state, options);
  const { listener } = state;
  if (listener.state === 'stopped') return verdict;
  if (listener.error !== null) {
    if (verdict.problems.length === 0) verdict.down(`It has failed: ${listener.error.message}`);
    return verdict;
  }
  judgeMembership(verdict, state, options.rebalanceGraceMs ?? DEFAULT_REBALANCE_GRACE_MS);
  for (const topic of missingOf(state))
    verdict.degraded(`Its topic '${topic}' does not exist: create it, or check the name.`);
  judgeLag(verdict, listener, options);
  return verdict;
}

/** Whether it has joined its group once; one that was not started is not waited for. */
export function judgeStartup(state: ListenerState, options: ConsumerHealthOptions): HealthVerdict {
  const verdict = judgeLiveness(state, options);
  const { group, listener } = state;
  if (listener.hasJoined || listener.state === 'stopped' || verdict.problems.length > 0) return verdict;
  verdict.down(`It has not joined its group yet${because(listener.error?.message ?? group?.lastError)}`);
  return verdict;
}

function judgeMembership(verdict: HealthVerdict, { group, listener }: ListenerState, graceMs: number): void {
  if (!listener.hasJoined || group === null) {
    verdict.down(`It has not joined its group${because(group?.lastError)}`);
    return;
  }
  const { coordinatorSilentMs, lastError, state, troubledMs, unstableMs } = group;
  if (unstableMs > graceMs) verdict.down(`Its group has been ${state} for ${unstableMs} ms${because(lastError)}`);
  else if (coordinatorSilentMs !== null && coordinatorSilentMs > graceMs) {
    verdict.down(`The coordinator of its group has been silent for ${coordinatorSilentMs} ms${because(lastError)}`);
  } else if (troubledMs > graceMs) {
    verdict.down(`Its group has been in trouble for ${troubledMs} ms${because(lastError)}`);
  }
}

function missingOf({ group, listener }: ListenerState): readonly string[] {
  // Before the first answer all of them are missing.
  if (group === null || group.state !== 'stable') return [];
  return group.missingTopics.filter((topic) => listener.topics.includes(topic));
}

function judgeLag(verdict: HealthVerdict, listener: KafkaListenerStatus, options: ConsumerHealthOptions): void {
  const { maxLag } = limitsOf(listener, options);
  const lag = lagOf(listener);
  if (maxLag === undefined || lag === null || lag <= maxLag) return;
  const problem = `It is ${lag} records behind, more than maxLag (${maxLag}).`;
  if (options.lagStatus === 'down') verdict.down(problem);
  else verdict.degraded(problem);
}

function limitsOf({ listenerId }: KafkaListenerStatus, options: ConsumerHealthOptions): ListenerHealthOptions {
  const { maxLag, maxUnackedAgeMs } = options;
  const own = options.listeners?.[listenerId];
  return { maxLag: own?.maxLag ?? maxLag, maxUnackedAgeMs: own?.maxUnackedAgeMs ?? maxUnackedAgeMs };
}

/** Whether what goes on in the process may stand still for the brokers. */
export function waitsForBrokers({ group, producersWait }: Pick<ListenerState, 'group' | 'producersWait'>): boolean {
  if (producersWait || group === null || group.state !== 'stable' || group.lastError !== null) return true;
  return group.coordinatorSilentMs !== null && group.coordinatorSilentMs > SILENT_MS;
}

function because(error: string | null | undefined): string {
  return error === null || error === undefined ? '.' : `: ${error}`;
}
