import { jest } from '@jest/globals';
import { BrokerResponseError } from '../../wire/broker-response-error.js';
import { GzipCodec } from '../../wire/compression/gzip-codec.js';
import { BrokerConnectionError, RequestTimeoutError, UnsupportedBrokerError } from '../../wire/connection-errors.js';
import { ErrorCode, knownErrorCodes, type KafkaErrorName } from '../../wire/error-codes.js';
import { DeliveryError, DeliveryTimeoutError, RecordTooLargeError } from '../errors.js';
import type { ProducerConfig } from '../producer-config.js';
import type { Delivery, DeliveryBench } from './spec-support/delivery-bench.js';
import type { SentRequest } from './spec-support/fake-connection.js';
import { useDeliveryBenches } from './spec-support/use-delivery-benches.js';

const FAST: Partial<ProducerConfig> = { lingerMs: 0 };
const PLAIN: Partial<ProducerConfig> = { lingerMs: 0, enableIdempotence: false };
const DELIVERY_MS = 120_000;

const { create, run } = useDeliveryBenches();

/** The only request without an answer, as it is now: answers change what `open` gives. */
async function sentTo(kafka: DeliveryBench): Promise<SentRequest> {
  await run();
  return kafka.open;
}

/** Has the partition's epoch acknowledged once, so that batches may follow each other. */
async function warm(kafka: DeliveryBench, partition = 0): Promise<void> {
  kafka.send('warm', partition);
  (await sentTo(kafka)).answer();
  await run();
}

describe('an acknowledged batch', () => {
  it('gives each record its offset, partition, sizes and its own timestamp', async () => {
    const kafka = create(FAST);
    const records = [kafka.send('a', 2, 't', 1_000), kafka.send('bcd', 2, 't', 900), kafka.send('ä', 2, 't', 1_100)];
    (await sentTo(kafka)).answer({ baseOffset: 41n });
    await run();
    expect(records.map(({ metadata }) => metadata)).toEqual([
      { topic: 't', partition: 2, offset: '41', timestamp: 1_000, serializedKeySize: -1, serializedValueSize: 1 },
      { topic: 't', partition: 2, offset: '42', timestamp: 900, serializedKeySize: -1, serializedValueSize: 3 },
      { topic: 't', partition: 2, offset: '43', timestamp: 1_100, serializedKeySize: -1, serializedValueSize: 2 },
    ]);
  });

  it('takes the broker’s time where the topic uses it', async () => {
    const kafka = create(FAST);
    const record = kafka.send('a', 0, 't', 1_000);
    (await sentTo(kafka)).answer({ logAppendTime: 77_000 });
    await run();
    expect(record.metadata?.timestamp).toBe(77_000);
  });

  it('counts offsets beyond what a number holds exactly', async () => {
    const kafka = create(FAST);
    const records = ['a', 'b', 'c', 'd'].map((value) => kafka.send(value));
    (await sentTo(kafka)).answer({ baseOffset: 9_007_199_254_740_990n });
    await run();
    expect(records.map(({ metadata }) => metadata?.offset)).toEqual([
      '9007199254740990',
      '9007199254740991',
      '9007199254740992',
      '9007199254740993',
    ]);
  });

  it('calls in the order of the sends, interceptors before each sender', async () => {
    const kafka = create(FAST);
    for (const value of ['a', 'b', 'c']) kafka.send(value);
    (await sentTo(kafka)).answer({ baseOffset: 5n });
    await run();
    expect(kafka.told).toEqual(['a', 'b', 'c']);
    expect(kafka.acknowledged).toEqual(['5', '6', '7']);
  });

  it('that the broker calls a duplicate is stored, at an offset nobody knows', async () => {
    const kafka = create(FAST);
    const record = kafka.send('a');
    (await sentTo(kafka)).answer({ errorCode: ErrorCode.DUPLICATE_SEQUENCE_NUMBER });
    await run();
    expect(record).toMatchObject({ state: 'stored', metadata: { offset: '-1' } });
  });

  it('gives back its memory, all of it, when it is answered and not before', async () => {
    const kafka = create(FAST);
    const total = kafka.config.bufferMemory;
    kafka.send('a');
    kafka.send('x', 1);
    const { freeMemory } = kafka;
    expect(freeMemory).toBeLessThanOrEqual(total - 2 * 16_384);
    const request = await sentTo(kafka);
    expect(kafka.freeMemory).toBe(freeMemory);
    request.answer();
    await run();
    expect(kafka.freeMemory).toBe(total);
  });
});

