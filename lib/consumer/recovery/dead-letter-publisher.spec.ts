import { jest } from '@jest/globals';
import { RecordingLog } from '../../../test/support/recording-log.js';
import { DeliveryTimeoutError, ProducerFatalError, UnknownTopicError } from '../../producer/errors.js';
import { murmur2, toPositive } from '../../producer/partitioners/murmur2.js';
import type { Partitioner } from '../../producer/partitioners/partitioner.js';
import type { PartitionInfo } from '../../producer/record.js';
import type { Serializer } from '../../producer/serializers/serializer.js';
import { RecordingKafkaProducer } from '../../testing/recording/recording-kafka-producer.js';
import type { RecordingKafkaProducerOptions } from '../../testing/recording/recording-kafka-producer-options.js';
import { waitUntil } from '../../testing/wait-until.js';
import { DeadLetterError } from './dead-letter-error.js';
import { DeadLetterPublisher } from './dead-letter-publisher.js';
import type { FailedRecord } from './recovery-policy.js';
import type { DeadLetterSettings } from './recovery-settings.js';
import { consumedRecord, failedRecord } from './spec-support/failed-record.js';

const SETTINGS: DeadLetterSettings = { topic: null, producer: null, stack: false };
const KEY = Buffer.from([0, 255]);
/** A request may have so much in the tests about records that are too large. */
const MOST_BYTES = 2_000;

class UnwantedParts implements Serializer, Partitioner {
  public serialize(): never {
    throw new Error('a serializer was asked');
  }

  public partition(): never {
    throw new Error('a partitioner was asked');
  }
}

function setUp(
  options: RecordingKafkaProducerOptions = {},
  settings: Partial<DeadLetterSettings> = {},
): { readonly producer: RecordingKafkaProducer; readonly publisher: DeadLetterPublisher } {
  const producer = new RecordingKafkaProducer({ log: new RecordingLog(), ...options });
  const publisher = new DeadLetterPublisher({ producer, settings: { ...SETTINGS, ...settings }, topicLookupMs: 20 });
  return { producer, publisher };
}

async function failure(work: Promise<unknown>): Promise<DeadLetterError> {
  const error = await work.then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(DeadLetterError);
  return error as DeadLetterError;
}

function names({ headers }: { readonly headers: unknown }): string[] {
  return (headers as { readonly key: string }[]).map(({ key }) => key);
}

function inPartition(partition: number, key: Buffer | null): FailedRecord {
  return failedRecord({ record: consumedRecord({ partition, key }) });
}

describe('a dead letter', () => {
  it('has key, value and headers byte for byte, whatever the producer is set up for', async () => {
    const parts = new UnwantedParts();
    const { producer, publisher } = setUp({
      producer: { keySerializer: parts, valueSerializer: parts, partitioner: parts },
      partitions: 3,
    });
    const value = Buffer.from('{"not": "touched"');
    const headers = [
      { key: 'a', value: Buffer.from([0, 200]) },
      { key: 'a', value: null },
    ];
    await publisher.publish(failedRecord({ record: consumedRecord({ key: KEY, value, headers }) }));

    expect(producer.records).toMatchObject([
      { topic: 'orders-dlt', partition: 2, serializedKey: KEY, serializedValue: value, state: 'stored' },
    ]);
    const stored = producer.records[0]?.headers as readonly unknown[];
    expect(stored.slice(0, 2)).toEqual(headers);
    expect(stored[2]).toMatchObject({ key: 'dlt-original-topic' });
  });

  it('may have no key and no value', async () => {
    const { producer, publisher } = setUp({ partitions: 3 });
    await publisher.publish(failedRecord({ record: consumedRecord({ key: null, value: null }) }));

    expect(producer.records).toMatchObject([{ serializedKey: null, serializedValue: null }]);
  });

  it('has the time at which it was stored, as retention begins then', async () => {
    const { producer, publisher } = setUp({ partitions: 3 });
    const before = Date.now();
    await publisher.publish(failedRecord({ record: consumedRecord({ timestamp: 5 }) }));

    expect(producer.records[0]?.timestamp).toBeGreaterThanOrEqual(before);
  });

  it.each([
    ['the same number', 8, 7, KEY, 7],
    ['that of its key where there are not so many', 5, 7, KEY, toPositive(murmur2(KEY)) % 5],
    ['one for all records of a partition that have no key', 5, 7, null, 2],
    ['the only one', 1, 7, KEY, 0],
  ])('goes into the partition with %s', async (_, partitions, partition, key, expected) => {
    const { producer, publisher } = setUp({ partitions });
    await publisher.publish(inPartition(partition, key));

    expect(producer.records.map((record) => record.partition)).toEqual([expected]);
  });

  it('goes to the topic that is named, or that a function names', async () => {
    const error = new RangeError('x');
    const topic = jest.fn(() => 'by-function');
    const fixed = setUp({ partitions: 3 }, { topic: 'dead' });
    const computed = setUp({ partitions: 3 }, { topic });
    const failed = failedRecord({ error });
    await fixed.publisher.publish(failed);
    await computed.publisher.publish(failed);

    expect([...fixed.producer.records, ...computed.producer.records].map((record) => record.topic)).toEqual([
      'dead',
      'by-function',
    ]);
    expect(topic).toHaveBeenCalledWith(failed.record, error);
  });

  it('is stored when the promise resolves, not before', async () => {
    const { producer, publisher } = setUp({ partitions: 3, autoComplete: false });
    const settled = jest.fn();
    const published = publisher.publish(failedRecord()).then(settled);
    await waitUntil('the send', 2_000, () => producer.pendingSends > 0, 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).not.toHaveBeenCalled();

    producer.completeNext();
    await published;
    expect(producer.records).toHaveLength(1);
  });

  it.each([
    ['is out of reach', new DeliveryTimeoutError('late')],
    ['is of no use any more', new ProducerFatalError('fenced')],
  ])('fails with the error of the producer when that %s', async (_, error) => {
    const { producer, publisher } = setUp({ partitions: 3 });
    producer.failNext('send', error);

    await expect(publisher.publish(failedRecord())).rejects.toBe(error);
    expect(producer.records).toEqual([]);
  });

  it('never goes to the topic that it has failed in', async () => {
    const { producer, publisher } = setUp({}, { topic: 'orders' });

    expect((await failure(publisher.publish(failedRecord()))).message).toContain('is its dead-letter topic');
    expect(producer.sent).toEqual([]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('x');
      },
      'has thrown, see the cause',
    ],
    ['returns nothing', () => undefined as unknown as string, 'did not return a name'],
    ['returns an empty text', () => '', 'did not return a name'],
  ])('is not lost when the function that names its topic %s', async (_, topic, message) => {
    const { producer, publisher } = setUp({}, { topic });

    expect((await failure(publisher.publish(failedRecord()))).message).toContain(message);
    expect(producer.sent).toEqual([]);
  });
});

