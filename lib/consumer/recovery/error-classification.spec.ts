import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import {
  BadRequestException,
  ConflictException,
  HttpException,
  InternalServerErrorException,
  RequestTimeoutException,
  ServiceUnavailableException,
} from '@nestjs/common';
import { KafkaRetriableException, RpcException } from '@nestjs/microservices';
import { IsInt, validateOrReject } from 'class-validator';
import { RecordingLog } from '../../../test/support/recording-log.js';
import { ConfigError } from '../../producer/errors.js';
import type { ErrorMatcher } from '../../producer/transaction.js';
import { UndecodableRecordError } from '../deserializers/undecodable-record-error.js';
import { ErrorClassification } from './error-classification.js';

class OrderError extends Error {}
class LockedError extends OrderError {}
class Order {
  @IsInt()
  public readonly count = 'many';
}

const undecodable = new UndecodableRecordError('no', { topic: 't', partition: 0, offset: '1', part: 'value' });

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

function classification(
  options: { retryable?: readonly ErrorMatcher[]; notRetryable?: readonly ErrorMatcher[] } = {},
  log = new RecordingLog(),
): ErrorClassification {
  return new ErrorClassification({ retryable: [], notRetryable: [], ...options }, log);
}

function isRetryable(error: unknown, options: Parameters<typeof classification>[0] = {}): boolean {
  return classification(options).isRetryable(error);
}

/** What `fetch` throws when nobody listens there. */
async function connectionRefused(): Promise<unknown> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return fetch(`http://127.0.0.1:${port}/`).catch((error: unknown) => error);
}

describe('an error of a handler', () => {
  it.each([
    ['an error', new Error('x')],
    ['a RangeError', new RangeError('x')],
    ['a text', 'failed'],
    ['nothing', undefined],
    ['an empty list', []],
    ['an object of Nest', { status: 'error', message: 'Internal server error' }],
    ['a 5xx', new InternalServerErrorException()],
    ['Service Unavailable', new ServiceUnavailableException()],
    ['Request Timeout', new RequestTimeoutException()],
    ['Too Early', new HttpException('x', 425)],
    ['Too Many Requests', new HttpException('x', 429)],
    ['an RpcException of a text', new RpcException('x')],
    ['an RpcException of an object', new RpcException({ code: 14, message: 'x' })],
  ])('is worth another attempt: %s', (_, error) => {
    expect(isRetryable(error)).toBe(true);
  });

  it('is worth another attempt when fetch has found nobody', async () => {
    const error = await connectionRefused();

    expect((error as Error).name).toBe('TypeError');
    expect(isRetryable(error)).toBe(true);
  });

  it.each([
    ['a record that does not decode', undecodable],
    ['a TypeError of the language', thrownBy(() => (null as unknown as { x: unknown }).x)],
    ['a SyntaxError', thrownBy(() => JSON.parse('{'))],
    ['a 400', new BadRequestException()],
    ['a 409', new ConflictException()],
    ['an RpcException of one', new RpcException(new BadRequestException())],
    ['the cause of one', new Error('x', { cause: new Error('y', { cause: undecodable }) })],
  ])('is given up at once: %s', (_, error) => {
    expect(isRetryable(error)).toBe(false);
  });

  it('is given up at once for the URL that fetch does not understand', async () => {
    expect(isRetryable(await fetch('not a url').catch((error: unknown) => error))).toBe(false);
  });

  it('is given up at once when class-validator refuses the payload', async () => {
    const errors: unknown = await validateOrReject(new Order()).catch((error: unknown) => error);

    expect(errors).toHaveLength(1);
    expect(isRetryable(errors)).toBe(false);
    expect(isRetryable(new RpcException(errors as object))).toBe(false);
    expect(isRetryable((errors as unknown[])[0])).toBe(false);
    expect(isRetryable([...(errors as unknown[]), new Error('another')])).toBe(true);
  });

  it('ends at a circle of causes', () => {
    const inner = new Error('inner');
    const outer = new Error('outer', { cause: inner });
    inner.cause = outer;

    expect(isRetryable(outer)).toBe(true);
    expect(isRetryable(outer, { notRetryable: [OrderError] })).toBe(true);
  });
});

describe('the lists of recovery', () => {
  it('give up at once what notRetryable names, by class or function, anywhere among the causes', () => {
    const wrapped = new Error('x', { cause: new LockedError() });

    expect(isRetryable(wrapped, { notRetryable: [OrderError] })).toBe(false);
    expect(isRetryable(wrapped, { notRetryable: [(error) => error instanceof LockedError] })).toBe(false);
    expect(isRetryable('fatal', { notRetryable: [(error) => error === 'fatal'] })).toBe(false);
    expect(isRetryable(new Error('x'), { notRetryable: [OrderError] })).toBe(true);
  });

  it('let retryable go before notRetryable, and before what is given up otherwise', () => {
    expect(isRetryable(new LockedError(), { notRetryable: [OrderError], retryable: [LockedError] })).toBe(true);
    expect(isRetryable(new OrderError(), { notRetryable: [OrderError], retryable: [LockedError] })).toBe(false);
    expect(isRetryable(new ConflictException(), { retryable: [ConflictException] })).toBe(true);
  });

  it("let Nest's KafkaRetriableException go before all", () => {
    const cause = new KafkaRetriableException('later');

    expect(isRetryable(cause, { notRetryable: [RpcException, () => true] })).toBe(true);
    expect(isRetryable(new BadRequestException('x', { cause }))).toBe(true);
  });

  it('take an answer that is not true for a no', () => {
    const promised = (() => Promise.resolve(true)) as unknown as ErrorMatcher;

    expect(isRetryable(new Error('x'), { notRetryable: [promised] })).toBe(true);
  });

  it('take a function that throws for a no, and say so without the error', () => {
    const log = new RecordingLog();
    const broken = (): boolean => {
      throw new Error('secret');
    };

    expect(classification({ notRetryable: [broken] }, log).isRetryable(new Error('x'))).toBe(true);
    expect(log.lines).toEqual(['error A function of recovery.notRetryable has thrown, which counts as no.']);
  });
});

describe('an error in the settings', () => {
  it('is told from one of a record', () => {
    const error = new ConfigError('x', 'y', 1, 'TYPE');

    expect(classification().isConfiguration(new Error('x', { cause: error }))).toBe(true);
    expect(classification().isConfiguration(new TypeError('x'))).toBe(false);
  });
});