describe('acks=0', () => {
  it('counts a record as sent when it is written, without an offset', async () => {
    const kafka = create({ ...PLAIN, acks: 0 });
    const record = kafka.send('a');
    (await sentTo(kafka)).answer();
    await run();
    expect(record).toMatchObject({ state: 'stored', metadata: { offset: '-1' } });
    expect(kafka.sender.requestsInFlight).toBe(0);
  });

  it('sends again what could not be written', async () => {
    const kafka = create({ ...PLAIN, acks: 0 });
    const record = kafka.send('a');
    (await sentTo(kafka)).fail();
    await run(2_000);
    expect(record.state).toBe('pending');
    kafka.open.answer();
    await run();
    expect(record.state).toBe('stored');
  });
});

describe('an answer', () => {
  it('is taken for each partition by itself, in whatever order it comes', async () => {
    const kafka = create(PLAIN);
    const records = [0, 1, 2, 3].map((partition) => kafka.send(`p${partition}`, partition));
    (await sentTo(kafka)).answer({
      't-0': { baseOffset: 10n },
      't-1': { errorCode: ErrorCode.INVALID_RECORD },
      't-2': { errorCode: ErrorCode.NOT_ENOUGH_REPLICAS },
      't-3': { baseOffset: 13n },
    });
    await run();
    expect(records.map(({ state }) => state)).toEqual(['stored', 'failed', 'pending', 'stored']);
    expect(records.map(({ metadata }) => metadata?.offset)).toEqual(['10', '-1', undefined, '13']);
    await run(2_000);
    expect(kafka.open.summary).toBe('t-2=p2');
  });

  it('that leaves out a partition has that batch sent again', async () => {
    const kafka = create(PLAIN);
    const records = [kafka.send('a', 0), kafka.send('b', 1)];
    (await sentTo(kafka)).answer({ 't-0': 'missing' });
    await run(2_000);
    expect(records.map(({ state }) => state)).toEqual(['pending', 'stored']);
    expect(kafka.open.summary).toBe('t-0=a');
  });

  it('for partitions and topics that were not asked for is ignored', async () => {
    const kafka = create(PLAIN);
    const record = kafka.send('a', 1);
    const request = await sentTo(kafka);
    const stranger = {
      index: 0,
      errorCode: 0,
      baseOffset: 66n,
      logAppendTime: -1,
      logStartOffset: 0n,
      recordErrors: [],
      errorMessage: null,
      currentLeader: null,
    };
    request.respond({
      throttleTimeMs: 0,
      nodeEndpoints: [],
      topics: [
        { name: 'other', partitions: [{ ...stranger, index: 1 }] },
        { name: 't', partitions: [stranger, { ...stranger, index: 1, baseOffset: 7n }, { ...stranger, index: 99 }] },
      ],
    });
    await run();
    expect(record.metadata).toMatchObject({ partition: 1, offset: '7' });
  });
});

