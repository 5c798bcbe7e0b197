import { randomBytes } from 'node:crypto';
import type { KafkaTestCluster } from 'nestjs-kafka-producer/testing';

const PARTITIONS = 6;

/** The topic of one run. On a cluster of somebody else it has a name of its own, so that nothing else is in it, and goes with the run. */
export class DeparturesTopic implements AsyncDisposable {
  private constructor(
    private readonly cluster: KafkaTestCluster,
    public readonly name: string,
  ) {}

  public static async create(cluster: KafkaTestCluster): Promise<DeparturesTopic> {
    const name = cluster.isExternal ? `departures-${randomBytes(4).toString('hex')}` : 'departures';
    await cluster.createTopic(name, { partitions: PARTITIONS });
    return new DeparturesTopic(cluster, name);
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    if (this.cluster.isExternal) await this.cluster.deleteTopic(this.name);
  }
}
