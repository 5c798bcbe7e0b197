import type { ConfigError } from './errors.js';
import type { KafkaProducerConfiguration } from './kafka-producer-module-options.js';
import { transactionalConfig } from './resolve-transactions.js';
import { validateModuleOptions } from './validate-module-options.js';

const CLIENT = { brokers: ['127.0.0.1:9092'] };
const PREFIX = { transactionalIdPrefix: 'orders-' };

describe('the option transactions', () => {
  const resolve = (options: Partial<KafkaProducerConfiguration>) =>
    validateModuleOptions({ client: CLIENT, ...options });
  const refused = (options: object): ConfigError => {
    try {
      resolve(options);
    } catch (error) {
      return error as ConfigError;
    }
    throw new Error('It was not refused.');
  };

  it('may be left out', () => {
    expect(resolve({}).transactions).toBeNull();
  });

  it('has defaults for all but the prefix', () => {
    const { transactions, warnings } = resolve({ transactions: PREFIX });

    expect(transactions).toEqual({
      transactionalIdPrefix: 'orders-',
      poolSize: 10,
      timeoutMs: 60_000,
      maxWorkMs: 55_000,
    });
    expect(warnings).toEqual([]);
  });

  it.each([
    [1, 1],
    [10, 9],
    [1_001, 900],
    [50_000, 45_000],
    [900_000, 895_000],
  ])('with a timeout of %i ms leaves %i ms for the work', (timeoutMs, maxWorkMs) => {
    expect(resolve({ transactions: { ...PREFIX, timeoutMs } }).transactions).toMatchObject({ timeoutMs, maxWorkMs });
  });

  it('takes the timeout from the setting of the producer, unless it has its own', () => {
    const producer = { transactionTimeoutMs: 20_000 };
    expect(resolve({ producer, transactions: PREFIX }).transactions?.timeoutMs).toBe(20_000);
    const both = resolve({ producer, transactions: { ...PREFIX, timeoutMs: 30_000 } });

    expect(both.transactions?.timeoutMs).toBe(30_000);
    expect(both.warnings).toEqual([expect.stringContaining('transactionTimeoutMs is ignored')]);
  });

  it('warns of a timeout that brokers refuse by default', () => {
    expect(resolve({ transactions: { ...PREFIX, timeoutMs: 900_001 } }).warnings).toEqual([
      expect.stringContaining('transaction.max.timeout.ms'),
    ]);
  });

  it.each<[string, unknown]>([
    ['transactions', null],
    ['transactions', 'orders-'],
    ['transactions.transactionalIdPrefix', {}],
    ['transactions.transactionalIdPrefix', { transactionalIdPrefix: ' ' }],
    ['transactions.transactionalIdPrefix', { transactionalIdPrefix: 5 }],
    ['transactions.transactionalIdPrefix', { transactionalIdPrefix: 'x'.repeat(1_001) }],
    ['transactions.poolSize', { ...PREFIX, poolSize: 0 }],
    ['transactions.poolSize', { ...PREFIX, poolSize: 1.5 }],
    ['transactions.poolSize', { ...PREFIX, poolSize: 1_000_000_000 }],
    ['transactions.timeoutMs', { ...PREFIX, timeoutMs: 0 }],
    ['transactions.timeoutMs', { ...PREFIX, timeoutMs: '60s' }],
    ['transactions.size', { ...PREFIX, size: 5 }],
  ])('refuses a wrong %s (%#)', (setting, transactions) => {
    expect(refused({ transactions })).toMatchObject({ name: 'ConfigError', setting });
  });

  it.each([
    ['acks', { acks: 1 }],
    ['retries', { retries: 0 }],
    ['enableIdempotence', { enableIdempotence: false }],
    ['enableIdempotence', { enableIdempotence: false, acks: 1 }],
  ])('needs idempotence, and names %s that switches it off (%#)', (setting, producer) => {
    expect(refused({ producer, transactions: PREFIX })).toMatchObject({ name: 'ConfigError', setting, rule: 'V7' });
  });

  it.each([{ transactions: PREFIX }, {}])('is named where a transactionalId was given directly (%#)', (options) => {
    expect(refused({ producer: { transactionalId: 'orders' }, ...options })).toMatchObject({
      name: 'ConfigError',
      setting: 'transactionalId',
      message: expect.stringContaining("transactions: { transactionalIdPrefix: 'orders-' }") as unknown,
    });
    expect(resolve({ producer: { transactionalId: null }, ...options })).toBeDefined();
  });

  describe('leads to producers', () => {
    const configOf = (options: Partial<KafkaProducerConfiguration>) =>
      transactionalConfig(resolve(options).config, { client: CLIENT, ...options }, 'orders-3', 20_000);

    it('with the settings of the other, but for what a transaction needs', () => {
      const { config } = resolve({ producer: { batchSize: 5 } });

      expect(configOf({ producer: { batchSize: 5 } })).toEqual({
        ...config,
        clientId: 'producer-orders-3',
        transactionalId: 'orders-3',
        transactionTimeoutMs: 20_000,
        lingerMs: 0,
        startTimeoutMs: 0,
      });
    });

    it('with the client id and the linger that were given', () => {
      expect(configOf({ client: { ...CLIENT, clientId: 'shop' }, producer: { lingerMs: 9 } })).toMatchObject({
        clientId: 'shop',
        lingerMs: 9,
      });
    });
  });
});
