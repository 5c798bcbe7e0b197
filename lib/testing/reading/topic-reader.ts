import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerAddress, PartitionMetadata } from '../../wire/cluster-metadata.js';
import type { CompressionCodec, CompressionType } from '../../wire/compression/compression-codec.js';
import { loadCompressionCodec } from '../../wire/compression/load-compression-codec.js';
import { KafkaError } from '../../wire/kafka-error.js';
import { withBroker, type BrokerClient } from './broker-client.js';
import { brokerError, fetchMetadata, fetchPartition, listOffset } from './broker-requests.js';
import type { Isolation } from './broker-requests.js';
import { PartitionScan } from './partition-scan.js';
import type { StoredRecord } from './stored-record.js';
import { messageOf } from '../thrown.js';

const REQUEST_TIMEOUT_MS = 10_000;
const RETRY_MS = 100;
const FETCH_BYTES = 4 * 1024 * 1024;
const DEFAULT_LIMIT_MS = 60_000;

export interface ReadTopicOptions {
  /** Default `read_uncommitted`: everything below the high watermark, aborted records too, transaction markers never. */
  readonly isolation?: Isolation;
  /** Limit for the whole reading, waiting for leaders included. Default 60 000 ms. */
  readonly limitMs?: number;
}

/**
 * Reads everything a topic holds at the moment of the call, one connection per partition, without a consumer group.
 * Compressed batches are decompressed, offsets may have gaps (compaction, transactions).
 */
export class TopicReader {
  private readonly deadline: number;
  private readonly isolation: Isolation;

  /** @param servers `host:port` of brokers to ask for the topic's leaders */
  public constructor(
    private readonly servers: () => readonly string[],
    private readonly topic: string,
    options: ReadTopicOptions,
  ) {
    this.deadline = Date.now() + (options.limitMs ?? DEFAULT_LIMIT_MS);
    this.isolation = options.isolation ?? 'read_uncommitted';
  }

  /**
   * Calls `visit` for every record, in offset order within each partition.
   * @throws KafkaError when the limit is over before everything has been read
   */
  public async read(visit: (record: StoredRecord) => void): Promise<void> {
    const codecs = await loadCodecs();
    const partitions = await this.retrying('find the partitions', -1, () => this.partitions());
    await Promise.all(
      partitions.map((partition) => this.readPartition(new PartitionScan(this.topic, partition, codecs, visit))),
    );
  }

  private async readPartition(scan: PartitionScan): Promise<void> {
    const { partition } = scan;
    let end: bigint | null = null;
    await this.retrying('read', partition, async () => {
      await withBroker(await this.leaderOf(partition), async (client) => {
        const target = { topic: this.topic, partition };
        end ??= await listOffset(client, target, 'latest', this.isolation, REQUEST_TIMEOUT_MS);
        const first = await listOffset(client, target, 'earliest', this.isolation, REQUEST_TIMEOUT_MS);
        if (scan.position < first) scan.position = first;
        await this.readUpTo(client, scan, end);
      });
    });
  }

  private async readUpTo(client: BrokerClient, scan: PartitionScan, end: bigint): Promise<void> {
    while (scan.position < end) {
      const { topic, partition, position } = scan;
      const target = { topic, partition, offset: position, maxBytes: FETCH_BYTES };
      scan.accept(await fetchPartition(client, target, this.isolation, REQUEST_TIMEOUT_MS), end);
      // A batch larger than asked for comes whole (since Kafka 0.10.1), so no progress means that nothing was there.
      if (scan.position === position && Date.now() > this.deadline) {
        throw new KafkaError(`nothing came at offset ${position}, and the end is ${end}`, { retriable: true });
      }
    }
  }

  private async partitions(): Promise<number[]> {
    const metadata = await this.metadata();
    return metadata.partitions.map((partition) => partition.partition);
  }

  /** The leader's `host:port`. */
  private async leaderOf(partition: number): Promise<string> {
    const { brokers, partitions } = await this.metadata();
    const leaderId = partitions.find((p) => p.partition === partition)?.leaderId ?? -1;
    const leader = brokers.find((broker) => broker.nodeId === leaderId);
    if (leader === undefined) throw new KafkaError('it has no leader', { retriable: true });
    return `${leader.host}:${leader.port}`;
  }

  private async metadata(): Promise<{ brokers: readonly BrokerAddress[]; partitions: readonly PartitionMetadata[] }> {
    let failure: unknown = new KafkaError('no broker is running', { retriable: true });
    for (const server of this.servers()) {
      try {
        const { brokers, topics } = await withBroker(server, (client) =>
          fetchMetadata(client, [this.topic], REQUEST_TIMEOUT_MS),
        );
        const topic = topics[0];
        if (topic === undefined || topic.errorCode !== 0) throw brokerError(topic?.errorCode ?? 3, this.topic, -1);
        return { brokers, partitions: topic.partitions };
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  /** Leaders move while tests kill brokers: what is temporary is tried again until the limit. */
  private async retrying<T>(what: string, partition: number, attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const temporary = error instanceof KafkaError && error.retriable;
        if (temporary && Date.now() + RETRY_MS < this.deadline) {
          await delay(RETRY_MS);
          continue;
        }
        const of = partition < 0 ? this.topic : `${this.topic}-${partition}`;
        const reason = messageOf(error);
        throw new KafkaError(`Could not ${what} of topic ${of} within the limit: ${reason}`, {
          topic: this.topic,
          partition: partition < 0 ? undefined : partition,
          cause: error,
        });
      }
    }
  }
}

/** Those that are installed; a batch that needs another one fails with the name of the package. */
async function loadCodecs(): Promise<CompressionCodec[]> {
  const types: readonly CompressionType[] = ['gzip', 'snappy', 'lz4', 'zstd'];
  const loaded = await Promise.allSettled(types.map((type) => loadCompressionCodec(type, null)));
  return loaded.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