describe('a refusal that may pass', () => {
  it.each<KafkaErrorName>([
    'NOT_LEADER_OR_FOLLOWER',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'LEADER_NOT_AVAILABLE',
    'NOT_ENOUGH_REPLICAS',
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'REQUEST_TIMED_OUT',
    'CORRUPT_MESSAGE',
    'KAFKA_STORAGE_ERROR',
    'FENCED_LEADER_EPOCH',
    'UNKNOWN_LEADER_EPOCH',
    'NETWORK_EXCEPTION',
  ])('%s: the same bytes go to the same partition again', async (name) => {
    const kafka = create(FAST);
    const record = kafka.send('a');
    const first = await sentTo(kafka);
    first.answer({ errorCode: ErrorCode[name] });
    await run(2_000);
    expect(record.state).toBe('pending');
    expect(kafka.open.batch).toMatchObject({ topic: 't', partition: 0, bytes: first.batch.bytes });
    kafka.open.answer({ baseOffset: 3n });
    await run();
    expect(record.metadata?.offset).toBe('3');
  });

  it('has metadata refreshed where the leader may have changed, and only there', async () => {
    const stale = new Map<KafkaErrorName, boolean>([
      ['NOT_LEADER_OR_FOLLOWER', true],
      ['UNKNOWN_TOPIC_OR_PARTITION', true],
      ['LEADER_NOT_AVAILABLE', true],
      ['NOT_ENOUGH_REPLICAS', false],
      ['REQUEST_TIMED_OUT', false],
      ['CORRUPT_MESSAGE', false],
    ]);
    for (const [name, isStale] of stale) {
      const kafka = create(FAST);
      kafka.send('a');
      (await sentTo(kafka)).answer({ errorCode: ErrorCode[name] });
      await run();
      expect([name, kafka.counts.metadataStale > 0]).toEqual([name, isStale]);
      for (const request of kafka.link.open) request.answer();
    }
  });

  it('is tried again after 100, 200, 400, 800, 1000, 1000 ms, give or take a fifth', async () => {
    const kafka = create(PLAIN);
    kafka.send('a');
    await run();
    const waits: number[] = [];
    for (const _ of Array.from({ length: 6 })) {
      kafka.open.answer({ errorCode: ErrorCode.NOT_ENOUGH_REPLICAS });
      const from = Date.now();
      await run();
      while (kafka.link.open.length === 0) await run(5);
      waits.push(Date.now() - from);
    }
    [100, 200, 400, 800, 1_000, 1_000].forEach((expected, index) => {
      expect(waits[index]).toBeGreaterThanOrEqual(expected * 0.8);
      expect(waits[index]).toBeLessThanOrEqual(Math.min(1_000, expected * 1.2) + 10);
    });
  });

  it('ends after so many retries with the last refusal as its cause', async () => {
    const kafka = create({ ...PLAIN, retries: 2 });
    const record = kafka.send('a');
    for (const _ of [0, 1, 2]) {
      await run(2_000);
      kafka.open.answer({ errorCode: ErrorCode.NOT_ENOUGH_REPLICAS });
    }
    await run();
    expect(record.error).toBeInstanceOf(DeliveryError);
    expect(record.error?.cause).toBeInstanceOf(BrokerResponseError);
    expect(record.error?.message).toContain('NOT_ENOUGH_REPLICAS');
    expect(kafka.requests).toHaveLength(3);
  });

  it('ends at once without retries', async () => {
    const kafka = create({ ...PLAIN, retries: 0 });
    const record = kafka.send('a');
    (await sentTo(kafka)).fail(new BrokerConnectionError('reset'));
    await run(10_000);
    expect(record.error).toBeInstanceOf(DeliveryError);
    expect(record.error?.message).toContain('may have been stored');
    expect(kafka.requests).toHaveLength(1);
  });
});

