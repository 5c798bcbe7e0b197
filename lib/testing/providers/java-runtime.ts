import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface JavaRuntime {
  /** Path or name of the `java` command. */
  readonly java: string;
  readonly version: string;
  /** 8, 11, 17, ... */
  readonly major: number;
}

/** The oldest Java a broker of this Kafka version runs on. */
export function minimumJava(kafkaVersion: string): number {
  return Number.parseInt(kafkaVersion, 10) >= 4 ? 17 : 11;
}

/** Finds the Java of `JAVA_HOME`, else the one on the PATH; a string says why there is none. */
export async function findJava(): Promise<JavaRuntime | string> {
  const home = process.env['JAVA_HOME'];
  const candidates = [...(home === undefined || home === '' ? [] : [join(home, 'bin', 'java')]), 'java'];
  for (const java of candidates) {
    const version = await versionOf(java);
    if (version === null) continue;
    const [first = '', second = ''] = version.split('.');
    return { java, version, major: Number(first === '1' ? second : first) };
  }
  return home === undefined ? 'no java on the PATH' : `no java in JAVA_HOME=${home} or on the PATH`;
}

/** The tool of the same Java installation, for example `keytool`. */
export function javaTool(runtime: JavaRuntime, tool: string): string {
  return runtime.java === 'java' ? tool : join(runtime.java, '..', tool);
}

async function versionOf(java: string): Promise<string | null> {
  try {
    const { stdout, stderr } = await run(java, ['-version'], { timeout: 10_000 });
    return /version "([^"]+)"/.exec(stdout + stderr)?.[1] ?? null;
  } catch {
    // Not installed, not executable, or not a Java: the next candidate is tried and the caller reports that none was found.
    return null;
  }
}
