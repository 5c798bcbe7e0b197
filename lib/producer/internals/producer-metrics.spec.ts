import { describe, expect, it } from '@jest/globals';
import { ProducerMetricsRecorder } from './producer-metrics.js';

const GAUGES = {
  bufferTotalBytes: 0,
  bufferAvailableBytes: 0,
  waitingThreads: 0,
  requestsInFlight: 0,
  metadataAgeMs: 0,
};

describe('ProducerMetricsRecorder', () => {
  it('tells how long records have waited for memory, and for which part of the time', () => {
    const recorder = new ProducerMetricsRecorder();
    for (let i = 0; i < 3; i++) recorder.memoryWaited(1e9);
    const metrics = recorder.read(Date.now(), GAUGES);
    expect(metrics['bufferpool-wait-time-ns-total']).toBe(3e9);
    // Over the window of 30 seconds.
    expect(metrics['bufferpool-wait-ratio']).toBeCloseTo(0.1, 3);
  });
});
