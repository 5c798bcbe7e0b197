import type { Partitioner } from '../producer/partitioners/partitioner.js';
import type { ProducerInterceptor } from '../producer/producer-interceptor.js';
import type { ProducerParts } from '../producer/producer-parts.factory.js';
import type { Serializer } from '../producer/serializers/serializer.js';
import { shareParts } from './share-parts.js';
import { TransactionBench } from './spec-support/transaction-bench.js';

const metadata = { topic: 't', partition: 0, offset: '1', timestamp: 0, serializedKeySize: -1, serializedValueSize: 1 };

/** All the parts in one; its state is private, as that of a user's class may be. */
class Everything implements Serializer, Partitioner, ProducerInterceptor {
  readonly #calls: string[] = [];

  public get calls(): readonly string[] {
    return this.#calls;
  }

  public serialize(topic: string, data: unknown): string {
    this.#calls.push(`serialize ${topic} ${String(data)}`);
    return 'bytes';
  }

  public partition(): number {
    this.#calls.push('partition');
    return 3;
  }

  public onNewBatch(topic: string): void {
    this.#calls.push(`onNewBatch ${topic}`);
  }

  public onSend<T>(record: T): T {
    this.#calls.push('onSend');
    return record;
  }

  public onAcknowledgement(): void {
    this.#calls.push('onAcknowledgement');
  }

  public close(): void {
    this.#calls.push('close');
  }
}

const partsOf = (part: Everything): ProducerParts => ({
  keySerializer: part,
  valueSerializer: part,
  partitioner: part,
  interceptors: [part],
});
const cluster = { partitionCount: () => 6, partitions: () => [], availablePartitions: () => [] };
const context = { topic: 't', key: null, keyBytes: null, value: 'v', cluster };

describe('the parts that producers share', () => {
  it('are called as they are', () => {
    const part = new Everything();
    const shared = shareParts(partsOf(part));
    const [interceptor] = shared.interceptors;

    expect(shared.valueSerializer.serialize('t', 5)).toBe('bytes');
    expect(shared.partitioner?.partition(context)).toBe(3);
    shared.partitioner?.onNewBatch?.('t', cluster, 3);
    const record = { topic: 't', value: 'v' };
    expect(interceptor?.onSend?.(record)).toBe(record);
    interceptor?.onAcknowledgement?.(metadata, null);
    expect(part.calls).toEqual(['serialize t 5', 'partition', 'onNewBatch t', 'onSend', 'onAcknowledgement']);
  });

  it('cannot be closed by those that only share them, and are called by their names', () => {
    const { interceptors, keySerializer, partitioner, valueSerializer } = shareParts(partsOf(new Everything()));

    for (const part of [keySerializer, valueSerializer, partitioner, ...interceptors]) {
      expect(part?.close).toBeUndefined();
      expect(part?.constructor.name).toBe('Everything');
    }
  });

  it('have no more methods than before', () => {
    const shared = shareParts({
      keySerializer: new Everything(),
      valueSerializer: new Everything(),
      partitioner: { partition: () => 0 },
      interceptors: [{ onSend: (record) => record }, { onAcknowledgement: () => undefined }],
    });

    expect(shared.partitioner?.onNewBatch).toBeUndefined();
    expect(
      shared.interceptors.map((part) => [part.onSend, part.onAcknowledgement].map((method) => typeof method)),
    ).toEqual([
      ['function', 'undefined'],
      ['undefined', 'function'],
    ]);
    expect(shareParts({ ...partsOf(new Everything()), partitioner: null }).partitioner).toBeNull();
  });

  it('let what an acknowledgement sends belong to no transaction', async () => {
    const { producer } = new TransactionBench();
    const seen: unknown[] = [];
    const note = (): void => void seen.push(producer.currentTransaction());
    const { interceptors } = shareParts({
      ...partsOf(new Everything()),
      interceptors: [{ onSend: (record) => (note(), record), onAcknowledgement: note }],
    });
    await producer.transaction((transaction) => {
      interceptors[0]?.onSend?.({ topic: 't', value: 'v' });
      interceptors[0]?.onAcknowledgement?.(metadata, null);
      expect(seen).toEqual([transaction, null]);
    });
  });
});
