import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LogSink } from '../../wire/log-sink.js';
import { cacheRoot, cachedDirectory } from './cache-directory.js';
import { messageOf } from '../thrown.js';

const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';
const CORE_JAR = /^kafka_2\.\d+-(\d.*)\.jar$/;
/** In an unpacked distribution; its own start script leaves them out too. */
const NOT_RUN = /-(test|test-sources|sources|javadoc|scaladoc)\.jar$/;

export interface KafkaJars {
  readonly kafkaVersion: string;
  /** Absolute paths, sorted. */
  readonly classpath: readonly string[];
  /** The unpacked distribution the jars come from, or null when they come from Maven. */
  readonly home: string | null;
}

/**
 * Finds the jars of a Kafka version: in `KAFKA_HOME`, else in the cache, else through Maven into the cache.
 * A string says why there are none.
 */
export async function findKafkaJars(kafkaVersion: string, log: LogSink): Promise<KafkaJars | string> {
  const home = process.env['KAFKA_HOME'];
  if (home !== undefined && home !== '') return jarsOfHome(home, kafkaVersion);
  try {
    const directory = await cachedDirectory(join(cacheRoot(), `kafka-${kafkaVersion}`), (temporary) =>
      resolveWithMaven(kafkaVersion, join(temporary, 'libs'), log),
    );
    const classpath = await jarsIn(join(directory, 'libs'));
    return { kafkaVersion, classpath, home: null };
  } catch (error) {
    return messageOf(error);
  }
}

/** The version of the Kafka in `KAFKA_HOME`; null when it is not set or holds none. */
export async function versionOfKafkaHome(): Promise<string | null> {
  const home = process.env['KAFKA_HOME'];
  if (home === undefined || home === '') return null;
  try {
    return versionIn(await jarsIn(join(home, 'libs'))) ?? null;
  } catch {
    // `findKafkaJars` reads the same directory next and says what is wrong with it.
    return null;
  }
}

/** The jars as Java's `-cp` takes them. */
export function classpathOf(jars: Pick<KafkaJars, 'classpath'>): string {
  return jars.classpath.join(delimiter);
}

async function jarsOfHome(home: string, kafkaVersion: string): Promise<KafkaJars | string> {
  const libs = join(home, 'libs');
  let classpath: string[];
  try {
    classpath = await jarsIn(libs);
  } catch (error) {
    return `KAFKA_HOME=${home} cannot be used: ${messageOf(error)}`;
  }
  const found = versionIn(classpath);
  if (found === undefined)
    return `KAFKA_HOME=${home} holds no Kafka: there is no kafka_2.13-*.jar in its libs directory`;
  if (found !== kafkaVersion) return `KAFKA_HOME=${home} holds Kafka ${found}, but ${kafkaVersion} was asked for`;
  return { kafkaVersion, classpath, home };
}

function versionIn(classpath: readonly string[]): string | undefined {
  return classpath.map((jar) => CORE_JAR.exec(basename(jar))?.[1]).find((version) => version !== undefined);
}

async function jarsIn(libs: string): Promise<string[]> {
  const names = await readdir(libs);
  return names
    .filter((name) => name.endsWith('.jar') && !NOT_RUN.test(name))
    .sort()
    .map((name) => join(libs, name));
}

async function resolveWithMaven(kafkaVersion: string, outputDirectory: string, log: LogSink): Promise<void> {
  const endProgress = showProgress(`Getting Apache Kafka ${kafkaVersion} through Maven (55 MB, only this once)`, log);
  try {
    await runMaven([
      '-B',
      '-q',
      '-f',
      fileURLToPath(new URL('./pom.xml', import.meta.url)),
      `-Dkafka.version=${kafkaVersion}`,
      `${DEPENDENCY_PLUGIN}:copy-dependencies`,
      '-DincludeScope=runtime',
      `-DoutputDirectory=${outputDirectory}`,
    ]);
  } finally {
    endProgress();
  }
}

async function runMaven(args: string[]): Promise<void> {
  const windows = process.platform === 'win32';
  const maven = spawn(windows ? 'mvn.cmd' : 'mvn', args, { shell: windows, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-8_000);
  };
  maven.stdout.on('data', collect);
  maven.stderr.on('data', collect);
  let code: unknown;
  try {
    [code] = await once(maven, 'close');
  } catch (cause) {
    throw new Error('the jars are not in the cache and there is no Maven (mvn) on the PATH to get them', { cause });
  }
  if (code === 0) return;
  const reason = output.split('\n').find((line) => line.includes('ERROR')) ?? output.trim().split('\n').at(-1) ?? '';
  throw new Error(`Maven could not resolve the jars (exit code ${String(code)}): ${reason.trim()}`);
}

/** Shows one running line on a terminal; elsewhere the log gets one line. Returns what ends it. */
function showProgress(what: string, log: LogSink): () => void {
  log.info(what);
  if (!process.stderr.isTTY) return () => undefined;
  const started = Date.now();
  const draw = (): void => {
    process.stderr.write(`\r${what} ... ${Math.round((Date.now() - started) / 1000)} s`);
  };
  draw();
  const timer = setInterval(draw, 1000);
  return () => {
    clearInterval(timer);
    process.stderr.write('\n');
  };
}
