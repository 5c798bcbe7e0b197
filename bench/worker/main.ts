// A process of its own for each measurement: a fresh heap, and processor time that is the client's alone.
import type { ParentMessage, Stage, WorkerJob, WorkerMessage } from './job.js';
import { measureLatency } from './measure-latency.js';
import { measureMemory } from './measure-memory.js';
import { measureThroughput } from './measure-throughput.js';
import { measureTransactions } from './measure-transactions.js';

function tell(message: WorkerMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) {
      reject(new Error('This file is run by the benchmark, not by hand.'));
      return;
    }
    process.send(message, undefined, undefined, (error) => (error === null ? resolve() : reject(error)));
  });
}

function hear(): Promise<ParentMessage> {
  return new Promise((resolve) => process.once('message', (message) => resolve(message as ParentMessage)));
}

async function reach(stage: Stage): Promise<void> {
  const answer = hear();
  await tell({ type: 'stage', stage });
  await answer;
}

async function measure(job: WorkerJob): Promise<void> {
  switch (job.kind) {
    case 'throughput':
      return tell({ type: 'result', measure: await measureThroughput(job) });
    case 'latency':
      return tell({ type: 'result', measure: await measureLatency(job) });
    case 'transactions':
      return tell({ type: 'result', measure: await measureTransactions(job) });
    case 'memory':
      return tell({ type: 'result', measure: await measureMemory(job, reach) });
    case 'fill': {
      const { fillTopic } = await import('./fill-topic.js');
      return tell({ type: 'result', measure: await fillTopic(job) });
    }
    case 'consume':
    case 'consume-waiting':
    case 'transform': {
      // Loaded only here: the memory of producers is measured without Nest's transports.
      const { measureConsumer } = await import('./measure-consumer.js');
      return tell({ type: 'result', measure: await measureConsumer(job) });
    }
  }
}

const stopWithParent = (): never => process.exit(1);
process.once('disconnect', stopWithParent);
try {
  const message = await hear();
  if (message.type === 'job') await measure(message.job);
} catch (error) {
  await tell({ type: 'error', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
}
process.off('disconnect', stopWithParent);
process.disconnect();
