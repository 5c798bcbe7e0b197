import { spawn, type ChildProcess } from 'node:child_process';
import { KafkaError } from '../../wire/kafka-error.js';
import type { LogSink } from '../../wire/log-sink.js';
import { findJava, minimumJava } from './java-runtime.js';
import { classpathOf, findKafkaJars } from './kafka-jars.js';

const DEFAULT_TIMEOUT_MS = 120_000;

export interface JavaToolOptions {
  /** JVM flags before the class. Default `-Xmx512m`. */
  readonly jvmArgs?: readonly string[];
  /** Given to the tool's standard input, which is empty otherwise. */
  readonly input?: string | Buffer;
  /** Milliseconds after which the tool is killed; default 120 000. */
  readonly timeoutMs?: number;
  /** Called for every line of standard output as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface JavaToolResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line tools that come with Kafka's jars, such as `org.apache.kafka.tools.ProducerPerformance`. */
export class JavaTools {
  private constructor(
    private readonly java: string,
    /** The jars, absolute. */
    public readonly classpath: readonly string[],
  ) {}

  /** @throws KafkaError when Java or the jars are not there */
  public static async find(kafkaVersion: string, log: LogSink): Promise<JavaTools> {
    const java = await findJava();
    if (typeof java === 'string') throw new KafkaError(`Kafka's Java tools need Java: ${java}.`);
    if (java.major < minimumJava(kafkaVersion)) {
      throw new KafkaError(`Kafka ${kafkaVersion} needs Java ${minimumJava(kafkaVersion)}, found ${java.version}.`);
    }
    const jars = await findKafkaJars(kafkaVersion, log);
    if (typeof jars === 'string') throw new KafkaError(`Kafka's Java tools need its jars: ${jars}.`);
    return new JavaTools(java.java, jars.classpath);
  }

  /** Starts a tool with three pipes; the caller reads them and waits for its end. */
  public spawn(mainClass: string, args: readonly string[], jvmArgs: readonly string[] = ['-Xmx512m']): ChildProcess {
    const flags = [...jvmArgs, '-Djava.awt.headless=true', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
    return spawn(this.java, [...flags, '-cp', classpathOf(this), mainClass, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
  }

  /**
   * Runs a tool to its end, whatever its exit code is.
   * @throws KafkaError when it does not end in time or cannot be run
   */
  public run(mainClass: string, args: readonly string[], options: JavaToolOptions = {}): Promise<JavaToolResult> {
    const { input, onLine, jvmArgs, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const child = this.spawn(mainClass, args, jvmArgs);
    const stdout = new OutputCollector(onLine);
    const stderr = new OutputCollector();
    child.stdout?.on('data', (chunk: Buffer) => stdout.add(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.add(chunk));
    // A tool that ends without reading its input closes the pipe; its exit code tells how it went.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
    return new Promise((resolve, reject) => {
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        child.kill('SIGKILL');
      }, timeoutMs);
      child.once('error', (cause) => {
        clearTimeout(timer);
        reject(new KafkaError(`${this.java} could not be run: ${cause.message}`, { cause }));
      });
      child.once('close', (exitCode) => {
        clearTimeout(timer);
        const result = { exitCode, stdout: stdout.end(), stderr: stderr.end() };
        if (!timedOut) resolve(result);
        else reject(new KafkaError(`${mainClass} did not end within ${timeoutMs} ms: ${result.stderr.slice(-500)}`));
      });
    });
  }
}

class OutputCollector {
  private readonly chunks: Buffer[] = [];
  private line = '';

  public constructor(private readonly onLine?: (line: string) => void) {}

  public add(chunk: Buffer): void {
    this.chunks.push(chunk);
    if (this.onLine === undefined) return;
    const lines = (this.line + chunk.toString('utf8')).split('\n');
    this.line = lines.pop() ?? '';
    for (const line of lines) this.onLine(line);
  }

  public end(): string {
    if (this.line !== '') this.onLine?.(this.line);
    return Buffer.concat(this.chunks).toString('utf8');
  }
}
