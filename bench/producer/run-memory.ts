import { runWorker } from '../run-worker.js';
import type { BrokerState, Stage } from '../worker/job.js';
import { profileFlags, type BenchRun } from '../bench-run.js';
import { assertStored, withTopic } from '../bench-topic.js';
import type { MemoryResult } from './results.js';

const BROKER_STATES: readonly BrokerState[] = ['killed', 'paused'];
const VALUE_SIZES = [1024, 100];
const OFFERED_BYTES = 100_000_000;
const BUFFER_MEMORY = 32 * 2 ** 20;
const MAX_BLOCK_MS = 5000;
const WARMUP_RECORDS = 100_000;
/** What the process may grow by beyond the buffer. */
const ALLOWANCE_BYTES = 64 * 2 ** 20;

/** Offers far more than the buffer holds while the broker is stopped, or is paused with its connections open, then lets it go on. */
export async function runMemory(run: BenchRun): Promise<MemoryResult[]> {
  if (!run.options.only.has('memory')) return [];
  if (run.cluster.isExternal) {
    run.progress('memory: left out, because the broker belongs to somebody else and cannot be stopped from here');
    return [];
  }
  const results: MemoryResult[] = [];
  for (const brokerState of BROKER_STATES) {
    for (const valueBytes of VALUE_SIZES) {
      const result = await measure(run, brokerState, valueBytes);
      run.progress(
        `memory, broker ${brokerState}, ${valueBytes} B: grew by ${Math.round(result.growthBytes / 2 ** 20)} MiB`,
      );
      results.push(result);
    }
  }
  return results;
}

function measure({ cluster, options }: BenchRun, brokerState: BrokerState, valueBytes: number): Promise<MemoryResult> {
  const broker = cluster.broker(1);
  const stop = async (): Promise<void> => (brokerState === 'killed' ? broker.kill() : broker.pause());
  const goOn = async (): Promise<void> => (brokerState === 'killed' ? broker.restart() : broker.resume());
  const atStage = (stage: Stage): Promise<void> => (stage === 'ready' ? stop() : goOn());
  return withTopic(cluster, async (topic) => {
    try {
      const measured = await runWorker(
        {
          kind: 'memory',
          brokers: cluster.bootstrapServers(),
          topic,
          brokerState,
          valueBytes,
          warmup: WARMUP_RECORDS,
          offeredBytes: OFFERED_BYTES,
          bufferMemory: BUFFER_MEMORY,
          maxBlockMs: MAX_BLOCK_MS,
        },
        { nodeFlags: ['--expose-gc', ...profileFlags(options)], atStage },
      );
      await assertStored(cluster, topic, measured.acknowledged);
      const growthBytes = measured.peakBytes - measured.baselineBytes;
      const limitBytes = BUFFER_MEMORY + ALLOWANCE_BYTES;
      const met = growthBytes <= limitBytes && measured.lost === 0 && measured.failedAfterWaiting > 0;
      return {
        ...measured,
        brokerState,
        valueBytes,
        bufferMemory: BUFFER_MEMORY,
        maxBlockMs: MAX_BLOCK_MS,
        growthBytes,
        limitBytes,
        met,
      };
    } finally {
      if (broker.state !== 'running') await goOn();
    }
  });
}
