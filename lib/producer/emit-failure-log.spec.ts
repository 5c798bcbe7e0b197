import { silentLog } from '../wire/log-sink.js';
import { EmitFailureLog } from './emit-failure-log.js';
import { DeliveryTimeoutError } from './errors.js';

function setUp() {
  const lines: string[] = [];
  const clock = { now: 1_000_000 };
  const failures = new EmitFailureLog({ ...silentLog, error: (line) => void lines.push(line) }, () => clock.now);
  return { failures, lines, clock };
}

describe('EmitFailureLog', () => {
  it('writes the first failure at once, and then one line every ten seconds at most', () => {
    const { failures, lines, clock } = setUp();
    for (let i = 0; i < 1000; i++) failures.add(new DeliveryTimeoutError('too late'), 'orders');
    expect(lines).toEqual([
      expect.stringContaining(
        "1 record(s), 1 in all; use send() to learn of each. The last one, to 'orders', failed with DeliveryTimeoutError: too late",
      ),
    ]);

    clock.now += 10_000;
    failures.add(new DeliveryTimeoutError('too late'), 'orders');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('1000 record(s)');
    expect(failures.total).toBe(1001);
  });

  it('writes at the end what the limit has held back, once', () => {
    const { failures, lines } = setUp();
    failures.add(new DeliveryTimeoutError('too late'), 'orders');
    failures.add(new DeliveryTimeoutError('too late'), 'orders');
    failures.flush();
    failures.flush();

    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('1 record(s)');
  });

  it('does not repeat the text of an error that is not of this library', () => {
    const { failures, lines } = setUp();
    failures.add(new RangeError('payload: secret'), 'orders');

    expect(lines[0]).toContain('RangeError');
    expect(lines[0]).not.toContain('secret');
  });
});
