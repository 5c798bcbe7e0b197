import type { BrokerConnection } from './broker-connection.js';
import type { ClusterLink } from './cluster-link.js';

/** A broker that does not answer in this time may be paused: another one is asked as well, without giving the first one up. */
const HEDGE_AFTER_MS = 1_000;

/**
 * Asks any one broker, and another one when it fails or takes long: the first answer counts.
 * @throws what the first one failed with
 */
export async function askHedged<Response>(
  link: ClusterLink,
  ask: (connection: BrokerConnection) => Promise<Response>,
): Promise<Response> {
  const first = await link.connectAny();
  const answer = ask(first);
  let timer: NodeJS.Timeout | undefined;
  const slow = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), HEDGE_AFTER_MS);
  });
  const early = await Promise.race([answer.catch(() => null), slow]);
  clearTimeout(timer);
  if (early !== null) return early;
  const hedge = link.connectAny(first).then(ask);
  try {
    return await Promise.any([answer, hedge]);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}
