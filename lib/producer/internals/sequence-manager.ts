import { MAX_IN_FLIGHT_BATCHES } from './partition-sequence.js';
import type { PartitionQueue } from './partition-queue.js';
import type { ProducerBatch } from './producer-batch.js';
import type { ProducerMetadata } from './producer-metadata.js';

const MAX_EPOCH = 32_767;
/** The first response after the refusal may have been asked for before it. */
const RESPONSES_UNTIL_FRESH = 2;

/** What to do with a batch that the broker has refused with a sequence or epoch error. */
export type SequenceVerdict =
  'stored' | 'check-topic' | 'outcome-unknown' | 'give-up' | 'retry' | 'retry-under-new-epoch';

/**
 * Producer id, epoch and sequences of an idempotent producer (the part of Kafka's `TransactionManager` without a transactional id; KIP-98,
 * KIP-360). It decides which batch may be sent, and recovers by a new epoch when a sequence cannot be continued.
 */
export class SequenceManager {
  private id = -1n;
  private epoch = -1;

  /**
   * @param maxInFlight `max.in.flight.requests.per.connection`
   * @param onAbandoned a batch can neither be resolved under its old epoch nor go on under the new one
   * @param isTransactional the epoch is the coordinator's: a sequence that cannot be continued ends the transaction
   */
  public constructor(
    private readonly maxInFlight: number,
    private readonly onAbandoned: (batch: ProducerBatch) => void = () => undefined,
    private readonly isTransactional = false,
    private readonly metadata: Pick<ProducerMetadata, 'topic' | 'version'> | null = null,
  ) {}

  public get producerId(): bigint {
    return this.id;
  }

  public get producerEpoch(): number {
    return this.epoch;
  }

  public get hasProducerId(): boolean {
    return this.id >= 0n;
  }

  public useProducerId(producerId: bigint, epoch: number): void {
    this.id = producerId;
    this.epoch = epoch;
  }

  /**
   * Whether the head of a partition may be sent now. A retried batch goes alone, when it is the oldest; a new one follows when order
   * survives the failure of any batch before it.
   */
  public maySend(queue: PartitionQueue, head: ProducerBatch, now: number): boolean {
    if (!this.hasProducerId) return false;
    const { sequence } = queue;
    this.refresh(queue);
    if (head.hasSequence) return !sequence.needsNewEpoch && sequence.isOldest(head);
    if (!sequence.isCurrent(this.id, this.epoch)) return false;
    return sequence.mayFollow(now) && sequence.inFlight.length < Math.min(this.maxInFlight, MAX_IN_FLIGHT_BATCHES);
  }

  public assign(queue: PartitionQueue, batch: ProducerBatch): void {
    if (!batch.hasSequence) queue.sequence.assign(batch, this.metadata?.topic(queue.topic)?.id ?? null);
  }

  public acknowledged(queue: PartitionQueue, batch: ProducerBatch, now: number): void {
    if (!batch.hasSequence) return;
    queue.sequence.acknowledge(batch, now);
    this.refresh(queue);
  }

  /**
   * The batch has been given up: refused, or its outcome never learned. Nothing new is sent to its partition until the batches behind it have
   * told which: stored under their old sequences, or refused for the gap and then sent under a new epoch. So none is stored twice.
   */
  public gaveUp(queue: PartitionQueue, batch: ProducerBatch): void {
    if (!batch.hasSequence) return;
    const { sequence } = queue;
    sequence.drop(batch);
    if (this.isTransactional || !sequence.isCurrent(batch.producerId, batch.producerEpoch)) return;
    sequence.unresolved = true;
    this.refresh(queue);
  }

  /**
   * OUT_OF_ORDER_SEQUENCE_NUMBER, UNKNOWN_PRODUCER_ID, INVALID_PRODUCER_EPOCH: this attempt was not stored; an earlier one may have been, if the
   * broker no longer remembers it for a duplicate.
   */
  public refused(queue: PartitionQueue, batch: ProducerBatch): SequenceVerdict {
    const { sequence } = queue;
    if (sequence.isBehindAcknowledged(batch)) return this.behindAcknowledged(queue, batch);
    if (!sequence.isOldest(batch) || sequence.needsNewEpoch) return 'retry';
    const next = sequence.askNext(batch);
    if (next !== undefined) {
      queue.bringForward(next);
      return 'retry';
    }
    if (this.isTransactional) return 'give-up';
    sequence.needsNewEpoch = true;
    return 'retry-under-new-epoch';
  }

  /**
   * A later batch is stored, but the broker does not know this one for a duplicate: a restarted broker knows only the last batch of each producer
   * (`ProducerStateManager.writeSnapshot`). A partition that knows the producer takes sequences without a gap, so this one is stored too. It has known the producer since the
   * first batch of the epoch, behind which nothing is sent until it is acknowledged, unless it is no longer the same partition: then the topic has another id.
   */
  private behindAcknowledged(queue: PartitionQueue, batch: ProducerBatch): SequenceVerdict {
    const { topicId } = queue.sequence;
    if (this.metadata === null || topicId === null) return 'outcome-unknown';
    if (batch.refusedAtMetadata < 0) batch.refusedAtMetadata = this.metadata.version;
    const topic = this.metadata.topic(queue.topic);
    if (topic === undefined || topic.toldBy < batch.refusedAtMetadata + RESPONSES_UNTIL_FRESH) return 'check-topic';
    return topic.id === topicId ? 'stored' : 'outcome-unknown';
  }

  /** Moves a partition on to the current epoch, or the producer to a new one, as soon as nothing of the partition is on the wire. */
  public refresh(queue: PartitionQueue): void {
    const { sequence } = queue;
    if (!this.hasProducerId) return;
    if (sequence.needsNewEpoch) {
      if (queue.inFlight === 0) this.renew(queue);
      return;
    }
    if (sequence.inFlight.length > 0) return;
    if (sequence.unresolved) {
      if (sequence.isComplete) sequence.unresolved = false;
      else this.renew(queue);
      return;
    }
    if (!sequence.isCurrent(this.id, this.epoch)) sequence.start(this.id, this.epoch);
  }

  /**
   * An attempt that was never answered may still lie in the socket of a paused broker and be stored under the old epoch, up to the moment in which the
   * new one arrives: its batch must not be sent under the new one as well.
   */
  private renew(queue: PartitionQueue): void {
    const { sequence } = queue;
    // Another partition may have raised the epoch since: then this one only has to follow.
    if (sequence.isCurrent(this.id, this.epoch)) this.bumpEpoch();
    const batches = sequence.reset();
    if (this.hasProducerId) sequence.start(this.id, this.epoch);
    else sequence.start(-1n, -1);
    for (const batch of batches) if (batch.mayBeStored) this.onAbandoned(batch);
  }

  private bumpEpoch(): void {
    if (this.epoch < MAX_EPOCH) {
      this.epoch++;
      return;
    }
    this.id = -1n;
    this.epoch = -1;
  }
}
