import type { ConsumerMeasure } from '../worker/consumer-job.js';
import { compareConsumers } from './compare-consumers.js';
import { sizeOfTransform } from './run-transforms.js';
import { summarizeConsumer, summarizeTransform } from './summarize-consumers.js';

function measure(messagesPerSecond: number, cpuMicrosPerMessage = 1, calls = messagesPerSecond): ConsumerMeasure {
  return {
    records: messagesPerSecond * 2,
    calls: calls * 2,
    seconds: 2,
    cpuMicrosPerMessage,
    handled: messagesPerSecond * 2 + 1,
    idSum: 0,
  };
}

describe('compareConsumers', () => {
  it('judges each strategy against ServerKafka by messages and by processor time', () => {
    const ratios = compareConsumers(
      [
        { subject: { client: 'server-kafka' }, measures: [measure(30_000, 24)] },
        { subject: { client: 'auto' }, measures: [measure(120_000, 6)] },
        { subject: { client: 'async' }, measures: [measure(60_000, 12)] },
      ],
      [],
      [],
    );
    expect(ratios.map(({ met, name, ratio }) => [name, ratio, met])).toEqual([
      ['auto/server-kafka', 4, true],
      ['async/server-kafka', 2, false],
      ['cpu server-kafka/auto', 4, true],
      ['cpu server-kafka/async', 2, false],
    ]);
  });

  it('sets no target for a commit after each record', () => {
    const ratios = compareConsumers(
      [
        { subject: { client: 'server-kafka' }, measures: [measure(30_000, 24)] },
        { subject: { client: 'sync-record' }, measures: [measure(6000, 120)] },
      ],
      [],
      [],
    );
    expect(ratios.map(({ met, ratio }) => [ratio, met])).toEqual([
      [0.2, null],
      [0.2, null],
    ]);
  });

  it.each([
    [3600, true],
    [3400, false],
  ])('judges %d messages/s of keys side by side against 175 one after the other: %p', (keys, met) => {
    const [ratio] = compareConsumers(
      [],
      [
        { subject: { keysAtOnce: null }, measures: [measure(175)] },
        { subject: { keysAtOnce: 32 }, measures: [measure(keys)] },
      ],
      [],
    );
    expect(ratio).toMatchObject({ name: '32 keys/sequential', met });
  });

  it('compares transactions under the same load, and the messages of batches with those of single records', () => {
    const ratios = compareConsumers(
      [],
      [],
      [
        { subject: { client: 'ours', messages: 1, parallel: 1 }, measures: [measure(400)] },
        { subject: { client: 'server-kafka', messages: 1, parallel: 1 }, measures: [measure(8)] },
        { subject: { client: 'ours', messages: 100, parallel: 1 }, measures: [measure(20_000, 1, 200)] },
        { subject: { client: 'ours', messages: 1, parallel: 6 }, measures: [measure(900)] },
      ],
    );
    expect(ratios.map(({ name, ratio }) => [name, ratio])).toEqual([
      ['transform/server-kafka (1 x 1)', 50],
      ['transform messages: 100/1 (x 1)', 50],
    ]);
  });

  it('compares only what was measured', () => {
    expect(compareConsumers([{ subject: { client: 'auto' }, measures: [measure(1)] }], [], [])).toEqual([]);
  });
});

describe('summarizeConsumer and summarizeTransform', () => {
  it('give rates by time, and of transactions by calls of the handler', () => {
    const subject = { client: 'ours', messages: 100, parallel: 1 } as const;
    const series = { subject, measures: [measure(1000, 3, 10), measure(3000, 1, 30)] };
    expect(summarizeConsumer(series)).toMatchObject({
      ...subject,
      messagesPerSecond: { median: 2000, min: 1000, max: 3000 },
      cpuMicrosPerMessage: { median: 2 },
    });
    expect(summarizeTransform(series)).toMatchObject({ transactionsPerSecond: { median: 20, min: 10, max: 30 } });
  });
});

describe('sizeOfTransform', () => {
  it('adds a warm-up, and gives batches as many transactions as single records', () => {
    expect(sizeOfTransform(1000, { client: 'ours', messages: 1, parallel: 1 })).toEqual({ records: 1200, warmup: 200 });
    expect(sizeOfTransform(1000, { client: 'ours', messages: 100, parallel: 6 })).toEqual({
      records: 120_000,
      warmup: 20_000,
    });
  });

  it('asks fewer of kafkajs', () => {
    expect(sizeOfTransform(1000, { client: 'server-kafka', messages: 1, parallel: 1 }).records).toBe(24);
  });
});
