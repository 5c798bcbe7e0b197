import type { KafkaTestCluster } from 'nestjs-kafka-producer/testing';
import { startJava } from '../java-process.js';
import { ProcessCpuSampler } from '../process-cpu.js';
import { withPayloadFile } from '../with-payload-file.js';
import type { ThroughputMeasure } from '../worker/job.js';
import { parseSummaryLine, type ProducerPerformanceSummary } from './performance-output.js';

const TOOL = 'org.apache.kafka.tools.ProducerPerformance';

export interface JavaJob {
  readonly topic: string;
  readonly valueBytes: number;
  readonly records: number;
  readonly warmup: number;
}

/** A summary and when it came, in milliseconds of `performance.now()`. */
interface Heard {
  readonly summary: ProducerPerformanceSummary;
  readonly at: number;
}

/**
 * Kafka's Java producer with its defaults (acks=all, idempotent), as Kafka's own tool measures it: only records after the warm-up count.
 * It takes its values from a file, because making up random ones would be most of its work.
 */
export function measureJava(cluster: KafkaTestCluster, job: JavaJob): Promise<ThroughputMeasure> {
  return withPayloadFile(job.valueBytes, (payloads) => run(cluster, job, payloads));
}

async function run(cluster: KafkaTestCluster, job: JavaJob, payloads: string): Promise<ThroughputMeasure> {
  const heard: Heard[] = [];
  const java = await startJava(cluster, {
    main: TOOL,
    args: toolArguments(cluster, job, payloads),
    onLine: (line) => {
      const summary = parseSummaryLine(line);
      if (summary !== null) heard.push({ summary, at: performance.now() });
    },
  });
  const cpu = new ProcessCpuSampler(java.pid);
  try {
    const output = await java.ended;
    const steady = heard.find(({ summary }) => summary.isSteadyState);
    if (steady === undefined) throw new Error(`${TOOL} gave no result: ${output}`);
    return toMeasure(steady, job, cpu);
  } finally {
    cpu.stop();
  }
}

function toMeasure({ summary, at }: Heard, job: JavaJob, cpu: ProcessCpuSampler): ThroughputMeasure {
  const seconds = summary.records / summary.recordsPerSecond;
  const microseconds = cpu.usedBetween(at - seconds * 1000, at);
  return {
    records: summary.records,
    acknowledged: job.records + job.warmup,
    seconds,
    cpuMicrosPerMessage: microseconds === null ? null : microseconds / summary.records,
    p50Ms: summary.p50Ms,
    p99Ms: summary.p99Ms,
  };
}

function toolArguments(cluster: KafkaTestCluster, job: JavaJob, payloads: string): string[] {
  return [
    ['--bootstrap-server', cluster.bootstrapServers().join(',')],
    ['--topic', job.topic],
    // The tool counts the warm-up among its records.
    ['--num-records', String(job.records + job.warmup)],
    ['--warmup-records', String(job.warmup)],
    ['--payload-file', payloads],
    ['--throughput', '-1'],
    ['--command-property', 'acks=all', 'enable.idempotence=true'],
  ].flat();
}
