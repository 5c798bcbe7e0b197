import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a TypeScript file of the tests in a process of its own, with an IPC channel; standard error is the test's. */
export function forkTypescript(
  file: URL,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  return fork(fileURLToPath(file), args, {
    execArgv: ['--import', new URL('./typescript.mjs', import.meta.url).href],
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** The next message of a forked process; rejects when it ends without one. */
export async function nextMessage(child: ChildProcess): Promise<unknown> {
  const aborted = new AbortController();
  const { signal } = aborted;
  const ended = async (): Promise<never> => {
    const [code, endSignal]: unknown[] = await once(child, 'exit', { signal });
    throw new Error(`The process ended without a message (${String(code ?? endSignal)}).`);
  };
  try {
    const [message]: unknown[] = await Promise.race([once(child, 'message', { signal }), ended()]);
    return message;
  } finally {
    aborted.abort();
  }
}

/** Closes the channel and waits for the end of the process. */
export async function disconnectAndWait(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  if (child.connected) child.disconnect();
  await exited;
}

/** Ids of the processes a process has started and that still run. */
export async function childrenOf(pid: number): Promise<number[]> {
  const processes = await processList();
  return processes.filter(({ parent }) => parent === pid).map((child) => child.pid);
}

/** Which of these processes still run; one that has ended but is not yet collected by its parent does not. */
export async function stillRunning(pids: readonly number[]): Promise<number[]> {
  const processes = await processList();
  return pids.filter((pid) => processes.some((process) => process.pid === pid && !process.state.startsWith('Z')));
}

/** The command line of a process. */
export async function commandOf(pid: number): Promise<string> {
  const { stdout } = await run('ps', ['-ww', '-o', 'args=', '-p', String(pid)]);
  return stdout;
}

async function processList(): Promise<{ pid: number; parent: number; state: string }[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,stat=']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [pid = '', parent = '', state = ''] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent), state };
    });
}
