import type { KafkaTestCluster } from 'nestjs-kafka-producer/testing';
import type { BenchOptions, ProducerBenchOptions } from './arguments.js';

/** What every part of a run works with. */
export interface BenchRun<Options extends BenchOptions = ProducerBenchOptions> {
  readonly cluster: KafkaTestCluster;
  readonly options: Options;
  /** Tells the user what is going on. */
  readonly progress: (line: string) => void;
}

/** Whoever comes first in one repetition comes last in the next, so that what drifts hits all alike. */
export function inTurn<T>(all: readonly T[], repetition: number): T[] {
  return repetition % 2 === 0 ? [...all] : all.toReversed();
}

/** Node's flags for a worker that runs ours. */
export function profileFlags({ cpuProfile }: BenchOptions): string[] {
  return cpuProfile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProfile}`];
}
