import type { BrokerConnection } from '../../../wire/broker-connection.js';
import type { ClusterLink } from '../../../wire/cluster-link.js';
import { BrokerConnectionError } from '../../../wire/connection-errors.js';
import type { ProducePartitionResponse, ProduceRequest, ProduceResponse } from '../../../wire/protocol/produce.js';
import { decodeRecordBatches, type DecodedBatch } from '../../../wire/record-batch-decoder.js';
import type { CompressionCodec } from '../../../wire/compression/compression-codec.js';

/** What a test says about one partition; the rest is as in a success at offset 0. */
export type PartitionAnswer = Partial<Omit<ProducePartitionResponse, 'index'>>;

/** One batch of a Produce request as the broker reads it. */
export interface SentBatch {
  readonly topic: string;
  readonly partition: number;
  readonly values: readonly (string | null)[];
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  /** The bytes as they were at the time of sending. */
  readonly bytes: Buffer;
  readonly decoded: DecodedBatch;
}

/** A Produce request that waits for the test's answer. */
export class SentRequest {
  public readonly batches: readonly SentBatch[];
  public isSettled = false;

  public constructor(
    public readonly nodeId: number,
    public readonly request: ProduceRequest,
    private readonly resolve: (response: ProduceResponse) => void,
    private readonly reject: (error: unknown) => void,
    codecs: readonly CompressionCodec[],
  ) {
    this.batches = request.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ index, records }) => {
        const bytes = Buffer.from(records);
        const [decoded] = decodeRecordBatches(bytes, codecs);
        if (decoded === undefined) throw new Error('A Produce request without a batch');
        const { producerId, producerEpoch, baseSequence } = decoded;
        const values = decoded.records.map(({ value }) => value?.toString() ?? null);
        return {
          topic: name,
          partition: index,
          values,
          producerId,
          producerEpoch,
          baseSequence,
          bytes,
          decoded,
        };
      }),
    );
  }

  /** The only batch of the request. */
  public get batch(): SentBatch {
    const [batch, ...others] = this.batches;
    if (batch === undefined || others.length > 0) throw new Error(`${this.batches.length} batches in the request`);
    return batch;
  }

  /** `t-0=a,b t-1=c` */
  public get summary(): string {
    return this.batches.map(({ topic, partition, values }) => `${topic}-${partition}=${values.join()}`).join(' ');
  }

  /** Answers each partition of the request with what is given for it, by `topic-partition`, or with what is given for all. */
  public answer(
    answers: Readonly<Record<string, PartitionAnswer | 'missing'>> | PartitionAnswer = {},
    throttleTimeMs = 0,
  ): void {
    const byPartition = answers as Readonly<Record<string, PartitionAnswer | 'missing'>>;
    const isForAll = Object.keys(answers).every((name) => !name.includes('-'));
    const topics = this.request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.flatMap(({ index }) => {
        const answer = isForAll ? (answers as PartitionAnswer) : (byPartition[`${name}-${index}`] ?? {});
        return answer === 'missing' ? [] : [partitionResponse(index, answer)];
      }),
    }));
    // Brokers answer in an order of their own.
    this.respond({
      throttleTimeMs,
      topics: topics.reverse(),
      nodeEndpoints: [],
    });
  }

  public respond(response: ProduceResponse): void {
    this.settle();
    this.resolve(response);
  }

  /** The connection is lost, or whatever else. */
  public fail(error: unknown = new BrokerConnectionError('The connection was lost.')): void {
    this.settle();
    this.reject(error);
  }

  /** A socket may write from the buffers until the answer is there: whoever changes them before damages records (KAFKA-19012). */
  private settle(): void {
    if (this.isSettled) throw new Error('The request has had its answer');
    this.isSettled = true;
    const held = this.request.topics.flatMap(({ partitions }) => partitions.map(({ records }) => records));
    held.forEach((records, index) => {
      const { bytes } = this.batches[index] ?? {};
      if (bytes?.equals(records) !== true)
        throw new Error(`The bytes of ${this.summary} changed while a request held them`);
    });
  }
}

export function partitionResponse(index: number, answer: PartitionAnswer = {}): ProducePartitionResponse {
  const errorCode = answer.errorCode ?? 0;
  return {
    index,
    errorCode,
    baseOffset: errorCode === 0 ? 0n : -1n,
    logAppendTime: -1,
    logStartOffset: 0n,
    recordErrors: [],
    errorMessage: null,
    currentLeader: null,
    ...answer,
  };
}

/** The connections of a producer, in memory: every node is reachable unless the test says otherwise. */
export class FakeLink {
  /** Every Produce request so far. */
  public readonly requests: SentRequest[] = [];
  /** Nodes that cannot be reached. */
  public readonly down = new Set<number>();
  public readonly disconnected: number[] = [];
  public codecs: readonly CompressionCodec[] = [];
  /** Called with each request: a simulated broker may answer by itself. */
  public onRequest: (request: SentRequest) => void = () => undefined;

  public get asLink(): ClusterLink {
    return this as unknown as ClusterLink;
  }

  /** Requests without an answer. */
  public get open(): readonly SentRequest[] {
    return this.requests.filter(({ isSettled }) => !isSettled);
  }

  public ready(nodeId: number): number {
    return this.down.has(nodeId) ? Number.POSITIVE_INFINITY : 0;
  }

  public openConnection(nodeId: number): BrokerConnection | null {
    if (this.down.has(nodeId)) return null;
    const send = (_api: unknown, request: ProduceRequest): Promise<ProduceResponse> => {
      let resolve: (response: ProduceResponse) => void = () => undefined;
      let reject: (error: unknown) => void = () => undefined;
      const answer = new Promise<ProduceResponse>((onAnswer, onFailure) => {
        resolve = onAnswer;
        reject = onFailure;
      });
      // Outside of the promise: a batch that cannot be read is a failure of the test, not of the connection.
      this.take(new SentRequest(nodeId, request, resolve, reject, this.codecs));
      return answer;
    };
    return { send, sendOneWay: send } as unknown as BrokerConnection;
  }

  /** Fails what the node owes, in order. */
  public disconnect(nodeId: number, error: Error): void {
    this.disconnected.push(nodeId);
    for (const request of this.open) if (request.nodeId === nodeId) request.fail(error);
  }

  private take(request: SentRequest): void {
    this.requests.push(request);
    this.onRequest(request);
  }
}
