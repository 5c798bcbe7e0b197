import type { Random } from '../../../../test/support/random.js';
import { BrokerConnectionError } from '../../../wire/connection-errors.js';
import { ErrorCode } from '../../../wire/error-codes.js';
import type { DeliveryBench } from './delivery-bench.js';
import { partitionResponse, type PartitionAnswer, type SentBatch, type SentRequest } from './fake-connection.js';

export type Trouble = 'none' | 'slow' | 'request lost' | 'answer lost' | 'late' | 'refused' | 'timed out after append';

interface StoredBatch {
  readonly epoch: number;
  readonly first: number;
  readonly count: number;
  readonly offset: number;
}

/** What a partition remembers of one producer: the last five batches (wire.md 5.1). */
type ProducerState = StoredBatch[];

const MODULUS = 2 ** 31;
const REMEMBERED = 5;

/**
 * Brokers that keep logs, check sequences as Kafka does, and misbehave at random. A broker serves its connection in order; when the connection is
 * lost, some of what was on it has been stored and some has not. Leaders hand their state on.
 */
export class SimulatedCluster {
  /** For the next request only. */
  public next: Trouble | null = null;
  /** `max.message.bytes` of the topic. */
  public maxMessageBytes = 1_048_588;
  private readonly logs = new Map<number, string[]>();
  private readonly producers = new Map<string, ProducerState>();
  private readonly leaders: number[];
  /** What each broker has not served yet, in order. */
  private readonly queues = new Map<number, { request: SentRequest; trouble: Trouble }[]>();

  public constructor(
    private readonly bench: DeliveryBench,
    private readonly random: Random,
    /** Probability of trouble per request. */
    public trouble: number,
  ) {
    this.leaders = bench.metadata.partitions('t').map(({ leader }) => leader ?? -1);
    bench.link.onRequest = (request) => this.receive(request);
    bench.onMetadataStale = () => setTimeout(() => bench.lead([...this.leaders]), random.integer(0, 60));
  }

  public log(partition: number): readonly string[] {
    return this.logs.get(partition) ?? [];
  }

  /** The clients hear of it some time later, or from the former leader. */
  public moveLeader(partition: number, nodeId: number): void {
    this.leaders[partition] = nodeId;
    setTimeout(() => this.bench.lead([...this.leaders]), this.random.integer(0, 60));
  }

  /** The partition's leader is started again, or another that was: its snapshot holds the last batch of each producer, and no more. */
  public restartLeader(partition: number): void {
    for (const [name, state] of this.producers) {
      if (name.startsWith(`${partition}/`)) this.producers.set(name, state.slice(-1));
    }
  }

  private receive(request: SentRequest): void {
    const queue = this.queues.get(request.nodeId) ?? [];
    this.queues.set(request.nodeId, queue);
    queue.push({ request, trouble: this.nextTrouble() });
    if (queue.length === 1) this.serveSoon(request.nodeId);
  }

  private nextTrouble(): Trouble {
    const { next } = this;
    this.next = null;
    if (next !== null) return next;
    if (this.random.next() >= this.trouble) return 'none';
    return this.random.pick(['slow', 'request lost', 'answer lost', 'late', 'refused', 'timed out after append']);
  }

  private serveSoon(nodeId: number): void {
    const head = this.queues.get(nodeId)?.[0];
    if (head === undefined) return;
    const ms = head.trouble === 'slow' ? this.random.integer(20, 250) : this.random.integer(0, 4);
    setTimeout(() => this.serve(nodeId), ms);
  }

