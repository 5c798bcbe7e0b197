import { jest } from '@jest/globals';
import { KafkaTimeoutError } from './kafka-timeout-error.js';
import { withDeadline } from './with-deadline.js';

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

describe('withDeadline', () => {
  it('gives what the promise gives in time, and leaves no timer', async () => {
    await expect(withDeadline(Promise.resolve(7), Date.now() + 1_000, 'it')).resolves.toBe(7);
    const failure = new Error('broken');
    await expect(withDeadline(Promise.reject(failure), Date.now() + 1_000, 'it')).rejects.toBe(failure);
  });

  it('fails at the deadline with a named error', async () => {
    const outcome = withDeadline(new Promise(() => undefined), Date.now() + 1_000, 'No answer').catch(
      (error: unknown) => error,
    );
    await jest.advanceTimersByTimeAsync(1_000);
    const error = await outcome;
    expect(error).toBeInstanceOf(KafkaTimeoutError);
    expect(String(error)).toContain('No answer');
  });

  it('fails soon when the deadline has passed', async () => {
    const outcome = withDeadline(new Promise(() => undefined), Date.now() - 5, 'it').catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(1);
    expect(await outcome).toBeInstanceOf(KafkaTimeoutError);
  });
});
