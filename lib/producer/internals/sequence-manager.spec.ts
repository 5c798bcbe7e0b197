import { ErrorCode } from '../../wire/error-codes.js';
import { DeliveryError, DeliveryTimeoutError } from '../errors.js';
import type { ProducerConfig } from '../producer-config.js';
import { PartitionQueue } from './partition-queue.js';
import type { DeliveryBench } from './spec-support/delivery-bench.js';
import type { SentRequest } from './spec-support/fake-connection.js';
import { useDeliveryBenches } from './spec-support/use-delivery-benches.js';
import { SequenceManager } from './sequence-manager.js';

const FAST: Partial<ProducerConfig> = { lingerMs: 0, requestTimeoutMs: 1_000_000 };
const DELIVERY_MS = 120_000;
const OUT_OF_ORDER = { errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER } as const;
const REFUSED = { errorCode: ErrorCode.INVALID_RECORD } as const;
const MAX_SEQUENCE = 2_147_483_647;

const { create, run } = useDeliveryBenches();

/** What is on its way: value, producer id, epoch and first sequence of each batch. */
function onWire(kafka: DeliveryBench): string[] {
  return kafka.link.open
    .flatMap(({ batches }) => batches)
    .map(
      ({ values, producerId, producerEpoch, baseSequence }) =>
        `${values.join()} ${producerId}/${producerEpoch}/${baseSequence}`,
    );
}

/** One acknowledged batch, so that others may be in flight together; it has sequence 0. */
async function warm(kafka: DeliveryBench, partition = 0): Promise<void> {
  kafka.send('warm', partition);
  await run();
  kafka.open.answer();
  await run();
}

/** Answers what is open now, oldest first. */
function answerAll(kafka: DeliveryBench, answer: Parameters<SentRequest['answer']>[0]): void {
  for (const request of kafka.link.open) request.answer(answer);
}

/** Answers everything with success until nothing is sent any more; tells what was sent. */
async function finish(kafka: DeliveryBench): Promise<string[]> {
  const seen: string[] = [];
  for (await run(1_000); kafka.link.open.length > 0; await run(1_000)) {
    seen.push(...onWire(kafka));
    answerAll(kafka, {});
  }
  return seen;
}

