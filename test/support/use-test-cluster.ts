import { afterAll, beforeAll } from '@jest/globals';
import { KafkaTestCluster, type KafkaTestClusterOptions } from '../../lib/testing/index.js';

/** A cluster that belongs to a suite, never one that is there already: from before its first test until after its last. To be called in its `describe`. */
export function useTestCluster(options: Omit<KafkaTestClusterOptions, 'bootstrapServers'>): {
  /** @throws Error before the first test */
  readonly cluster: KafkaTestCluster;
} {
  let cluster: KafkaTestCluster | undefined;

  beforeAll(async () => {
    cluster = await KafkaTestCluster.start({ ...options, bootstrapServers: [] });
  }, 120_000);

  afterAll(async () => {
    await cluster?.stop();
  }, 30_000);

  return {
    get cluster() {
      if (cluster === undefined) throw new Error('The cluster has not started.');
      return cluster;
    },
  };
}
