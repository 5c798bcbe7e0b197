import { parseSummaryLine } from './performance-output.js';

// As Kafka 4.3.1 printed them.
const PROGRESS =
  '188136 records sent, 37597.1 records/sec (3.59 MB/sec), 3084.2 ms avg latency, 3764.0 ms max latency.';
const TOTAL =
  '1500000 records sent, 86555.106751 records/sec (8.25 MB/sec), 2406.57 ms avg latency, 4690.00 ms max latency, 2435 ms 50th, 4137 ms 95th, 4495 ms 99th, 4638 ms 99.9th.';
const STEADY =
  '1000000 steady state records sent, 104679.158380 records/sec (9.98 MB/sec), 2146.91 ms avg latency, 3764.00 ms max latency, 2265 ms 50th, 3396 ms 95th, 3702 ms 99th, 3758 ms 99.9th.';

describe('parseSummaryLine', () => {
  it('reads the figures after the warm-up', () => {
    expect(parseSummaryLine(STEADY)).toEqual({
      records: 1_000_000,
      recordsPerSecond: 104_679.15838,
      p50Ms: 2265,
      p99Ms: 3702,
      isSteadyState: true,
    });
  });

  it('tells the figures of the whole run apart', () => {
    expect(parseSummaryLine(TOTAL)).toMatchObject({
      records: 1_500_000,
      p50Ms: 2435,
      p99Ms: 4495,
      isSteadyState: false,
    });
  });

  it.each([PROGRESS, 'In steady state.', 'Warmup first 500000 records.', ''])('passes over %j', (line) => {
    expect(parseSummaryLine(line)).toBeNull();
  });
});