describe('a refusal for good', () => {
  it.each<KafkaErrorName>([
    'TOPIC_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
    'INVALID_TOPIC_EXCEPTION',
    'INVALID_REQUIRED_ACKS',
    'INVALID_TIMESTAMP',
    'INVALID_RECORD',
    'UNSUPPORTED_FOR_MESSAGE_FORMAT',
    'UNSUPPORTED_COMPRESSION_TYPE',
    'POLICY_VIOLATION',
    'UNKNOWN_SERVER_ERROR',
  ])('%s: fails the batch’s records once, with topic, partition and cause', async (name) => {
    const kafka = create(FAST);
    const records = [kafka.send('a', 1), kafka.send('b', 1)];
    (await sentTo(kafka)).answer({ errorCode: ErrorCode[name], errorMessage: 'because' });
    await run(10_000);
    for (const { error, metadata } of records) {
      expect(error).toBeInstanceOf(DeliveryError);
      expect(error).toMatchObject({ topic: 't', partition: 1, retriable: false, cause: { codeName: name } });
      expect(error?.message).toContain('because');
      expect(metadata).toMatchObject({ topic: 't', partition: 1, offset: '-1' });
    }
    expect(kafka.requests).toHaveLength(1);
    expect(kafka.acknowledged).toEqual(['-1!', '-1!']);
  });

  it('by a code that this library does not know is one too', async () => {
    const kafka = create(FAST);
    const record = kafka.send('a');
    (await sentTo(kafka)).answer({ errorCode: 31_999 });
    await run();
    expect(record.error?.message).toContain('31999');
  });

  it('names the record that was wrong, and tells the others that it was not them (KIP-467)', async () => {
    const kafka = create(FAST);
    const records = ['a', 'b', 'c', 'd'].map((value) => kafka.send(value));
    (await sentTo(kafka)).answer({
      errorCode: ErrorCode.INVALID_RECORD,
      recordErrors: [
        { index: 1, message: 'Compacted topic cannot accept message without key' },
        { index: 3, message: null },
      ],
    });
    await run();
    const [a, b, c, d] = records.map(({ error }) => error?.message ?? '');
    expect(b).toContain('Compacted topic');
    expect(d).toContain('INVALID_RECORD');
    for (const message of [a, c]) expect(message).toContain('another record of its batch');
    for (const { error } of records) expect(error).toBeInstanceOf(DeliveryError);
  });

  it('of the sender’s own side fails at once as well', async () => {
    const kafka = create(FAST);
    const record = kafka.send('a');
    (await sentTo(kafka)).fail(new UnsupportedBrokerError('The broker speaks no usable version of Produce.'));
    await run(10_000);
    expect(record.error).toBeInstanceOf(DeliveryError);
    expect(kafka.requests).toHaveLength(1);
  });

  it('every code has an outcome: the record is sent again, or fails once', async () => {
    for (const { code, name } of knownErrorCodes()) {
      const kafka = create(FAST);
      const record = kafka.send('a');
      (await sentTo(kafka)).answer({ errorCode: code });
      await run(1_500);
      const outcome = kafka.link.open.length === 1 ? 'sent again' : record.state;
      expect([name, ['sent again', 'failed', 'stored'].includes(outcome)]).toEqual([name, true]);
    }
  });
});

describe('a lost request', () => {
  it.each<[string, Error]>([
    ['ended connection', new BrokerConnectionError('The connection was lost.')],
    ['request timeout', new RequestTimeoutError('Produce was not answered.')],
    ['foreign error', new TypeError('socket is null')],
  ])('by %s: metadata is refreshed, the batch goes again', async (_, error) => {
    const kafka = create(FAST);
    const record = kafka.send('a');
    (await sentTo(kafka)).fail(error);
    await run();
    expect(kafka.counts.metadataStale).toBe(1);
    await run(1_000);
    kafka.open.answer();
    await run();
    expect(record.state).toBe('stored');
  });
});

