import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { waitUntil } from '../wait-until.js';

const run = promisify(execFile);
const LIMIT_MS = 5_000;
const POLL_MS = 2;

/**
 * Waits until SIGSTOP has reached every thread of a process. Sending it is not enough: a thread that runs on another processor goes on
 * for a moment, on a busy machine long enough to answer a request.
 */
export async function waitUntilStopped(pid: number): Promise<void> {
  await waitUntil(`process ${pid} to stop`, LIMIT_MS, () => isStopped(pid), POLL_MS);
}

async function isStopped(pid: number): Promise<boolean> {
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-o', 'stat=', '-p', String(pid)]);
    return stdout.trimStart().startsWith('T');
  }
  const threads = await readdir(`/proc/${pid}/task`);
  const states = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8')));
  // "<id> (<name>) <state> ...", and a name may hold anything.
  return states.every((stat) => stat.slice(stat.lastIndexOf(')') + 2).startsWith('T'));
}
