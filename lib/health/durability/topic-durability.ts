/**
 * What the failure of brokers costs, at worst:
 *
 * - `no-loss`: every record that was acknowledged is still there, and writing and reading go on.
 * - `unavailable`: partitions cannot be written, or not read either, until a broker is back; what was acknowledged is there again then, unless a disk is gone for good.
 * - `acknowledged-records-lost`: records whose `send` has succeeded are gone.
 */
export type DurabilityOutcome = 'no-loss' | 'unavailable' | 'acknowledged-records-lost';

/** What decides how well the records of a topic are kept. Of several partitions the worst counts. */
export interface TopicSafety {
  /** Of this application's producer; null where it only reads the topic, which is judged as if its writers had `all`. */
  readonly acks: 'all' | 1 | 0 | null;
  readonly replicationFactor: number;
  /** Replicas that are in sync now. */
  readonly inSyncReplicas: number;
  readonly minInsyncReplicas: number;
  readonly uncleanLeaderElection: boolean;
}

/** How bad, for comparison. */
export const SEVERITY: Readonly<Record<DurabilityOutcome, number>> = {
  'no-loss': 0,
  unavailable: 1,
  'acknowledged-records-lost': 2,
};

/**
 * With acks `all` a record is on at least `min.insync.replicas` brokers before it is acknowledged, and only that many are sure; with 1 it is on the leader, and with 0
 * perhaps nowhere.
 * @param failures brokers that fail, those with the partition, at the same time or while the first is not back
 */
export function outcomeOf(safety: TopicSafety, failures: number): DurabilityOutcome {
  const own = outcomeOfAtOnce(safety, failures);
  if (failures <= 1) return own;
  // They may fail one after the other, so that more of them never cost less.
  const before = outcomeOf(safety, failures - 1);
  return SEVERITY[before] > SEVERITY[own] ? before : own;
}

function outcomeOfAtOnce(safety: TopicSafety, failures: number): DurabilityOutcome {
  const { acks, inSyncReplicas, minInsyncReplicas, replicationFactor, uncleanLeaderElection } = safety;
  const hasSurvivors = replicationFactor > failures;
  if (acks === 0) return 'acknowledged-records-lost';
  if (acks === 1) return hasSurvivors ? 'acknowledged-records-lost' : 'unavailable';
  if (failures >= minInsyncReplicas) {
    if (uncleanLeaderElection && hasSurvivors) return 'acknowledged-records-lost';
    return 'unavailable';
  }
  return inSyncReplicas - failures >= minInsyncReplicas ? 'no-loss' : 'unavailable';
}

/** What to change, the most important first; one sentence each. Empty when one failure costs nothing and two lose nothing. */
export function adviceFor(safety: TopicSafety): string[] {
  const { acks, inSyncReplicas, minInsyncReplicas, replicationFactor, uncleanLeaderElection } = safety;
  const advice: string[] = [];
  if (acks === 0 || acks === 1) {
    advice.push(
      `Set the producer's acks to 'all' (it is ${acks}), so that a record is acknowledged when it is on several brokers.`,
    );
  }
  if (replicationFactor < 3) {
    advice.push(
      `Give the topic 3 replicas (it has ${replicationFactor}), with kafka-reassign-partitions or by creating it anew.`,
    );
  } else if (minInsyncReplicas < 2) {
    advice.push(
      `Set the topic's min.insync.replicas to 2 (it is ${minInsyncReplicas}), so that no record is acknowledged that only one broker has.`,
    );
  }
  if (replicationFactor > 1 && minInsyncReplicas > 1 && minInsyncReplicas >= replicationFactor) {
    advice.push(
      `Set the topic's min.insync.replicas below its ${replicationFactor} replicas (it is ${minInsyncReplicas}), so that writing goes on without one of them.`,
    );
  }
  if (uncleanLeaderElection && replicationFactor > 1) {
    advice.push(
      "Set the topic's unclean.leader.election.enable to false, so that no replica becomes the leader that lacks records.",
    );
  }
  if (inSyncReplicas < replicationFactor) {
    advice.push(
      `Bring the brokers back whose replicas are missing: ${inSyncReplicas} of ${replicationFactor} are in sync now.`,
    );
  }
  return advice;
}
