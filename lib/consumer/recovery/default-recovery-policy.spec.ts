import { ConflictException } from '@nestjs/common';
import { RecordingLog } from '../../../test/support/recording-log.js';
import { ConfigError } from '../../producer/errors.js';
import { RecordingKafkaProducer } from '../../testing/recording/recording-kafka-producer.js';
import { createRecoveryPolicy } from './create-recovery-policy.js';
import type { RecoveryOptions } from './recovery-options.js';
import type { RecoveryPolicy } from './recovery-policy.js';
import { consumedRecord, failedRecord } from './spec-support/failed-record.js';

const NO_WAIT = { backoff: () => 0 };
const RETRY = { action: 'retry', delayMs: 0 };
const DEAD_LETTER = { action: 'dead-letter' };
const STOP = { action: 'stop' };

describe('DefaultRecoveryPolicy', () => {
  let log: RecordingLog;
  let producer: RecordingKafkaProducer;
  let asked: (string | null)[];

  beforeEach(() => {
    log = new RecordingLog();
    producer = new RecordingKafkaProducer({ log });
    asked = [];
  });

  function policy(options?: RecoveryOptions): RecoveryPolicy {
    const producerFor = (name: string | null): RecordingKafkaProducer => {
      asked.push(name);
      return producer;
    };
    return createRecoveryPolicy(options, { listenerId: 'Orders.onOrder', producerFor, log });
  }

  function decisions(
    options: RecoveryOptions,
    attempts: readonly number[],
    error: unknown = new Error('x'),
  ): unknown[] {
    const decider = policy({ ...NO_WAIT, ...options });
    return attempts.map((attempt) => decider.decide(failedRecord({ attempts: attempt, error })));
  }

  it('tries again until the attempts are used up, then stops', () => {
    expect(decisions({ attempts: 3 }, [1, 2, 3, 4])).toEqual([RETRY, RETRY, STOP, STOP]);
    expect(decisions({ attempts: 1 }, [1])).toEqual([STOP]);
    expect(decisions({}, [9, 10])).toEqual([RETRY, STOP]);
    expect(decisions({ attempts: Infinity }, [1_000_000])).toEqual([RETRY]);
  });

  it('gives the dead-letter topic what it has given up, where there is one', () => {
    expect(decisions({ attempts: 2, deadLetter: true }, [1, 2])).toEqual([RETRY, DEAD_LETTER]);
  });

  it('waits with back-off by default', () => {
    const { action, delayMs } = policy().decide(failedRecord({ attempts: 3 })) as { action: string; delayMs: number };

    expect(action).toBe('retry');
    expect(delayMs).toBeGreaterThanOrEqual(1_600);
    expect(delayMs).toBeLessThanOrEqual(2_400);
  });

  it('gives up at once what another attempt would not mend', () => {
    expect(decisions({ deadLetter: true }, [1], new ConflictException())).toEqual([DEAD_LETTER]);
    expect(decisions({}, [1], new ConflictException())).toEqual([STOP]);
    expect(decisions({ deadLetter: true, notRetryable: [RangeError] }, [1], new RangeError())).toEqual([DEAD_LETTER]);
    expect(decisions({ deadLetter: true, retryable: [ConflictException] }, [1], new ConflictException())).toEqual([
      RETRY,
    ]);
  });

  it('stops at once when the settings are wrong, and leaves the record where it is', () => {
    const error = new ConfigError('x', 'valueDeserializer', 1, 'TYPE');

    expect(decisions({ deadLetter: true, retryable: [ConfigError] }, [1], error)).toEqual([STOP]);
  });

  it('stops before a record that has failed in its own dead-letter topic', () => {
    const inTopic = (topic: string): ReturnType<typeof failedRecord> =>
      failedRecord({ attempts: 10, record: consumedRecord({ topic }) });

    expect(policy({ deadLetter: true }).decide(inTopic('orders-dlt'))).toEqual(STOP);
    expect(policy({ deadLetter: { topic: 'dead' } }).decide(inTopic('dead'))).toEqual(STOP);
    expect(policy({ deadLetter: { topic: ({ topic }) => topic } }).decide(inTopic('any'))).toEqual(STOP);
    expect(policy({ deadLetter: { topic: 'parking' } }).decide(inTopic('orders-dlt'))).toEqual(DEAD_LETTER);
  });

  it('leaves it to the publisher to report a function `topic` that throws', () => {
    const topic = (): string => {
      throw new Error('x');
    };

    expect(policy({ deadLetter: { topic } }).decide(failedRecord({ attempts: 10 }))).toEqual(DEAD_LETTER);
  });

  it('stores dead letters with the producer that is named, and asks for none it does not need', async () => {
    await policy({ deadLetter: true }).deadLetter(failedRecord());
    await policy({ deadLetter: { producer: 'archive' } }).deadLetter(failedRecord());
    policy({ deadLetter: false });

    expect(asked).toEqual([null, 'archive']);
    expect(producer.records.map(({ topic }) => topic)).toEqual(['orders-dlt', 'orders-dlt']);
  });

  it('refuses to store one without a dead-letter topic', async () => {
    await expect(policy().deadLetter(failedRecord())).rejects.toThrow(ConfigError);
  });
});
