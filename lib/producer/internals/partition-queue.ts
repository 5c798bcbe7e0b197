import type { ProducerBatch } from './producer-batch.js';
import { PartitionSequence } from './partition-sequence.js';

/** Everything the producer holds for one partition: what waits, what is on its way, and the sequence numbers. */
export class PartitionQueue {
  /** Batches to be sent, oldest first; only the last one may be open. Retried ones stand at the front, by sequence. */
  public readonly waiting: ProducerBatch[] = [];
  /** Batches in unanswered requests, without those that have expired meanwhile. */
  public inFlight = 0;
  /** The broker that the last request went to, and when. */
  public sentTo = -1;
  public sentAt = 0;
  public readonly sequence = new PartitionSequence();

  public constructor(
    public readonly topic: string,
    public readonly partition: number,
  ) {}

  public get head(): ProducerBatch | undefined {
    return this.waiting[0];
  }

  public get tail(): ProducerBatch | undefined {
    return this.waiting[this.waiting.length - 1];
  }

  /** Puts a batch that has to be sent again where it belongs: by sequence, else at the front. */
  public reenqueue(batch: ProducerBatch): void {
    let index = 0;
    if (batch.hasSequence) {
      const order = this.sequence.inFlight;
      const position = order.indexOf(batch);
      while (index < this.waiting.length && isBefore(order, this.waiting[index], position)) index++;
    } else {
      while (index < this.waiting.length && isOlderRetry(this.waiting[index], batch)) index++;
    }
    this.waiting.splice(index, 0, batch);
  }

  /** A batch that waits is the next to be sent. */
  public bringForward(batch: ProducerBatch): void {
    const index = this.waiting.indexOf(batch);
    if (index > 0) this.waiting.unshift(...this.waiting.splice(index, 1));
  }

  public remove(batch: ProducerBatch): void {
    const index = this.waiting.indexOf(batch);
    if (index >= 0) this.waiting.splice(index, 1);
  }
}

function isBefore(order: readonly ProducerBatch[], other: ProducerBatch | undefined, position: number): boolean {
  if (other === undefined || !other.hasSequence) return false;
  const index = order.indexOf(other);
  return index >= 0 && index < position;
}

function isOlderRetry(other: ProducerBatch | undefined, batch: ProducerBatch): boolean {
  return other !== undefined && other.attempts > 0 && other.createdAt <= batch.createdAt;
}
