import { fromKafkaProperties } from '../producer/kafka-properties/from-kafka-properties.js';
import { ConfigError } from '../producer/errors.js';
import { AutoCommitStrategy } from './commit/auto-commit.strategy.js';
import type { KafkaConsumerOptions } from './consumer-options.js';
import { resolveConsumerConfig } from './resolve-consumer-config.js';

function refusalOf(options: unknown): ConfigError {
  try {
    resolveConsumerConfig(options as KafkaConsumerOptions);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('resolveConsumerConfig', () => {
  it('has the defaults of Kafka, and read_committed', () => {
    expect(resolveConsumerConfig()).toEqual({
      config: {
        groupInstanceId: null,
        clientRack: null,
        autoOffsetReset: 'latest',
        isolationLevel: 'read_committed',
        sessionTimeoutMs: 45_000,
        heartbeatIntervalMs: 3_000,
        maxPollIntervalMs: 300_000,
        partitionAssignmentStrategy: ['range'],
        fetchMinBytes: 1,
        fetchMaxBytes: 52_428_800,
        fetchMaxWaitMs: 500,
        maxPartitionFetchBytes: 1_048_576,
        allowAutoCreateTopics: true,
        metadataMaxAgeMs: 300_000,
        requestTimeoutMs: 30_000,
        defaultApiTimeoutMs: 60_000,
        retryBackoffMs: 100,
        retryBackoffMaxMs: 1_000,
        reconnectBackoffMs: 50,
        reconnectBackoffMaxMs: 1_000,
        connectionsMaxIdleMs: 540_000,
        socketConnectionSetupTimeoutMs: 10_000,
      },
      clientId: null,
      groupId: null,
      maxPollRecords: 500,
      drainTimeoutMs: 30_000,
      autoCommitIntervalMs: 5_000,
      warnings: [],
    });
  });

  it('takes what fromKafkaProperties gives', () => {
    const { consumer } = fromKafkaProperties({
      'group.id': 'g',
      'auto.offset.reset': 'earliest',
      'isolation.level': 'read_uncommitted',
      'session.timeout.ms': '6000',
      'max.poll.records': '10',
      'enable.auto.commit': 'true',
      'auto.commit.interval.ms': '100',
      'partition.assignment.strategy':
        'org.apache.kafka.clients.consumer.RoundRobinAssignor,org.apache.kafka.clients.consumer.RangeAssignor',
    });
    expect(resolveConsumerConfig(consumer)).toMatchObject({
      groupId: 'g',
      maxPollRecords: 10,
      autoCommitIntervalMs: 100,
      config: {
        autoOffsetReset: 'earliest',
        isolationLevel: 'read_uncommitted',
        sessionTimeoutMs: 6_000,
        partitionAssignmentStrategy: ['roundrobin', 'range'],
      },
      warnings: [],
    });
  });

  it('counts undefined as not given, and cuts what a timer cannot wait', () => {
    expect(
      resolveConsumerConfig({ sessionTimeoutMs: undefined, connectionsMaxIdleMs: -1, metadataMaxAgeMs: 1e15 }).config,
    ).toMatchObject({ sessionTimeoutMs: 45_000, connectionsMaxIdleMs: 2_147_483_647, metadataMaxAgeMs: 2_147_483_647 });
  });

  it.each([
    [
      'a heartbeat as long as the session',
      { heartbeatIntervalMs: 45_000 },
      /must be lower than consumer\.sessionTimeoutMs/,
    ],
    [
      'a fetch that waits as long as a request',
      { fetchMaxWaitMs: 30_000 },
      /must be lower than consumer\.requestTimeoutMs/,
    ],
    [
      'an offset reset that is none',
      { autoOffsetReset: 'by_duration:PT1H' },
      /one of latest, earliest, none, not 'by_dur/,
    ],
    ['an isolation level that is none', { isolationLevel: 'committed' }, /one of read_committed, read_uncommitted/],
    ['a number as text', { sessionTimeoutMs: '6000' }, /Give the number, not text/],
    ['an empty group', { groupId: ' ' }, /Is an environment variable missing/],
    [
      'cooperative assignment',
      { partitionAssignmentStrategy: 'cooperative-sticky' },
      /The cooperative protocol is not there/,
    ],
    ['no assignment', { partitionAssignmentStrategy: [] }, /must not be empty/],
    ['commits by nobody', { enableAutoCommit: false }, /nothing says who commits.*ManualCommitStrategy/s],
    ['commits by two', { enableAutoCommit: true, commitStrategy: AutoCommitStrategy }, /leave one of them out/],
    [
      "kafkajs's name of an option",
      { fromBeginning: true },
      /has no setting 'fromBeginning'. Here it is autoOffsetReset: 'earliest'/,
    ],
    ['a misspelt option', { sessionTimeout: 1 }, /Here it is sessionTimeoutMs/],
    ["Kafka's own name", { 'group.id': 'g' }, /Here it is groupId.*fromKafkaProperties/],
    ['a list', [], /must be an object/],
  ])('refuses %s, and says what to do', (_name, options, message) => {
    expect(refusalOf(options).message).toMatch(message);
  });

  it('warns of an interval that a strategy of its own makes useless', () => {
    expect(
      resolveConsumerConfig({ autoCommitIntervalMs: 1, commitStrategy: AutoCommitStrategy, enableAutoCommit: false }),
    ).toMatchObject({ warnings: [expect.stringContaining('autoCommitIntervalMs is ignored')] });
  });
});