describe('a gap in the sequences of a partition', () => {
  it.each([ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, ErrorCode.UNKNOWN_PRODUCER_ID, ErrorCode.INVALID_PRODUCER_EPOCH])(
    'that the oldest batch meets (%i): all go on under a new epoch, from 0, in their order',
    async (errorCode) => {
      const kafka = create(FAST);
      await warm(kafka);
      kafka.sendBatches(['a', 'b', 'c']);
      await run();
      expect(onWire(kafka)).toEqual(['a 7/0/1', 'b 7/0/2', 'c 7/0/3']);
      answerAll(kafka, { errorCode });
      expect(await finish(kafka)).toEqual(['a 7/1/0', 'b 7/1/1', 'c 7/1/2']);
      expect(kafka.told).toEqual(['warm', 'a', 'b', 'c']);
      expect(kafka.log.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
    },
  );

  it('that a later batch meets is nothing of its own: it is sent again as it is', async () => {
    const kafka = create(FAST);
    await warm(kafka);
    kafka.sendBatches(['a', 'b']);
    await run();
    const [a, b] = kafka.link.open;
    b?.answer(OUT_OF_ORDER);
    await run(3_000);
    expect(onWire(kafka)).toEqual(['a 7/0/1']);
    a?.answer({});
    await run(3_000);
    expect(onWire(kafka)).toEqual(['b 7/0/2']);
    expect(kafka.sequences?.producerEpoch).toBe(0);
  });

  it('waits for the wire to be empty before the epoch changes: what is still on it may have been stored', async () => {
    const kafka = create(FAST);
    await warm(kafka);
    kafka.sendBatches(['a', 'b', 'c', 'd']);
    await run();
    const [a, b, c] = kafka.link.open;
    a?.answer(OUT_OF_ORDER);
    b?.answer(OUT_OF_ORDER);
    await run(5_000);
    expect(kafka.sequences?.producerEpoch).toBe(0);
    expect(onWire(kafka)).toEqual(['c 7/0/3', 'd 7/0/4']);
    c?.answer(OUT_OF_ORDER);
    kafka.open.fail();
    await run(2_000);
    expect(kafka.sequences?.producerEpoch).toBe(1);
    expect(onWire(kafka)).toEqual(['a 7/1/0']);
  });

  it('is not an end: records wait no longer than their delivery timeout', async () => {
    const kafka = create(FAST);
    const record = kafka.send('a');
    for (await run(); record.state === 'pending'; await run(1_000)) answerAll(kafka, OUT_OF_ORDER);
    expect(record.error).toBeInstanceOf(DeliveryTimeoutError);
  });
});

describe('a batch that expires while a request holds it', () => {
  it('is settled when a later one is acknowledged: then it was stored, and the epoch goes on', async () => {
    const kafka = create(FAST);
    await warm(kafka);
    kafka.send('a');
    await run(50_000);
    kafka.send('b');
    await run(DELIVERY_MS - 50_000);
    expect(kafka.told.at(-1)).toBe('a!');
    kafka.send('c');
    await run();
    expect(onWire(kafka)).toEqual(['a 7/0/1', 'b 7/0/2']);
    kafka.link.open[1]?.answer({});
    await run();
    expect(onWire(kafka)).toEqual(['a 7/0/1', 'c 7/0/3']);
    expect(kafka.sequences?.producerEpoch).toBe(0);
  });

  it('leaves an epoch that cannot be trusted when nothing is behind it: the next one begins at 0 of a new one', async () => {
    const kafka = create(FAST);
    await warm(kafka);
    kafka.send('a');
    await run(DELIVERY_MS);
    kafka.send('b');
    await run();
    expect(onWire(kafka)).toEqual(['a 7/0/1', 'b 7/1/0']);
    // Its late success changes nothing.
    kafka.link.open[0]?.answer({});
    await run();
    kafka.open.answer();
    await run();
    kafka.send('c');
    await run();
    expect(onWire(kafka)).toEqual(['c 7/1/1']);
    expect(kafka.told).toEqual(['warm', 'a!', 'b']);
  });

  it.each<[string, Parameters<SentRequest['answer']>[0], string, string]>([
    ['stored: the epoch goes on', {}, 'b', 'c 7/0/3'],
    // Its first attempt may still lie in the socket of a paused broker: under a new epoch it could be stored twice.
    ['refused for the gap: it fails, and a new epoch begins', OUT_OF_ORDER, 'b!', 'c 7/1/0'],
  ])('has the one behind it sent again under its old sequence, which is then %s', async (_, answer, told, next) => {
    const kafka = create(FAST);
    await warm(kafka);
    kafka.send('a');
    await run(50_000);
    kafka.send('b');
    await run(10_000);
    for (const request of kafka.link.open) request.fail();
    kafka.link.down.add(1);
    await run(DELIVERY_MS - 60_000);
    expect(kafka.told.at(-1)).toBe('a!');
    kafka.send('c');
    kafka.link.down.delete(1);
    kafka.sender.wake();
    await run();
    expect(onWire(kafka)).toEqual(['b 7/0/2']);
    kafka.open.answer(answer);
    await run(1_500);
    expect(kafka.told.at(-1)).toBe(told);
    expect(onWire(kafka)).toEqual([next]);
  });
});

describe('a batch that may have been stored', () => {
  it.each<[string, (request: SentRequest) => void]>([
    ['because its answer was lost', (request) => request.fail()],
    ['because its answer left it out', (request) => request.answer({ 't-0': 'missing' })],
    ['because it timed out on the broker', (request) => request.answer({ errorCode: ErrorCode.REQUEST_TIMED_OUT })],
    [
      'because replicas were missing after the append',
      (request) => request.answer({ errorCode: ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND }),
    ],
  ])('%s is never sent under a new epoch: it fails and says so, and the next one begins the epoch', async (_, end) => {
    const kafka = create(FAST);
    await warm(kafka);
    const doubtful = kafka.send('a');
    kafka.cut();
    await run();
    end(kafka.open);
    kafka.send('b');
    await run(2_000);
    expect(onWire(kafka)).toEqual(['a 7/0/1']);
    kafka.open.answer(OUT_OF_ORDER);
    await run(2_000);
    expect(doubtful.error).toBeInstanceOf(DeliveryError);
    expect(doubtful.error?.message).toContain('may have been stored');
    expect(onWire(kafka)).toEqual(['b 7/1/0']);
  });

  describe('and is refused behind an acknowledged one', () => {
    /** `a` and `b` are sent; `b` is acknowledged, `a` is refused as out of order when it is sent again. */
    async function refusedBehind(topicId: string | null = 'a'.repeat(32)): Promise<DeliveryBench> {
      const kafka = create(FAST);
      kafka.topicId = topicId;
      kafka.lead([1, 1, 1, 1]);
      await warm(kafka);
      kafka.sendBatches(['a', 'b']);
      await run();
      const [a, b] = kafka.link.open;
      a?.fail();
      b?.answer({});
      await run(2_000);
      expect(onWire(kafka)).toEqual(['a 7/0/1']);
      kafka.open.answer(OUT_OF_ORDER);
      await run(2_000);
      return kafka;
    }

    /** It has been sent once more, and is refused again. */
    async function refuseAgain(kafka: DeliveryBench): Promise<void> {
      expect(onWire(kafka)).toEqual(['a 7/0/1']);
      kafka.open.answer(OUT_OF_ORDER);
      await run(2_000);
    }

    it('is stored too, if the topic is the same: sequences have no gaps', async () => {
      const kafka = await refusedBehind();
      kafka.lead([1, 1, 1, 1]);
      kafka.lead([1, 1, 1, 1]);
      await refuseAgain(kafka);
      expect(kafka.told).toEqual(['warm', 'b', 'a']);
      expect(kafka.deliveries[1]?.metadata?.offset).toBe('-1');
      expect(kafka.freeMemory).toBe(kafka.config.bufferMemory);
      kafka.send('c');
      expect(await finish(kafka)).toEqual(['c 7/0/3']);
    });

    it('waits for metadata that was asked for after the refusal', async () => {
      const kafka = await refusedBehind();
      const asked = kafka.counts.metadataStale;
      expect(asked).toBeGreaterThan(0);
      await refuseAgain(kafka);
      expect(kafka.counts.metadataStale).toBeGreaterThan(asked);
      // This answer may be older than the refusal.
      kafka.lead([1, 1, 1, 1]);
      await refuseAgain(kafka);
      expect(kafka.deliveries[1]?.state).toBe('pending');
      kafka.lead([1, 1, 1, 1]);
      await refuseAgain(kafka);
      expect(kafka.deliveries[1]?.state).toBe('stored');
    });

    it('may be lost, if the topic was made again in between: nobody knows', async () => {
      const kafka = await refusedBehind();
      kafka.topicId = 'b'.repeat(32);
      kafka.lead([1, 1, 1, 1]);
      kafka.lead([1, 1, 1, 1]);
      await refuseAgain(kafka);
      expect(kafka.told).toEqual(['warm', 'b', 'a!']);
      expect(kafka.deliveries[1]?.error?.message).toContain('may have been stored');
    });

    it.each([null, '0'.repeat(32)])(
      'may be lost, if brokers give topics no ids (%s): nobody knows',
      async (topicId) => {
        const kafka = await refusedBehind(topicId);
        expect(kafka.told).toEqual(['warm', 'b', 'a!']);
      },
    );
  });

  describe('and is refused although it is the oldest', () => {
    /** Three batches without an answer; the first is sent again. */
    async function unanswered(): Promise<DeliveryBench> {
      const kafka = create(FAST);
      await warm(kafka);
      kafka.sendBatches(['a', 'b', 'c', 'd']);
      await run();
      for (const request of kafka.link.open) request.fail();
      await run(2_000);
      expect(onWire(kafka)).toEqual(['a 7/0/1']);
      return kafka;
    }

    it('asks with those behind it: a restarted broker knows only the last one that it has stored', async () => {
      const kafka = await unanswered();
      for (const value of ['a 7/0/1', 'b 7/0/2']) {
        expect(onWire(kafka)).toEqual([value]);
        kafka.open.answer(OUT_OF_ORDER);
        await run(3_000);
      }
      expect(onWire(kafka)).toEqual(['c 7/0/3']);
      kafka.open.answer({});
      const sent: string[] = [];
      for (let step = 0; step < 20; step++) {
        await run(3_000);
        kafka.lead([1, 1, 1, 1]);
        sent.push(...onWire(kafka));
        for (const request of kafka.link.open) {
          const isKnown = request.batches.some(({ values }) => values.join() === 'd');
          request.answer(isKnown ? {} : OUT_OF_ORDER);
        }
      }
      expect(new Set(sent)).toEqual(new Set(['a 7/0/1', 'b 7/0/2', 'd 7/0/4']));
      expect(kafka.told).toEqual(['warm', 'c', 'a', 'b', 'd']);
      expect(kafka.sequences?.producerEpoch).toBe(0);
    });

    it('gives up what may be stored when none of them is known: the epoch cannot go on', async () => {
      const kafka = await unanswered();
      kafka.send('e');
      for (const value of ['a 7/0/1', 'b 7/0/2', 'c 7/0/3', 'd 7/0/4']) {
        expect(onWire(kafka)).toEqual([value]);
        kafka.open.answer(OUT_OF_ORDER);
        await run(3_000);
      }
      expect(await finish(kafka)).toEqual(['e 7/1/0']);
      expect(kafka.told).toEqual(['warm', 'a!', 'b!', 'c!', 'd!', 'e']);
    });

    it('keeps the order of those that go on under the new epoch', async () => {
      const kafka = create(FAST);
      await warm(kafka);
      kafka.sendBatches(['a', 'b', 'c']);
      await run();
      const [a, b, c] = kafka.link.open;
      // Only `a` may be stored; `b` is still on its way when `a` is refused.
      a?.fail();
      await run(2_000);
      kafka.link.open.at(-1)?.answer(OUT_OF_ORDER);
      b?.answer(OUT_OF_ORDER);
      c?.answer(OUT_OF_ORDER);
      const sent = await finish(kafka);
      expect(sent.slice(-2)).toEqual(['b 7/1/0', 'c 7/1/1']);
      expect(kafka.told).toEqual(['warm', 'a!', 'b', 'c']);
    });
  });
});

describe('a batch that is refused for good', () => {
  it('leaves a gap: the ones behind it are refused for that, then go on under a new epoch in their order', async () => {
    const kafka = create(FAST);
    await warm(kafka);
    kafka.sendBatches(['a', 'b', 'c']);
    await run();
    const [a, b, c] = kafka.link.open;
    a?.answer(REFUSED);
    b?.answer(OUT_OF_ORDER);
    c?.answer(OUT_OF_ORDER);
    expect(await finish(kafka)).toEqual(['b 7/1/0', 'c 7/1/1']);
    expect(kafka.told).toEqual(['warm', 'a!', 'b', 'c']);
  });

  it('alone in its partition: the next one begins a new epoch', async () => {
    const kafka = create(FAST);
    await warm(kafka);
    kafka.send('a');
    await run();
    kafka.open.answer(REFUSED);
    await run();
    kafka.send('b');
    expect(await finish(kafka)).toEqual(['b 7/1/0']);
  });

  it('after its answer was lost once: those behind it may be stored, so they keep their sequences until that is known', async () => {
    const kafka = create(FAST);
    await warm(kafka);
    kafka.sendBatches(['a', 'b']);
    await run();
    // Both are stored, but the answers are lost.
    for (const request of kafka.link.open) request.fail();
    await run(2_000);
    expect(onWire(kafka)).toEqual(['a 7/0/1']);
    kafka.open.answer({ errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED });
    await run(2_000);
    expect(onWire(kafka)).toEqual(['b 7/0/2']);
    kafka.open.answer({});
    await run(2_000);
    expect(kafka.link.open).toHaveLength(0);
    expect(kafka.told).toEqual(['warm', 'a!', 'b']);
  });
});

describe('a new epoch', () => {
  it('reaches another partition when nothing of the old one is in flight there, and begins at 0', async () => {
    const kafka = create(FAST);
    await warm(kafka, 0);
    await warm(kafka, 1);
    kafka.send('a', 0);
    kafka.cut(0);
    await run();
    const a = kafka.open;
    kafka.send('x', 1);
    await run();
    a.answer(OUT_OF_ORDER);
    await run(1_000);
    // Partition 1 still has `x` of epoch 0 on its way: nothing new joins it.
    kafka.send('y', 1);
    await run();
    expect(onWire(kafka)).toEqual(['x 7/0/1', 'a 7/1/0']);
    kafka.link.open[0]?.answer({});
    await run();
    expect(onWire(kafka)).toEqual(['a 7/1/0', 'y 7/1/0']);
  });

  it('is one for all partitions that need one at the same time', async () => {
    const kafka = create(FAST);
    await warm(kafka, 0);
    await warm(kafka, 1);
    kafka.send('a', 0);
    kafka.send('x', 1);
    await run();
    kafka.open.answer(OUT_OF_ORDER);
    expect((await finish(kafka)).sort()).toEqual(['a 7/1/0', 'x 7/1/0']);
    expect(kafka.sequences?.producerEpoch).toBe(1);
  });

  it('after 32767 is a new producer id; until it comes nothing is sent', async () => {
    const kafka = create(FAST, { producerId: { id: 7n, epoch: 32_767 } });
    await warm(kafka);
    kafka.sendBatches(['a', 'b']);
    await run();
    answerAll(kafka, OUT_OF_ORDER);
    await run(5_000);
    expect(kafka.link.open).toHaveLength(0);
    expect(kafka.sequences?.hasProducerId).toBe(false);
    expect(kafka.counts.producerIdNeeded).toBeGreaterThan(0);
    kafka.sequences?.useProducerId(8n, 0);
    kafka.sender.wake();
    expect(await finish(kafka)).toEqual(['a 8/0/0', 'b 8/0/1']);
  });

  it('that a second partition needs while there is no producer id is not forgotten', async () => {
    const kafka = create(FAST, { producerId: { id: 7n, epoch: 32_767 }, leaders: [1, 2] });
    await warm(kafka, 0);
    await warm(kafka, 1);
    kafka.send('a', 0);
    kafka.send('x', 1);
    await run();
    const [first, second] = kafka.link.open;
    first?.answer(OUT_OF_ORDER);
    await run(1_000);
    expect(kafka.sequences?.hasProducerId).toBe(false);
    second?.answer(OUT_OF_ORDER);
    await run(1_000);
    kafka.sequences?.useProducerId(8n, 0);
    kafka.sender.wake();
    await run(1_000);
    expect(onWire(kafka).sort()).toEqual(['a 8/0/0', 'x 8/0/0']);
  });
});

describe('sequences', () => {
  it('count records, per partition', async () => {
    const kafka = create(FAST);
    for (const value of ['a', 'b', 'c']) kafka.send(value, 0);
    kafka.cut(0);
    kafka.send('d', 0);
    kafka.send('x', 1);
    await run();
    kafka.open.answer();
    await run();
    expect(onWire(kafka)).toEqual(['d 7/0/3']);
  });

  it('wrap from 2147483647 to 0, also within a batch and through a retry', async () => {
    const kafka = create(FAST);
    await warm(kafka);
    const [queue] = [0].map((partition) => {
      const topic = kafka.metadata.topic('t');
      return topic === undefined ? undefined : kafka.accumulator.topicQueues(topic).queue(partition);
    });
    if (queue === undefined) throw new Error('Unreachable');
    Reflect.set(queue.sequence, 'next', MAX_SEQUENCE - 1);
    Reflect.set(queue.sequence, 'lastAcked', MAX_SEQUENCE - 2);
    for (const value of ['a', 'b', 'c']) kafka.send(value);
    kafka.cut();
    kafka.sendBatches(['d', 'e']);
    await run();
    const before = ['a,b,c 7/0/2147483646', 'd 7/0/1', 'e 7/0/2'];
    expect(onWire(kafka)).toEqual(before);
    for (const request of kafka.link.open) request.fail();
    expect(await finish(kafka)).toEqual(before);
    expect(kafka.told).toEqual(['warm', 'a', 'b', 'c', 'd', 'e']);
  });

  it('that wrap are recognised as complete after an expiry', async () => {
    const kafka = create(FAST);
    await warm(kafka);
    const topic = kafka.metadata.topic('t');
    if (topic === undefined) throw new Error('Unreachable');
    const { sequence } = kafka.accumulator.topicQueues(topic).queue(0);
    Reflect.set(sequence, 'next', MAX_SEQUENCE);
    kafka.send('a');
    await run(50_000);
    kafka.send('b');
    await run(70_000);
    expect(onWire(kafka)).toEqual(['a 7/0/2147483647', 'b 7/0/0']);
    expect(kafka.told.at(-1)).toBe('a!');
    kafka.link.open[1]?.answer({});
    kafka.send('c');
    await run();
    expect(onWire(kafka).at(-1)).toBe('c 7/0/1');
  });

  it('are not pipelined after a minute without an acknowledgement: the broker may have forgotten the producer', async () => {
    const kafka = create(FAST);
    await warm(kafka);
    await run(60_000);
    kafka.sendBatches(['a', 'b', 'c']);
    await run();
    expect(onWire(kafka)).toEqual(['a 7/0/1']);
    kafka.open.answer();
    await run();
    expect(onWire(kafka)).toEqual(['b 7/0/2', 'c 7/0/3']);
  });

  it.each([1, 2, 5])('in flight are at most max.in.flight.requests.per.connection: %i', async (limit) => {
    const kafka = create({ ...FAST, maxInFlightRequestsPerConnection: limit });
    await warm(kafka);
    kafka.sendBatches(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    await run();
    expect(kafka.link.open).toHaveLength(limit);
  });
});

describe('SequenceManager', () => {
  it('lets nothing go without a producer id', () => {
    const manager = new SequenceManager(5);
    expect(manager).toMatchObject({ hasProducerId: false, producerId: -1n, producerEpoch: -1 });
    const queue = new PartitionQueue('t', 0);
    expect(() => manager.refresh(queue)).not.toThrow();
    manager.useProducerId(0n, 0);
    expect(manager.hasProducerId).toBe(true);
  });
});
