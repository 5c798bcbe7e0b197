import { ConfigError } from './errors.js';
import { OPTION_RULES } from './option-rules.js';
import { DefaultPartitioner } from './partitioners/default.partitioner.js';
import { RoundRobinPartitioner } from './partitioners/round-robin.partitioner.js';
import type { ProducerOptions } from './producer-options.js';
import { resolveProducerConfig } from './resolve-producer-config.js';

function failure(options: unknown, clientId?: string): ConfigError {
  try {
    resolveProducerConfig(options as ProducerOptions, clientId);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error('the options were accepted');
}

const config = (options: ProducerOptions = {}) => resolveProducerConfig(options, 'test').config;

describe('resolveProducerConfig', () => {
  it("has the Java client's defaults", () => {
    expect(resolveProducerConfig({}, 'test')).toEqual({
      config: {
        clientId: 'test',
        acks: -1,
        enableIdempotence: true,
        maxInFlightRequestsPerConnection: 5,
        retries: 2147483647,
        retryBackoffMs: 100,
        retryBackoffMaxMs: 1000,
        reconnectBackoffMs: 50,
        reconnectBackoffMaxMs: 1000,
        requestTimeoutMs: 30000,
        deliveryTimeoutMs: 120000,
        maxBlockMs: 60000,
        lingerMs: 5,
        batchSize: 16384,
        bufferMemory: 33554432,
        maxRequestSize: 1048576,
        compressionType: 'none',
        compressionLevel: null,
        partitionerIgnoreKeys: false,
        partitionerAdaptivePartitioningEnable: true,
        partitionerAvailabilityTimeoutMs: 0,
        metadataMaxAgeMs: 300000,
        metadataMaxIdleMs: 300000,
        connectionsMaxIdleMs: 540000,
        socketConnectionSetupTimeoutMs: 10000,
        transactionalId: null,
        transactionTimeoutMs: 60000,
        startTimeoutMs: 30000,
      },
      warnings: [],
      infos: [],
    });
  });

  it('takes undefined for not given, for every option', () => {
    const nothing = Object.fromEntries(Object.keys(OPTION_RULES).map((name) => [name, undefined])) as ProducerOptions;

    expect(config(nothing)).toEqual(config());
  });

  it('makes a client id from the transactional id, or else counts', () => {
    const counted = [1, 2].map(() => Number(/^producer-(\d+)$/.exec(resolveProducerConfig().config.clientId)?.[1]));

    expect(resolveProducerConfig({ transactionalId: 'tx' }).config.clientId).toBe('producer-tx');
    expect(counted[1]).toBe((counted[0] ?? 0) + 1);
  });

  it.each([
    ['all', -1],
    [' ALL ', -1],
    ['-1', -1],
    [-1, -1],
    ['1', 1],
    [0, 0],
  ])('reads acks %p as %i', (acks, expected) => {
    expect(config({ acks: acks as 'all', enableIdempotence: false }).acks).toBe(expected);
  });

  describe('rules between settings', () => {
    it('V1: refuses a delivery timeout under linger + request timeout', () => {
      const error = failure({ deliveryTimeoutMs: 1000, lingerMs: 5, requestTimeoutMs: 1000 });

      expect(error).toMatchObject({ rule: 'V1', setting: 'deliveryTimeoutMs', value: 1000 });
      expect(error.message).toMatch(/lingerMs \+ requestTimeoutMs = 5 \+ 1000 = 1005/);
      expect(config({ deliveryTimeoutMs: 1005, requestTimeoutMs: 1000 }).deliveryTimeoutMs).toBe(1005);
    });

    it('V1: compares with the largest int where the sum exceeds it', () => {
      const options: ProducerOptions = {
        lingerMs: 2147483647,
        requestTimeoutMs: 2147483647,
        deliveryTimeoutMs: 2147483647,
      };

      expect(config(options).deliveryTimeoutMs).toBe(2147483647);
    });

    it('V2: raises the default delivery timeout and says so', () => {
      const resolved = resolveProducerConfig({ requestTimeoutMs: 120_000 });

      expect(resolved.config.deliveryTimeoutMs).toBe(120_005);
      expect(resolved.warnings).toEqual([expect.stringContaining('deliveryTimeoutMs is raised')]);
    });

    it('V3: refuses idempotence without retries', () => {
      expect(failure({ enableIdempotence: true, retries: 0 })).toMatchObject({
        rule: 'V3',
        setting: 'retries',
        value: 0,
      });
    });

    it.each([0, 1, '1'] as const)('V4: refuses idempotence with acks %p', (acks) => {
      expect(failure({ enableIdempotence: true, acks })).toMatchObject({ rule: 'V4', setting: 'acks', value: acks });
    });

    it.each([{ acks: 1 }, { acks: 0 }, { retries: 0 }] as const)(
      'V5: switches idempotence off for %j, with an info',
      (options) => {
        const resolved = resolveProducerConfig(options);

        expect(resolved.config.enableIdempotence).toBe(false);
        expect(resolved.infos).toEqual([expect.stringContaining('Idempotence is off')]);
        expect(resolved.warnings).toEqual([]);
      },
    );

    it.each([{}, { enableIdempotence: true }, { acks: 1 }] as const)(
      'V6: refuses more than five in flight with %j',
      (options) => {
        expect(failure({ ...options, maxInFlightRequestsPerConnection: 6 })).toMatchObject({
          rule: 'V6',
          setting: 'maxInFlightRequestsPerConnection',
          value: 6,
        });
      },
    );

    it('allows more than five in flight without idempotence', () => {
      const resolved = resolveProducerConfig({
        enableIdempotence: false,
        maxInFlightRequestsPerConnection: 6,
        acks: 1,
        retries: 0,
      });

      expect(resolved.config.maxInFlightRequestsPerConnection).toBe(6);
      expect(resolved.infos).toEqual([]);
    });

    it.each([{ enableIdempotence: false }, { acks: 1 }, { retries: 0 }] as const)(
      'V7: refuses a transactional id with %j',
      (options) => {
        expect(failure({ ...options, transactionalId: 'tx' })).toMatchObject({
          rule: 'V7',
          setting: 'transactionalId',
        });
      },
    );

    it.each([2, '2', '', 'quorum', true, null, Number.NaN])('V9: refuses acks %p', (acks) => {
      expect(failure({ acks })).toMatchObject({ rule: 'V9', setting: 'acks' });
    });

    it.each(['receiveBufferBytes', 'sendBufferBytes'])(
      'V11: refuses %s under -1, and says that it is not honoured',
      (name) => {
        expect(failure({ [name]: -2 })).toMatchObject({ rule: 'V11', setting: name, value: -2 });
        expect(resolveProducerConfig({ [name]: -1 }).warnings).toEqual([expect.stringContaining(`${name} is ignored`)]);
      },
    );

    it('V20: caps the pause, with a warning', () => {
      const resolved = resolveProducerConfig({ retryBackoffMs: 5000 });

      expect(resolved.config).toMatchObject({ retryBackoffMs: 1000, retryBackoffMaxMs: 1000 });
      expect(resolved.warnings).toEqual([expect.stringContaining('every pause is 1000 ms')]);
    });

    it('takes reconnectBackoffMs for the longest pause too when only it is given', () => {
      expect(config({ reconnectBackoffMs: 5000 })).toMatchObject({
        reconnectBackoffMs: 5000,
        reconnectBackoffMaxMs: 5000,
      });
    });
  });

  describe('types and limits', () => {
    const integers = Object.entries(OPTION_RULES).flatMap(([name, rule]) =>
      rule.kind === 'integer' ? [[name, rule] as const] : [],
    );
    const booleans = Object.entries(OPTION_RULES).flatMap(([name, rule]) => (rule.kind === 'boolean' ? [name] : []));

    it.each(integers)('%s must be a whole number', (name) => {
      for (const value of ['5', Number.NaN, Number.POSITIVE_INFINITY, 1.5, 5n, null, true, [], {}]) {
        expect(failure({ [name]: value })).toMatchObject({ rule: 'TYPE', setting: name, value });
      }
    });

    it.each(integers)('%s must be within its limits', (name, rule) => {
      for (const value of [rule.min - 1, rule.max + 1]) {
        expect(failure({ [name]: value }).setting).toBe(name);
      }
    });

    it.each(booleans)('%s must be true or false', (name) => {
      for (const value of ['true', 1, 0, null])
        expect(failure({ [name]: value })).toMatchObject({ rule: 'TYPE', setting: name });
    });

    it('tells text that looks like a number to become one', () => {
      expect(failure({ lingerMs: '5' }).message).toContain('Number(...)');
    });

    it('cuts times beyond what a timer can wait', () => {
      expect(config({ maxBlockMs: Number.MAX_SAFE_INTEGER }).maxBlockMs).toBe(2147483647);
    });

    it('takes -1 for connections that stay open, and a batch of 0 bytes for one of 1', () => {
      expect(config({ connectionsMaxIdleMs: -1, batchSize: 0 })).toMatchObject({
        connectionsMaxIdleMs: 2147483647,
        batchSize: 1,
      });
    });

    it.each(['', '  ', 5])('refuses the transactional id %p', (transactionalId) => {
      expect(failure({ transactionalId })).toMatchObject({ setting: 'transactionalId', rule: 'TYPE' });
    });

    it('refuses options that are no object, and a client id that is no text', () => {
      expect(failure('lingerMs=5').setting).toBe('producer');
      expect(failure([]).setting).toBe('producer');
      expect(failure({}, 5 as unknown as string).setting).toBe('client.clientId');
    });

    it.each([-1, 1.5, '30'])('refuses startTimeoutMs %p', (value) => {
      expect(() => resolveProducerConfig({}, 'test', value as number)).toThrow(/startTimeoutMs/);
    });
  });

  describe('names', () => {
    it.each([
      ['linger', 'lingerMs'],
      ['linger.ms', 'lingerMs'],
      ['LingerMS', 'lingerMs'],
      ['compressionType', 'compression'],
      ['idempotent', 'enableIdempotence'],
      ['maxInFlightRequests', 'maxInFlightRequestsPerConnection'],
      ['createPartitioner', 'partitioner'],
      ['batchSizeBytes', null],
    ])('refuses %s and suggests %s', (name, suggestion) => {
      const error = failure({ [name]: 1 });

      expect(error).toMatchObject({ rule: 'UNKNOWN', setting: name });
      if (suggestion !== null) expect(error.message).toContain(`Did you mean ${suggestion}?`);
    });

    it.each(['__proto__', 'constructor', 'toString'])('refuses %s like any other unknown name', (name) => {
      expect(failure(JSON.parse(`{"${name}": 1}`))).toMatchObject({ rule: 'UNKNOWN', setting: name });
    });

    it('points dotted names to fromKafkaProperties', () => {
      expect(failure({ 'batch.size': 1 }).message).toContain('fromKafkaProperties');
    });
  });

  describe('compression', () => {
    it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('takes %s', (compression) => {
      expect(config({ compression }).compressionType).toBe(compression);
    });

    it.each(['GZIP', 'brotli', '', 1, null])('refuses %p', (compression) => {
      expect(failure({ compression })).toMatchObject({ setting: 'compression' });
    });

    it.each([
      ['gzip', -1, null],
      ['gzip', 9, 9],
      ['zstd', -5, -5],
      ['zstd', 22, 22],
    ] as const)('%s takes level %i as %p', (compression, compressionLevel, expected) => {
      expect(config({ compression, compressionLevel }).compressionLevel).toBe(expected);
    });

    it.each([
      ['gzip', 0],
      ['gzip', 10],
      ['zstd', 23],
      ['lz4', 0],
      ['lz4', 18],
    ] as const)('%s refuses level %i', (compression, compressionLevel) => {
      expect(failure({ compression, compressionLevel })).toMatchObject({ setting: 'compressionLevel', rule: 'RANGE' });
    });

    it.each(['lz4', 'snappy', 'none'] as const)('says that %s has no levels', (compression) => {
      const resolved = resolveProducerConfig({ compression, compressionLevel: 3 });

      expect(resolved.config.compressionLevel).toBeNull();
      expect(resolved.warnings).toEqual([expect.stringContaining('compressionLevel is ignored')]);
    });
  });

  it('says that settings of the built-in partitioner do not apply to another, but do to DefaultPartitioner', () => {
    const settings: ProducerOptions = { partitionerIgnoreKeys: true, partitionerAvailabilityTimeoutMs: 1 };

    expect(resolveProducerConfig({ ...settings, partitioner: RoundRobinPartitioner }).warnings).toEqual([
      'partitionerIgnoreKeys, partitionerAvailabilityTimeoutMs are ignored: a partitioner of your own decides.',
    ]);
    expect(resolveProducerConfig({ ...settings, partitioner: DefaultPartitioner }).warnings).toEqual([]);
  });
});
