import { ReconnectBackoff } from './reconnect-backoff.js';

/** No jitter: the factor becomes 1. */
const MIDDLE = (): number => 0.5;
const NODE = 3;

function delays(backoff: ReconnectBackoff, failures: number): number[] {
  return Array.from({ length: failures }, () => {
    backoff.failed(NODE, 1_000);
    return backoff.remaining(NODE, 1_000);
  });
}

describe('ReconnectBackoff', () => {
  it('lets the first attempt go at once', () => {
    expect(new ReconnectBackoff(50, 1_000).remaining(NODE, 1_000)).toBe(0);
  });

  it('doubles with every failure up to the maximum, and stays there however many follow', () => {
    const backoff = new ReconnectBackoff(50, 1_000, MIDDLE);
    expect(delays(backoff, 7)).toEqual([50, 100, 200, 400, 800, 1_000, 1_000]);
    expect(new Set(delays(backoff, 2_000))).toEqual(new Set([1_000]));
  });

  it('varies by 20 percent, so that a restarted broker does not meet all clients at once', () => {
    expect(delays(new ReconnectBackoff(100, 1_000, () => 0), 1)).toEqual([80]);
    expect(delays(new ReconnectBackoff(100, 1_000, () => 1), 1)[0]).toBeCloseTo(120);
  });

  it('counts the time down and ends at 0', () => {
    const backoff = new ReconnectBackoff(50, 1_000, MIDDLE);
    backoff.failed(NODE, 1_000);
    expect(backoff.remaining(NODE, 1_020)).toBe(30);
    expect(backoff.remaining(NODE, 1_050)).toBe(0);
    expect(backoff.remaining(NODE, 99_000)).toBe(0);
  });

  it('starts again after a success', () => {
    const backoff = new ReconnectBackoff(50, 1_000, MIDDLE);
    delays(backoff, 4);
    backoff.succeeded(NODE);
    expect(backoff.remaining(NODE, 1_000)).toBe(0);
    expect(delays(backoff, 1)).toEqual([50]);
  });

  it('keeps the brokers apart', () => {
    const backoff = new ReconnectBackoff(50, 1_000, MIDDLE);
    delays(backoff, 3);
    expect(backoff.remaining(4, 1_000)).toBe(0);
    backoff.failed(4, 1_000);
    expect(backoff.remaining(4, 1_000)).toBe(50);
    backoff.succeeded(4);
    expect(backoff.remaining(NODE, 1_000)).toBe(200);
  });

  it('waits the initial time when that is more than the maximum', () => {
    expect(delays(new ReconnectBackoff(500, 100, MIDDLE), 3)).toEqual([500, 500, 500]);
  });

  it('never waits with 0 ms', () => {
    expect(new Set(delays(new ReconnectBackoff(0, 0, MIDDLE), 50))).toEqual(new Set([0]));
  });
});