  private serve(nodeId: number): void {
    const queue = this.queues.get(nodeId) ?? [];
    const head = queue.shift();
    if (head === undefined) return;
    // The client may have given the connection up.
    if (head.request.isSettled) {
      this.serveSoon(nodeId);
      return;
    }
    const { request, trouble } = head;
    if (trouble === 'request lost' || trouble === 'answer lost') {
      if (trouble === 'answer lost') this.store(request, 'none');
      this.loseConnection(request, queue);
      return;
    }
    if (trouble === 'late') {
      this.serveAfterItWasGivenUp(request, queue);
      return;
    }
    const answers = this.store(request, trouble);
    const topics = request.request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index }) => partitionResponse(index, answers.get(index))).reverse(),
    }));
    request.respond({ throttleTimeMs: 0, topics, nodeEndpoints: [] });
    this.serveSoon(nodeId);
  }

  /** Some of what stood behind is stored before the connection ends. */
  private loseConnection(request: SentRequest, queue: { request: SentRequest; trouble: Trouble }[]): void {
    const behind = queue.splice(0);
    const isStored = request.isSettled ? 0 : this.random.integer(0, behind.length);
    const error = new BrokerConnectionError('The connection was lost.');
    // A lost request takes those behind it with it: bytes arrive in order.
    const wasLostOnTheWay = this.random.next() < 0.5;
    if (!wasLostOnTheWay) for (const { request: later } of behind.slice(0, isStored)) this.store(later, 'none');
    for (const { request: failed } of [{ request }, ...behind]) failed.fail(error);
  }

  /** The client gives the connection up, but the broker still has what was sent on it, and gets to it some time later, in order. */
  private serveAfterItWasGivenUp(request: SentRequest, queue: { request: SentRequest; trouble: Trouble }[]): void {
    const zombies = [{ request }, ...queue.splice(0)];
    const error = new BrokerConnectionError('The connection does not answer.');
    for (const zombie of zombies) zombie.request.fail(error);
    setTimeout(
      () => {
        for (const zombie of zombies) this.store(zombie.request, 'none');
      },
      this.random.integer(1, 200),
    );
  }

  private store(request: SentRequest, trouble: Trouble): Map<number, PartitionAnswer> {
    return new Map(request.batches.map((batch) => [batch.partition, this.append(request.nodeId, batch, trouble)]));
  }

  private append(nodeId: number, batch: SentBatch, trouble: Trouble): PartitionAnswer {
    if (this.leaders[batch.partition] !== nodeId) return { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER };
    if (batch.bytes.length > this.maxMessageBytes) return { errorCode: ErrorCode.MESSAGE_TOO_LARGE };
    if (trouble === 'refused' && this.random.next() < 0.6) {
      const errorCode = this.random.pick([
        ErrorCode.NOT_ENOUGH_REPLICAS,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.CORRUPT_MESSAGE,
      ]);
      return { errorCode };
    }
    const answer = batch.producerId < 0n ? { baseOffset: BigInt(this.write(batch)) } : this.appendInSequence(batch);
    const isStored = answer.errorCode === undefined;
    return isStored && trouble === 'timed out after append' ? { errorCode: ErrorCode.REQUEST_TIMED_OUT } : answer;
  }

  private appendInSequence(batch: SentBatch): PartitionAnswer {
    const { partition, producerId, producerEpoch: epoch, baseSequence: first, values } = batch;
    const name = `${partition}/${producerId}`;
    const known = this.producers.get(name);
    const last = known?.at(-1);
    if (known !== undefined && last !== undefined) {
      if (epoch < last.epoch) return { errorCode: ErrorCode.INVALID_PRODUCER_EPOCH };
      const twin = known.find(
        (stored) => stored.epoch === epoch && stored.first === first && stored.count === values.length,
      );
      if (twin !== undefined) return { baseOffset: BigInt(twin.offset) };
      const expected = epoch > last.epoch ? 0 : (last.first + last.count) % MODULUS;
      if (first !== expected) return { errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER };
    }
    const offset = this.write(batch);
    const state = epoch > (last?.epoch ?? epoch) ? [] : (known ?? []);
    this.producers.set(name, [...state, { epoch, first, count: values.length, offset }].slice(-REMEMBERED));
    return { baseOffset: BigInt(offset) };
  }

  /** @returns the offset of the first record */
  private write({ partition, values }: SentBatch): number {
    const log = this.logs.get(partition) ?? [];
    this.logs.set(partition, log);
    return log.push(...values.map(String)) - values.length;
  }
}
