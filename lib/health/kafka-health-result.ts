import type { HealthVerdict } from './health-verdict.js';

/**
 * What an indicator answers: the shape that Terminus's `HealthCheckService.check` takes.
 *
 * `status` is `degraded` only under a Terminus that knows it (12); elsewhere such a result is `up`, and `warnings` tells the same. Its type is that of Terminus 11, so
 * that it is assignable to the types of both.
 */
export type KafkaHealthResult<Key extends string = string> = Record<
  Key,
  {
    readonly status: 'up' | 'down';
    /** Why it is down, in sentences; absent when it is not. */
    readonly problems?: readonly string[];
    /** What is wrong although it is not down; absent when nothing is. */
    readonly warnings?: readonly string[];
  } & Readonly<Record<string, unknown>>
>;

/** @param knowsDegraded whether whoever reads the result knows the status `degraded` */
export function healthResult<Key extends string>(
  key: Key,
  verdict: HealthVerdict,
  details: Readonly<Record<string, unknown>>,
  knowsDegraded: boolean,
): KafkaHealthResult<Key> {
  const { problems, warnings } = verdict;
  const status = verdict.status === 'degraded' && !knowsDegraded ? 'up' : verdict.status;
  const result: Record<string, unknown> = {
    [key]: {
      status,
      ...(problems.length > 0 ? { problems } : {}),
      ...(warnings.length > 0 ? { warnings } : {}),
      ...details,
    },
  };
  // The compiler does not infer the key, and Terminus 11 does not know the third status.
  return result as KafkaHealthResult<Key>;
}
