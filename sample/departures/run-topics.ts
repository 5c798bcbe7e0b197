import type { KafkaClusterView, KafkaTestCluster } from 'nestjs-kafka-producer/testing';
import { Topics } from './names.js';

const PARTITIONS = 6;

/** The topics of one run. On a cluster of somebody else they go with it. */
export class RunTopics implements AsyncDisposable {
  private constructor(private readonly cluster: KafkaTestCluster) {}

  public static async create(cluster: KafkaTestCluster): Promise<RunTopics> {
    await createTopics(cluster);
    return new RunTopics(cluster);
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    if (!this.cluster.isExternal) return;
    for (const topic of Object.values(Topics)) await this.cluster.deleteTopic(topic);
  }
}

export async function createTopics(cluster: KafkaClusterView): Promise<void> {
  await Promise.all(Object.values(Topics).map((topic) => cluster.createTopic(topic, { partitions: PARTITIONS })));
}
