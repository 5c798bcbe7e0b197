import { randomBytes } from 'node:crypto';
import { KafkaClusterView } from '../../lib/testing/kafka-cluster-view.js';
import { FaultProxy, FaultProxyError } from '../../lib/testing/fault-proxy/index.js';
import type { ClusterDescription } from '../../lib/testing/cluster/cluster-description.js';
import type { ListenerName } from '../../lib/testing/kafka-test-cluster-options.js';
import { waitUntil } from '../../lib/testing/wait-until.js';

/** Set by the global set-up. */
const DESCRIPTION_VARIABLE = 'KAFKA_TEST_SHARED_CLUSTER';
/** Distinguishes the names of this worker from those of all others of the run, and of other runs on a shared broker. */
const WORKER = randomBytes(4).toString('hex');
let names = 0;

/** The cluster of the run: one broker, listeners plaintext, ssl, sasl_plaintext and sasl_ssl (user `test`, password `test-secret`). */
export function sharedCluster(): KafkaClusterView {
  const text = process.env[DESCRIPTION_VARIABLE];
  if (text === undefined) throw new Error('No shared cluster: the test must be in the Jest project `broker`.');
  const description: ClusterDescription = JSON.parse(text);
  return new KafkaClusterView(description);
}

/** A proxy of the caller's own in front of the shared cluster. */
export interface SharedFaultProxy extends AsyncDisposable {
  readonly proxy: FaultProxy;
  /** What a client connects to; everything it is told leads through the proxy. */
  readonly bootstrapServers: string[];
}

/**
 * Starts a fault proxy that this test has for itself, in its own process; waits for one of the spare listeners to be free.
 * Dispose of it (`await using`) at the end.
 */
export async function startFaultProxy(cluster: KafkaClusterView = sharedCluster()): Promise<SharedFaultProxy> {
  let started: SharedFaultProxy | null = null;
  await waitUntil('a free fault listener of the shared cluster', 60_000, async () => {
    for (let i = 1; cluster.hasListener(`fault${i}`) && started === null; i++) {
      started = await tryFaultProxy(cluster, `fault${i}`);
    }
    return started !== null;
  });
  if (started === null) throw new Error('No fault listener.');
  return started;
}

export function uniqueTopic(prefix = 'topic'): string {
  return `${prefix}-${WORKER}-${++names}`;
}

export function uniqueGroup(prefix = 'group'): string {
  return uniqueTopic(prefix);
}

/** Waits until a condition holds; errors it throws count as "not yet" until the limit is over. */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  { limitMs = 10_000, what }: { readonly limitMs?: number; readonly what: string },
): Promise<void> {
  await waitUntil(what, limitMs, condition, 20);
}

async function tryFaultProxy(cluster: KafkaClusterView, listener: ListenerName): Promise<SharedFaultProxy | null> {
  try {
    const proxy = await FaultProxy.start({ brokers: cluster.proxyTargets(listener) });
    return {
      proxy,
      bootstrapServers: cluster.bootstrapServers(listener),
      [Symbol.asyncDispose]: () => proxy.close(),
    };
  } catch (error) {
    if (error instanceof FaultProxyError && /EADDRINUSE/.test(error.message)) return null;
    throw error;
  }
}