describe('the delivery timeout', () => {
  it('fails a batch that was never sent, and says so', async () => {
    const kafka = create(FAST, { leaders: [-1] });
    const record = kafka.send('a');
    await run(DELIVERY_MS - 1);
    expect(record.state).toBe('pending');
    await run(1);
    expect(record.error).toBeInstanceOf(DeliveryTimeoutError);
    expect(record.error).toMatchObject({ retriable: true, topic: 't', partition: 0 });
    expect(record.error?.message).toMatch(/1 record\(s\) for t-0 .*120000 ms.*never sent/);
    expect(kafka.freeMemory).toBe(kafka.config.bufferMemory);
  });

  it('counts from the first record of the batch, not from each send, nor from an attempt', async () => {
    const kafka = create({ ...FAST, lingerMs: 60_000 });
    const first = kafka.send('a');
    await run(59_000);
    const second = kafka.send('b');
    await run(1_000);
    kafka.open.answer({ errorCode: ErrorCode.NOT_ENOUGH_REPLICAS });
    await run(DELIVERY_MS - 60_000 - 1);
    expect([first.state, second.state]).toEqual(['pending', 'pending']);
    await run(1);
    for (const { error } of [first, second]) {
      expect(error).toBeInstanceOf(DeliveryTimeoutError);
      expect(error?.message).toContain('may have been stored');
    }
    for (const request of kafka.link.open) request.fail();
  });

  it('keeps the last refusal as the cause', async () => {
    const kafka = create(FAST, { leaders: [1] });
    const record = kafka.send('a');
    (await sentTo(kafka)).answer({ errorCode: ErrorCode.NOT_ENOUGH_REPLICAS });
    kafka.link.down.add(1);
    await run(DELIVERY_MS);
    expect(record.error?.cause).toMatchObject({ codeName: 'NOT_ENOUGH_REPLICAS' });
    expect(record.error?.message).toContain('NOT_ENOUGH_REPLICAS');
  });

  it.each<[string, (request: SentRequest) => void]>([
    ['a success', (request) => request.answer({ baseOffset: 7n })],
    ['a refusal', (request) => request.answer({ errorCode: ErrorCode.NOT_ENOUGH_REPLICAS })],
    ['a refusal for good', (request) => request.answer({ errorCode: ErrorCode.INVALID_RECORD })],
    ['a refusal for its size', (request) => request.answer({ errorCode: ErrorCode.MESSAGE_TOO_LARGE })],
    ['a sequence error', (request) => request.answer({ errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER })],
    ['no answer for the partition', (request) => request.answer({ 't-0': 'missing' })],
    ['the end of the connection', (request) => request.fail()],
  ])(
    'passes while a request holds the batch: the memory comes back with its end (%s), the outcome stays',
    async (_, end) => {
      const kafka = create({ ...FAST, requestTimeoutMs: 1_000_000 });
      const records = [kafka.send('a'), kafka.send('b')];
      const request = await sentTo(kafka);
      const { freeMemory } = kafka;
      expect(freeMemory).toBeLessThanOrEqual(kafka.config.bufferMemory - 16_384);
      await run(DELIVERY_MS);
      expect(records.map(({ error }) => error?.constructor)).toEqual([DeliveryTimeoutError, DeliveryTimeoutError]);
      expect(kafka.freeMemory).toBe(freeMemory);
      end(request);
      await run();
      expect(kafka.freeMemory).toBe(kafka.config.bufferMemory);
      expect(records.map(({ outcomes, metadata }) => [outcomes, metadata?.offset])).toEqual([
        [1, '-1'],
        [1, '-1'],
      ]);
      expect(kafka.acknowledged).toEqual(['-1!', '-1!']);
      await run(10_000);
      expect(kafka.requests).toHaveLength(1);
    },
  );

  it('that passes just when a retriable refusal arrives ends the batch', async () => {
    const kafka = create({ ...FAST, deliveryTimeoutMs: 31_000 });
    const record = kafka.send('a');
    const request = await sentTo(kafka);
    jest.setSystemTime(Date.now() + 31_000);
    request.answer({ errorCode: ErrorCode.NOT_ENOUGH_REPLICAS });
    await run();
    expect(record.error).toBeInstanceOf(DeliveryTimeoutError);
    expect(kafka.link.open).toHaveLength(0);
  });

  it('of one batch does not touch younger ones', async () => {
    const kafka = create(FAST, { leaders: [-1, -1] });
    const old = kafka.send('old', 0);
    await run(1_000);
    const young = kafka.send('young', 1);
    await run(DELIVERY_MS - 1_000);
    expect([old.state, young.state]).toEqual(['failed', 'pending']);
    await run(1_000);
    expect(young.state).toBe('failed');
  });

  it('does not make a record immortal that is sent in the same turn', async () => {
    const kafka = create(FAST, { leaders: [-1, -1] });
    const old = kafka.send('old', 0);
    await run();
    jest.advanceTimersByTime(DELIVERY_MS);
    expect(old.state).toBe('failed');
    const next = kafka.send('next', 1);
    await run(DELIVERY_MS - 1_000);
    expect(next.state).toBe('pending');
    await run(1_000);
    expect(next.state).toBe('failed');
  });

  it('lets a partition with max.in.flight 1 go on only when the request that holds its expired batch has ended', async () => {
    const kafka = create({ ...PLAIN, maxInFlightRequestsPerConnection: 1, requestTimeoutMs: 1_000_000 });
    kafka.send('a');
    const request = await sentTo(kafka);
    await run(DELIVERY_MS - 1_000);
    kafka.send('b');
    await run(2_000);
    expect(kafka.requests).toHaveLength(1);
    request.answer();
    await run();
    expect(kafka.open.summary).toBe('t-0=b');
  });
});

