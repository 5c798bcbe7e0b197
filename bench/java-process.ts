import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { KafkaTestCluster } from 'nestjs-kafka-producer/testing';

/** Those of Kafka's own script for its performance tool; the language, because Java formats numbers by it. */
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
/** Lines of output that an error tells. */
const LINES_TOLD = 20;

export interface JavaProgram {
  /** A class of Kafka's jars, or a source file, which Java compiles before it runs it. */
  readonly main: string;
  readonly args: readonly string[];
  /** Called for every line of standard output as it comes. */
  readonly onLine: (line: string) => void;
}

export interface RunningJavaProgram {
  readonly pid: number;
  /** Resolves to the last lines of the output; rejects with them unless the exit code is 0. */
  readonly ended: Promise<string>;
}

/** Starts a Java program with Kafka's jars on its class path. It does not outlive this process. */
export async function startJava(cluster: KafkaTestCluster, program: JavaProgram): Promise<RunningJavaProgram> {
  const { args, main, onLine } = program;
  const child = await cluster.spawnJavaTool(main, args, JVM_FLAGS);
  const { pid, stdin, stdout, stderr } = child;
  if (pid === undefined || stdout === null || stderr === null) {
    const [error] = await once(child, 'error');
    throw error;
  }
  const closed = once(child, 'close');
  const output: string[] = [];
  createInterface({ input: stdout }).on('line', (line) => {
    output.push(line);
    onLine(line);
  });
  createInterface({ input: stderr }).on('line', (line) => output.push(line));
  stdin?.end();
  const stopProgram = (): boolean => child.kill('SIGKILL');
  process.once('exit', stopProgram);
  const end = async (): Promise<string> => {
    try {
      const [exitCode] = (await closed) as [number | null];
      const told = output.slice(-LINES_TOLD).join('\n');
      if (exitCode !== 0) throw new Error(`${main} failed (exit code ${exitCode}): ${told}`);
      return told;
    } finally {
      process.off('exit', stopProgram);
    }
  };
  return { pid, ended: end() };
}
