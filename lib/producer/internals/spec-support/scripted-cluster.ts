import type { BrokerAddress, TopicMetadata } from '../../../wire/cluster-metadata.js';
import { ProtocolReader } from '../../../wire/protocol/protocol-reader.js';
import { ProtocolWriter } from '../../../wire/protocol/protocol-writer.js';
import { decodeRecordBatches } from '../../../wire/record-batch-decoder.js';
import {
  API,
  apiVersionsAnswer,
  initProducerIdAnswer,
  metadataAnswer,
  PLAIN_RANGES,
  type ApiRange,
} from '../../../wire/spec-support/broker-answers.js';
import { ScriptedBroker, type ReceivedRequest, type Script } from '../../../wire/spec-support/scripted-broker.js';

const NODE = 1;
const PARTITIONS = 3;

/** One broker on 127.0.0.1 that keeps what it is sent, with topics of three partitions; each API can be scripted otherwise. */
export class ScriptedCluster implements AsyncDisposable {
  /** Stored values by `topic-partition`. */
  public readonly logs = new Map<string, string[]>();
  public readonly topics = new Set(['t']);
  public ranges: readonly ApiRange[] = PLAIN_RANGES;
  /** Instead of the usual answer, by api key. */
  public readonly scripts = new Map<number, Script>();

  private constructor(public readonly broker: ScriptedBroker) {
    broker.use((request) => (this.scripts.get(request.apiKey) ?? this.usual)(request));
  }

  /** @param port 0 for any */
  public static async start(port = 0): Promise<ScriptedCluster> {
    return new ScriptedCluster(await ScriptedBroker.listen(undefined, port));
  }

  public get address(): string {
    return this.broker.address;
  }

  public log(partition: number, topic = 't'): readonly string[] {
    return this.logs.get(`${topic}-${partition}`) ?? [];
  }

  /** Produce v3 to v8: stores every batch, or answers an error code for all of them. */
  public produce(request: ReceivedRequest, errorCode = 0): Buffer {
    const reader = new ProtocolReader(request.body, 'Produce request');
    reader.nullableString();
    reader.skip(6);
    const topics = reader.array((topicReader) => ({
      name: topicReader.string(),
      partitions: topicReader.array((partitionReader) => ({
        index: partitionReader.int32(),
        records: partitionReader.view(partitionReader.int32()),
      })),
    }));
    const writer = new ProtocolWriter();
    writer.array(topics, ({ name, partitions }) => {
      writer.string(name);
      writer.array(partitions, ({ index, records }) => {
        const offset = errorCode === 0 ? this.store(`${name}-${index}`, records) : -1;
        writer.int32(index).int16(errorCode).int64FromNumber(offset).int64(-1n);
        if (request.apiVersion >= 5) writer.int64(0n);
        if (request.apiVersion >= 8) writer.int32(0).nullableString(null);
      });
    });
    return writer.int32(0).toBuffer();
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    await this.broker[Symbol.asyncDispose]();
  }

  private readonly usual: Script = (request) => {
    switch (request.apiKey) {
      case API.apiVersions:
        return apiVersionsAnswer(request, this.ranges);
      case API.metadata:
        return metadataAnswer(request, [this.self()], this.asked(request));
      case API.initProducerId:
        return initProducerIdAnswer(4_000n);
      case API.produce:
        return this.produce(request);
      default:
        return null;
    }
  };

  private self(): BrokerAddress {
    return { nodeId: NODE, host: '127.0.0.1', port: this.broker.port, rack: null };
  }

  private asked({ body }: ReceivedRequest): TopicMetadata[] {
    const names = new ProtocolReader(body, 'Metadata request').array((reader) => reader.string());
    return names.map((name) => {
      const isKnown = this.topics.has(name);
      const partitions = Array.from({ length: isKnown ? PARTITIONS : 0 }, (_, partition) => ({
        partition,
        leaderId: NODE,
        leaderEpoch: 0,
        replicas: [NODE],
        isr: [NODE],
        offlineReplicas: [],
        errorCode: 0,
      }));
      return { name, errorCode: isKnown ? 0 : 3, isInternal: false, topicId: null, partitions };
    });
  }

  private store(name: string, records: Buffer): number {
    const log = this.logs.get(name) ?? [];
    this.logs.set(name, log);
    const [batch] = decodeRecordBatches(records);
    const values = batch?.records.map(({ value }) => String(value)) ?? [];
    return log.push(...values) - values.length;
  }
}