describe('a dead-letter topic that is missing', () => {
  const created = /kafka-topics\.sh .* --create --topic orders-dlt --partitions/;

  it('is reported with the way to create it, when the producer does not find it', async () => {
    const { producer, publisher } = setUp();
    const cause = new UnknownTopicError('not known');
    jest.spyOn(producer, 'partitionsFor').mockRejectedValue(cause);
    const error = await failure(publisher.publish(failedRecord()));

    expect(error.message).toMatch(created);
    expect(error).toMatchObject({ topic: 'orders-dlt', retriable: true, cause });
  });

  it('is reported when the producer looks for it too long', async () => {
    const { producer, publisher } = setUp();
    let found: (partitions: PartitionInfo[]) => void = () => undefined;
    const looking = new Promise<PartitionInfo[]>((resolve) => (found = resolve));
    jest.spyOn(producer, 'partitionsFor').mockReturnValue(looking);

    expect((await failure(publisher.publish(failedRecord()))).message).toMatch(created);
    found([]);
    expect(producer.sent).toEqual([]);
  });

  it('is reported when it has gone meanwhile', async () => {
    const { producer, publisher } = setUp({ partitions: 3 });
    producer.failNext('send', new UnknownTopicError('gone'));

    expect((await failure(publisher.publish(failedRecord()))).message).toMatch(created);
  });
});

describe('a dead letter that is too large', () => {
  /** With headers about its failure of more than 1000 bytes. */
  function large(valueBytes: number): FailedRecord {
    const record = consumedRecord({ value: Buffer.alloc(valueBytes, 1) });
    return failedRecord({ record, error: new Error('x'.repeat(2_000)) });
  }

  const options = { partitions: 3, producer: { maxRequestSize: MOST_BYTES } };

  it('is stored whole, with fewer headers', async () => {
    const { producer, publisher } = setUp(options);
    const failed = large(1_500);
    await publisher.publish(failed);

    expect(producer.records.map(({ serializedValue }) => serializedValue)).toEqual([failed.record.value]);
    expect(producer.records.map(names)).toEqual([
      [
        'dlt-original-topic',
        'dlt-original-partition',
        'dlt-original-offset',
        'dlt-original-timestamp',
        'dlt-error-class',
      ],
    ]);
  });

  it('is not stored in part, but fails and says what to raise', async () => {
    const { producer, publisher } = setUp(options);
    const { message } = await failure(publisher.publish(large(1_990)));

    expect(message).toContain('Raise max.message.bytes');
    expect(message).toContain('offset 42 of orders-2');
    expect(producer.records).toEqual([]);
  });

  it('aborts its transaction, and is stored with fewer headers in the next one', async () => {
    const { producer, publisher } = setUp(options);
    const failed = large(1_500);
    const store = (): Promise<void> => producer.transaction(() => publisher.publish(failed));
    await failure(store());
    expect(producer.records).toEqual([]);
    await store();

    expect(producer.transactions.map(({ state }) => state)).toEqual(['aborted', 'committed']);
    expect(producer.records.map(({ serializedValue }) => serializedValue)).toEqual([failed.record.value]);
  });

  it('costs no other record its headers', async () => {
    const { producer, publisher } = setUp(options);
    await failure(producer.transaction(() => publisher.publish(large(1_500))));
    await publisher.publish(failedRecord({ record: consumedRecord({ offset: 43n }) }));

    expect(producer.records.map(names)).toEqual([expect.arrayContaining(['dlt-error-message'])]);
  });
});

describe('a dead letter in a transaction', () => {
  it('is visible when that commits, and never when it aborts', async () => {
    const { producer, publisher } = setUp({ partitions: 3 });
    const boom = new Error('boom');
    await producer.transaction(() => publisher.publish(failedRecord()));
    await producer
      .transaction(async () => {
        await publisher.publish(failedRecord());
        throw boom;
      })
      .catch((error: unknown) => expect(error).toBe(boom));

    expect(producer.committed).toHaveLength(1);
    expect(producer.aborted).toHaveLength(1);
    expect(producer.records).toHaveLength(1);
  });
});
