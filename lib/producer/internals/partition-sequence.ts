import type { ProducerBatch } from './producer-batch.js';

const SEQUENCE_MODULUS = 2 ** 31;
/** The broker remembers this many batches per partition and producer; more unanswered ones could not be resolved after a lost answer. */
export const MAX_IN_FLIGHT_BATCHES = 5;
/**
 * After so long without an acknowledgement a partition is treated like one that has not seen this producer: the broker forgets idle
 * producers (`producer.id.expiration.ms`), and then takes any first sequence.
 */
const FORGOTTEN_AFTER_MS = 60_000;

/** Sequences count records and wrap from 2147483647 to 0. */
export function addToSequence(sequence: number, records: number): number {
  return (sequence + records) % SEQUENCE_MODULUS;
}

/** Whether a sequence comes after another, across the wrap; everything comes after -1. */
function isAhead(sequence: number, other: number): boolean {
  if (sequence < 0 || other < 0) return sequence > other;
  const distance = (sequence - other + SEQUENCE_MODULUS) % SEQUENCE_MODULUS;
  return distance > 0 && distance < SEQUENCE_MODULUS / 2;
}

/**
 * The sequence numbers of one partition (Kafka's `TxnPartitionEntry`).
 *
 * A broker that does not know the producer accepts any first sequence, so nothing is sent behind the first batch of an epoch until it
 * has been acknowledged: were the first one refused and the second accepted, their order would be lost.
 */
export class PartitionSequence {
  /** Batches with a sequence that are neither stored nor given up, oldest first: on the wire, or waiting to be sent again. */
  public readonly inFlight: ProducerBatch[] = [];
  /** A batch expired or failed with its outcome unknown: nothing new is sent until the partition is clear. */
  public unresolved = false;
  /** The batches in flight must go on under a new epoch. */
  public needsNewEpoch = false;

  /** The topic's id as it was known when the first batch of the epoch was sent. */
  private firstTopicId: string | null = null;
  private producerId = -1n;
  private producerEpoch = -1;
  private next = 0;
  private lastAcked = -1;
  private lastAckedAt = Number.NEGATIVE_INFINITY;

  /** The topic to which all of the epoch was sent, if it is still the same one; null when nobody knows. */
  public get topicId(): string | null {
    return this.firstTopicId;
  }

  public isCurrent(producerId: bigint, producerEpoch: number): boolean {
    return this.producerId === producerId && this.producerEpoch === producerEpoch;
  }

  /** Starts at 0 under another id or epoch; only legal while nothing is in flight. */
  public start(producerId: bigint, producerEpoch: number): void {
    this.producerId = producerId;
    this.producerEpoch = producerEpoch;
    this.next = 0;
    this.lastAcked = -1;
    this.lastAckedAt = Number.NEGATIVE_INFINITY;
    this.firstTopicId = null;
    this.unresolved = false;
    this.needsNewEpoch = false;
  }

  /** Whether one more new batch may follow those in flight. */
  public mayFollow(now: number): boolean {
    if (this.unresolved || this.needsNewEpoch) return false;
    if (this.inFlight.length === 0) return true;
    // The broker must still know the oldest one when it is sent again: no more than four may ever be stored behind it.
    if (this.inFlight.some((batch) => batch.attempts > 0)) return false;
    return this.inFlight.length < MAX_IN_FLIGHT_BATCHES && now - this.lastAckedAt < FORGOTTEN_AFTER_MS;
  }

  /** @param topicId as it is known now */
  public assign(batch: ProducerBatch, topicId: string | null = null): void {
    if (this.lastAcked < 0 && this.inFlight.length === 0) this.firstTopicId = topicId;
    batch.assignSequence(this.producerId, this.producerEpoch, this.next);
    this.next = addToSequence(this.next, batch.recordCount);
    this.inFlight.push(batch);
  }

  public isOldest(batch: ProducerBatch): boolean {
    return this.inFlight[0] === batch;
  }

  /** The batch is stored. Also called for one that had already expired. */
  public acknowledge(batch: ProducerBatch, now: number): void {
    this.drop(batch);
    if (!this.isCurrent(batch.producerId, batch.producerEpoch)) return;
    this.lastAckedAt = now;
    const last = addToSequence(batch.baseSequence, batch.recordCount - 1);
    if (isAhead(last, this.lastAcked)) this.lastAcked = last;
  }

  /** A later batch of the same epoch has been acknowledged. */
  public isBehindAcknowledged(batch: ProducerBatch): boolean {
    const last = addToSequence(batch.baseSequence, batch.recordCount - 1);
    return this.isCurrent(batch.producerId, batch.producerEpoch) && isAhead(this.lastAcked, last);
  }

  /**
   * The oldest batch was refused as out of order. If it, or one refused before it, may be stored, the next one that may be is to be sent before them: that is
   * taken, or known to the broker, only when they are stored.
   * @returns that next one, or undefined when there is no doubt, or nothing left to ask; then all stand in their order again
   */
  public askNext(refused: ProducerBatch): ProducerBatch | undefined {
    refused.isOutOfOrder = true;
    this.inFlight.sort((left, right) => (isAhead(left.baseSequence, right.baseSequence) ? 1 : -1));
    if (!this.inFlight.some((batch) => batch.isOutOfOrder && batch.mayBeStored)) return undefined;
    const next = this.inFlight.find((batch) => !batch.isOutOfOrder && (batch.mayBeStored || batch.onWire));
    if (next === undefined) return undefined;
    this.drop(next);
    this.inFlight.unshift(next);
    return next;
  }

  public drop(batch: ProducerBatch): void {
    const index = this.inFlight.indexOf(batch);
    if (index >= 0) this.inFlight.splice(index, 1);
  }

  /** A split: the children take the place and the sequences of their parent. */
  public replace(batch: ProducerBatch, children: readonly ProducerBatch[]): void {
    const index = this.inFlight.indexOf(batch);
    if (index < 0) return;
    let sequence = batch.baseSequence;
    for (const child of children) {
      child.assignSequence(batch.producerId, batch.producerEpoch, sequence);
      sequence = addToSequence(sequence, child.recordCount);
    }
    this.inFlight.splice(index, 1, ...children);
  }

  /** Everything sent has been acknowledged, including what was in doubt. */
  public get isComplete(): boolean {
    return this.inFlight.length === 0 && this.next === addToSequence(this.lastAcked, 1);
  }

  /** Takes the sequences off every batch in flight, oldest first: they go on as new ones. */
  public reset(): ProducerBatch[] {
    const batches = this.inFlight.splice(0);
    for (const batch of batches) batch.clearSequence();
    return batches;
  }
}
