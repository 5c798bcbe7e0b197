import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { KafkaTestCluster } from 'nestjs-kafka-producer/testing';
import { createPayloads } from '../payloads.js';
import { ProcessCpuSampler } from '../process-cpu.js';
import type { ThroughputMeasure } from '../worker/job.js';
import { parseSummaryLine, type ProducerPerformanceSummary } from './performance-output.js';

const TOOL = 'org.apache.kafka.tools.ProducerPerformance';
/** Those of Kafka's own script for it; the language, because the tool formats its numbers by it. */
const JVM_FLAGS = [
  '-Xmx512m',
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
  '-Duser.language=en',
  '-Duser.country=US',
];

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
export async function measureJava(cluster: KafkaTestCluster, job: JavaJob): Promise<ThroughputMeasure> {
  const directory = await mkdtemp(join(tmpdir(), 'kafka-bench-'));
  try {
    const payloads = join(directory, 'payloads.txt');
    await writeFile(payloads, createPayloads(job.valueBytes).join('\n'));
    return await run(cluster, job, payloads);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function run(cluster: KafkaTestCluster, job: JavaJob, payloads: string): Promise<ThroughputMeasure> {
  const child = await cluster.spawnJavaTool(TOOL, toolArguments(cluster, job, payloads), JVM_FLAGS);
  const { pid, stdin, stdout, stderr } = child;
  if (pid === undefined || stdout === null || stderr === null) {
    const [error] = await once(child, 'error');
    throw error;
  }
  const closed = once(child, 'close');
  const cpu = new ProcessCpuSampler(pid);
  const output: string[] = [];
  const heard: Heard[] = [];
  const hear = (line: string): void => {
    output.push(line);
    const summary = parseSummaryLine(line);
    if (summary !== null) heard.push({ summary, at: performance.now() });
  };
  createInterface({ input: stdout }).on('line', hear);
  createInterface({ input: stderr }).on('line', (line) => output.push(line));
  stdin?.end();
  const stopTool = (): boolean => child.kill('SIGKILL');
  process.once('exit', stopTool);
  try {
    const [exitCode] = (await closed) as [number | null];
    const steady = heard.find(({ summary }) => summary.isSteadyState);
    if (exitCode !== 0 || steady === undefined) {
      throw new Error(`${TOOL} failed (exit code ${exitCode}): ${output.slice(-20).join('\n')}`);
    }
    return toMeasure(steady, job, cpu);
  } finally {
    process.off('exit', stopTool);
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