describe('a batch that the broker finds too large', () => {
  const TOO_LARGE = { errorCode: ErrorCode.MESSAGE_TOO_LARGE } as const;

  function sendAll(kafka: DeliveryBench, values: readonly string[]): Delivery[] {
    return values.map((value) => kafka.send(value));
  }

  /** Answers as a topic with this max.message.bytes does, until nothing is sent any more. */
  async function serve(kafka: DeliveryBench, maxMessageBytes: number): Promise<string[]> {
    const stored: string[] = [];
    let offset = 0;
    for (let round = 0; round < 500; round++) {
      await run(1);
      const [request] = kafka.link.open;
      if (request === undefined) return stored;
      const { bytes, values } = request.batch;
      if (bytes.length > maxMessageBytes) {
        request.answer(TOO_LARGE);
        continue;
      }
      request.answer({ baseOffset: BigInt(offset) });
      offset += values.length;
      stored.push(...values.map(String));
    }
    throw new Error('It is sent without end');
  }

  it.each<[string, Partial<ProducerConfig>]>([
    ['with idempotence', FAST],
    ['without, one request at a time', { ...PLAIN, maxInFlightRequestsPerConnection: 1 }],
  ])('is sent in parts: every record once, in order, with its own offset (%s)', async (_, config) => {
    const kafka = create(config);
    const values = Array.from({ length: 60 }, (_, index) => String(index).padEnd(100, '.'));
    const records = sendAll(kafka, values);
    expect(await serve(kafka, 1_000)).toEqual(values);
    expect(records.map(({ metadata }) => metadata?.offset)).toEqual(values.map((_, index) => String(index)));
    expect(kafka.told).toEqual(values);
    expect(kafka.freeMemory).toBe(kafka.config.bufferMemory);
  });

  it('keeps timestamps, and keys and headers as they were', async () => {
    const kafka = create(FAST);
    const stamps = [5_000, 4_000, 9_000_000_000_000, 0, 4_500];
    stamps.forEach((stamp) => kafka.send(String(stamp).padEnd(300, '.'), 0, 't', stamp));
    (await sentTo(kafka)).answer(TOO_LARGE);
    const read: [string, number][] = [];
    for (await run(); kafka.link.open.length > 0; await run()) {
      for (const record of kafka.open.batch.decoded.records) {
        read.push([String(record.value).replaceAll('.', ''), record.timestamp]);
      }
      kafka.open.answer();
    }
    expect(read).toEqual(stamps.map((stamp) => [String(stamp), stamp]));
  });

  it('keeps its sequences: the parts follow each other where it stood, and nothing overtakes them', async () => {
    const kafka = create(FAST);
    await warm(kafka);
    const values = Array.from({ length: 8 }, (_, index) => `${index}`.padEnd(100, '.'));
    sendAll(kafka, values);
    await run();
    kafka.cut();
    kafka.send('behind');
    await run();
    const [large, behind] = kafka.link.open;
    expect(behind?.batch.baseSequence).toBe(9);
    large?.answer(TOO_LARGE);
    behind?.answer({ errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER });
    const sequences: [number, number][] = [];
    for (await run(2_000); kafka.link.open.length > 0; await run(2_000)) {
      const { baseSequence, producerEpoch, values: part } = kafka.open.batch;
      expect(producerEpoch).toBe(0);
      sequences.push([baseSequence, part.length]);
      kafka.open.answer();
    }
    let next = 1;
    for (const [baseSequence, count] of sequences) {
      expect(baseSequence).toBe(next);
      next += count;
    }
    expect(next).toBe(10);
    expect(kafka.told).toEqual(['warm', ...values, 'behind']);
  });

  it('is divided again and again where that is needed', async () => {
    const kafka = create(FAST);
    const values = Array.from({ length: 64 }, (_, index) => String(index).padEnd(50, '.'));
    sendAll(kafka, values);
    expect(await serve(kafka, 130)).toEqual(values);
  });

  it.each<[string, readonly number[]]>([
    ['a large and a tiny one', [5_000, 3]],
    ['a tiny and a large one', [3, 5_000]],
    ['a large one among tiny ones', [1, 2, 5_000, 3, 4]],
    ['several large ones', [5_000, 1, 5_000, 5_000, 1]],
  ])('fails only the records that are too large themselves: %s', async (_, sizes) => {
    const kafka = create(FAST);
    const values = sizes.map((size, index) => String(index).padEnd(size, '.'));
    const records = sendAll(kafka, values);
    const small = values.filter((value) => value.length < 5_000);
    expect(await serve(kafka, 1_000)).toEqual(small);
    for (const { value, error, state } of records) {
      expect(state).toBe(value.length < 5_000 ? 'stored' : 'failed');
      if (error !== null) expect(error).toBeInstanceOf(RecordTooLargeError);
    }
  });

  it('of two tiny records is divided too', async () => {
    const kafka = create(FAST);
    sendAll(kafka, ['a', 'b']);
    expect(await serve(kafka, 72)).toEqual(['a', 'b']);
  });

  it('of one record fails with an error that names the topic’s limit', async () => {
    for (const errorCode of [ErrorCode.MESSAGE_TOO_LARGE, ErrorCode.RECORD_LIST_TOO_LARGE]) {
      const kafka = create(FAST);
      const record = kafka.send('a');
      (await sentTo(kafka)).answer({ errorCode });
      await run(10_000);
      expect(record.error).toBeInstanceOf(RecordTooLargeError);
      expect(record.error).toMatchObject({ topic: 't', partition: 0, cause: { code: errorCode } });
      expect(record.error?.message).toContain('max.message.bytes');
      expect(kafka.requests).toHaveLength(1);
    }
  });

  it('does not lose time: parts go without back-off, and no retry is used up', async () => {
    const kafka = create({ ...FAST, retries: 1 });
    sendAll(
      kafka,
      Array.from({ length: 32 }, (_, index) => String(index).padEnd(100, '.')),
    );
    const from = Date.now();
    await serve(kafka, 300);
    expect(Date.now() - from).toBeLessThan(200);
    expect(kafka.deliveries.every(({ state }) => state === 'stored')).toBe(true);
  });

  it('keeps its deadline', async () => {
    const kafka = create(FAST);
    const records = sendAll(
      kafka,
      Array.from({ length: 8 }, () => 'v'.repeat(100)),
    );
    await run(60_000);
    kafka.open.answer(TOO_LARGE);
    await run(59_999);
    expect(records.every(({ state }) => state === 'pending')).toBe(true);
    await run(1);
    expect(records.map(({ error }) => error?.constructor)).toEqual(records.map(() => DeliveryTimeoutError));
  });

  it('counts as one for those who wait for it, until its last part has an outcome', async () => {
    const kafka = create(FAST);
    sendAll(
      kafka,
      Array.from({ length: 8 }, () => 'v'.repeat(100)),
    );
    const [batch] = [...kafka.accumulator.incomplete];
    let isSettled = false;
    batch?.onSettled(() => (isSettled = true));
    (await sentTo(kafka)).answer(TOO_LARGE);
    for (await run(); kafka.link.open.length > 0; await run()) {
      expect(isSettled).toBe(false);
      // The first part is divided once more.
      if (kafka.open.batch.values.length > 3) kafka.open.answer(TOO_LARGE);
      else kafka.open.answer();
    }
    expect(isSettled).toBe(true);
  });

  it('takes the ratio of a compressed topic back to 1, and counts the split', async () => {
    const kafka = create(FAST, { codec: new GzipCodec(null) });
    kafka.ratios.observe('t', 0.995);
    sendAll(
      kafka,
      Array.from({ length: 30 }, (_, index) => `${index}`.padEnd(200, 'x')),
    );
    (await sentTo(kafka)).answer(TOO_LARGE);
    await run();
    expect(kafka.ratios.estimate('t')).toBeGreaterThan(0.98);
    const metrics = kafka.metrics.read(Date.now(), {} as never);
    expect(metrics['batch-split-total']).toBe(1);
  });

  it('with compression is sent in parts as well', async () => {
    const kafka = create(FAST, { codec: new GzipCodec(null) });
    const values = Array.from({ length: 60 }, (_, index) => `${index}`.padEnd(100, 'abcdefgh'));
    sendAll(kafka, values);
    expect(await serve(kafka, 260)).toEqual(values);
    expect(kafka.told).toEqual(values);
  });

  it('may hold as many records as a batch takes', async () => {
    const kafka = create({ ...FAST, batchSize: 1_500_000, bufferMemory: 134_217_728 });
    for (let index = 0; index < 100_000; index++) kafka.send('');
    (await sentTo(kafka)).answer(TOO_LARGE);
    let count = 0;
    for (await run(); kafka.link.open.length > 0; await run()) {
      count += kafka.open.batch.values.length;
      kafka.open.answer();
    }
    expect(count).toBe(100_000);
  });
});

