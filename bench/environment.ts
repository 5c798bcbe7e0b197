import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';

/** What a figure depends on besides the code. */
export interface BenchEnvironment {
  /** ISO 8601, when the run began. */
  readonly date: string;
  readonly node: string;
  /** Of the broker and of the Java client. */
  readonly kafka: string;
  readonly kafkajs: string;
  readonly cpus: number;
  readonly cpuModel: string;
  readonly memoryGigabytes: number;
  readonly platform: string;
  /** The system's load (1 minute) before the run: what other programs take from both sides. */
  readonly loadBefore: number;
  /** Whether the broker runs elsewhere (`KAFKA_BROKERS`) instead of on the same processors. */
  readonly externalBroker: boolean;
}

export function describeEnvironment(kafka: string, externalBroker: boolean, loadBefore: number): BenchEnvironment {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    node: process.versions.node,
    kafka,
    kafkajs: packageVersion('kafkajs'),
    cpus: processors.length,
    cpuModel: processors[0]?.model.trim() ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${release()}`,
    loadBefore,
    externalBroker,
  };
}

/** The system's load average of the last minute; 0 where the system does not tell. */
export function systemLoad(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

function packageVersion(name: string): string {
  const file = createRequire(import.meta.url).resolve(`${name}/package.json`);
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const version = typeof content === 'object' && content !== null && 'version' in content ? content.version : undefined;
  return typeof version === 'string' ? version : 'unknown';
}
