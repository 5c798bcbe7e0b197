import { CommanderError } from 'commander';
import {
  CONSUMER_SCENARIOS,
  parseArguments,
  SCENARIOS,
  TELEMETRY_SCENARIOS,
  TRANSACTION_SCENARIOS,
} from './arguments.js';

describe('parseArguments', () => {
  // Commander writes what is wrong to standard error before it throws.
  const write = process.stderr.write.bind(process.stderr);
  beforeAll(() => {
    process.stderr.write = () => true;
  });
  afterAll(() => {
    process.stderr.write = write;
  });

  it('measures everything with a million records when nothing else is asked for', () => {
    expect(parseArguments(['producer'])).toEqual({
      suite: 'producer',
      json: false,
      records: 1_000_000,
      warmup: 1_000_000,
      repetitions: 3,
      sizes: [100, 1024],
      only: new Set(SCENARIOS),
      cpuProfile: null,
    });
  });

  it('takes counts, sizes, scenarios and the output form', () => {
    const given = '--json --records 5000 --warmup 10 --repetitions 1 --sizes 10,20,10 --cpu-profile profiles';
    const options = parseArguments(['producer', ...given.split(' '), '--only', 'ours, java']);
    expect(options).toEqual({
      suite: 'producer',
      json: true,
      records: 5000,
      warmup: 10,
      repetitions: 1,
      sizes: [10, 20],
      only: new Set(['ours', 'java']),
      cpuProfile: 'profiles',
    });
  });

  it('measures what instrumentation costs, against another build where one is named', () => {
    const options = { suite: 'telemetry', json: false, records: 300_000, repetitions: 3, cpuProfile: null };
    expect(parseArguments(['telemetry'])).toEqual({ ...options, base: null, only: new Set(TELEMETRY_SCENARIOS) });
    expect(parseArguments(['telemetry', '--base', '/tmp/dist', '--only', 'absent'])).toEqual({
      ...options,
      base: '/tmp/dist',
      only: new Set(['absent']),
    });
  });

  it('measures all clients under every load in windows of three seconds', () => {
    expect(parseArguments(['transactions'])).toEqual({
      suite: 'transactions',
      brokers: 3,
      json: false,
      producers: [1, 4, 16],
      messages: [1, 100],
      window: 3000,
      warmup: 1000,
      brokerWarmup: 60_000,
      repetitions: 3,
      only: new Set(TRANSACTION_SCENARIOS),
      cpuProfile: null,
    });
  });

  it('takes loads, times, clients and the output form', () => {
    const given =
      '--json --brokers 1 --producers 2,8 --messages 10 --window 500 --warmup 100 --broker-warmup 5 --repetitions 1 --cpu-profile profiles';
    const options = parseArguments(['transactions', ...given.split(' '), '--only', 'ours,java']);
    expect(options).toEqual({
      suite: 'transactions',
      brokers: 1,
      json: true,
      producers: [2, 8],
      messages: [10],
      window: 500,
      warmup: 100,
      brokerWarmup: 5,
      repetitions: 1,
      only: new Set(['ours', 'java']),
      cpuProfile: 'profiles',
    });
  });

  it('lets every consumer have a million records', () => {
    expect(parseArguments(['consumer'])).toEqual({
      suite: 'consumer',
      json: false,
      records: 1_000_000,
      waitingRecords: 4000,
      transactions: 3000,
      repetitions: 3,
      only: new Set(CONSUMER_SCENARIOS),
      cpuProfile: null,
    });
  });

  it('takes counts, consumers and the output form', () => {
    const given = '--json --records 500 --waiting-records 40 --transactions 10 --repetitions 1 --cpu-profile profiles';
    expect(parseArguments(['consumer', ...given.split(' '), '--only', 'auto,keys'])).toEqual({
      suite: 'consumer',
      json: true,
      records: 500,
      waitingRecords: 40,
      transactions: 10,
      repetitions: 1,
      only: new Set(['auto', 'keys']),
      cpuProfile: 'profiles',
    });
  });

  it('warms up with as many records as it measures', () => {
    expect(parseArguments(['producer', '--records', '5000'])).toMatchObject({ warmup: 5000 });
  });

  it.each([
    [['producer', '--records', '0']],
    [['producer', '--records', '1.5']],
    [['producer', '--sizes', '100,']],
    [['producer', '--only', 'ours,theirs']],
    [['producer', '--fast']],
    [['transactions', '--brokers', '2']],
    [['transactions', '--producers', '0']],
    [['transactions', '--window', 'long']],
    [['transactions', '--only', 'ceiling']],
    [['transactions', '--records', '5']],
    [['consumer', '--only', 'java']],
    [['consumer', '--sizes', '100']],
    [['consumers']],
    [[]],
  ])('refuses %j', (argv) => {
    expect(() => parseArguments(argv)).toThrow(CommanderError);
  });
});
