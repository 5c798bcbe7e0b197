import { jest } from '@jest/globals';
import { StandstillWatch } from './standstill-watch.js';

class Bench {
  public isConnected = true;
  public releases = 0;
  public isMoving = false;
  public isIdle = false;
  public readonly watch = new StandstillWatch({
    isConnected: () => this.isConnected,
    releases: () => this.releases,
    isMoving: () => this.isMoving,
    isIdle: () => this.isIdle,
  });

  public after(ms: number): boolean {
    jest.advanceTimersByTime(ms);
    return this.watch.isStandstill;
  }
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('a standstill', () => {
  it('is where no broker is connected', () => {
    const bench = new Bench();
    expect(bench.watch.isStandstill).toBe(false);
    bench.isConnected = false;
    expect(bench.watch.isStandstill).toBe(true);
  });

  it('is seen soon after the start of a load of which nothing has moved, and ends when something does', () => {
    const bench = new Bench();
    bench.watch.start();
    expect(bench.after(49)).toBe(false);
    expect(bench.after(1)).toBe(true);
    bench.releases++;
    expect(bench.watch.isStandstill).toBe(false);
    bench.watch.stop();
  });

  it('is seen later once records have moved: brokers hesitate now and then', () => {
    const bench = new Bench();
    bench.watch.start();
    bench.releases++;
    bench.isMoving = true;
    expect(bench.after(25)).toBe(false);
    expect(bench.after(249)).toBe(false);
    expect(bench.after(1)).toBe(true);
    bench.watch.stop();
  });

  it('is not where a loop of sends holds the thread: no answer could have come', () => {
    const bench = new Bench();
    bench.watch.start();
    jest.setSystemTime(Date.now() + 30_000);
    expect(bench.watch.isStandstill).toBe(false);
    bench.watch.stop();
  });

  it('is not remembered when nothing is on its way any more; then no timer runs', () => {
    const bench = new Bench();
    bench.watch.start();
    expect(bench.after(100)).toBe(true);
    bench.isIdle = true;
    expect(bench.after(25)).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
    bench.isIdle = false;
    bench.watch.start();
    expect(bench.after(49)).toBe(false);
    bench.watch.stop();
    expect(jest.getTimerCount()).toBe(0);
  });
});