describe('a forced end', () => {
  it('fails everything once, queued or on its way; what is on its way keeps its memory until that ends', async () => {
    const kafka = create({ ...FAST, lingerMs: 1_000 });
    kafka.send('on its way', 0);
    const { freeMemory } = kafka;
    kafka.send('queued', 1);
    kafka.cut(0);
    kafka.send('next', 0);
    const request = await sentTo(kafka);
    const reason = new Error('closed');
    kafka.outcomes.abortAll(reason);
    expect(kafka.deliveries.map(({ error }) => error)).toEqual([reason, reason, reason]);
    expect(kafka.freeMemory).toBe(freeMemory);
    request.answer();
    await run(5_000);
    expect(kafka.requests).toHaveLength(1);
    expect(kafka.freeMemory).toBe(kafka.config.bufferMemory);
    expect(kafka.deliveries.map(({ outcomes }) => outcomes)).toEqual([1, 1, 1]);
  });
});

describe('metrics', () => {
  it('count records sent, retried and failed, and the age of the oldest batch', async () => {
    const kafka = create(PLAIN);
    kafka.send('a', 0);
    kafka.send('b', 0);
    kafka.send('c', 1);
    (await sentTo(kafka)).answer({
      't-0': { errorCode: ErrorCode.NOT_ENOUGH_REPLICAS },
      't-1': { errorCode: ErrorCode.INVALID_RECORD },
    });
    await run(300);
    expect(kafka.outcomes.oldestBatchAge(Date.now())).toBe(300);
    const metrics = kafka.metrics.read(Date.now(), {} as never);
    expect(metrics).toMatchObject({ 'record-send-total': 3, 'record-retry-total': 2, 'record-error-total': 1 });
    expect(metrics['request-total']).toBe(2);
    kafka.open.answer();
    await run();
    expect(kafka.outcomes.oldestBatchAge(Date.now())).toBe(0);
  });
});
