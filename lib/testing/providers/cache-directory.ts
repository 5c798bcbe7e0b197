import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../thrown.js';

const LOCK_POLL_MS = 200;

/** Where resolved jars and certificates are kept: `KAFKA_TEST_CACHE`, else the operating system's cache directory. */
export function cacheRoot(): string {
  const chosen = process.env['KAFKA_TEST_CACHE'];
  if (chosen !== undefined && chosen !== '') return chosen;
  return join(systemCache(), 'nestjs-kafka-producer');
}

/**
 * Returns `directory`, filled by `fill` if it does not exist yet. It appears complete or not at all, and two processes that ask at
 * the same time let one do the work.
 */
export async function cachedDirectory(directory: string, fill: (temporary: string) => Promise<void>): Promise<string> {
  await mkdir(dirname(directory), { recursive: true });
  const lock = `${directory}.lock`;
  while (!(await exists(directory))) {
    if (!(await acquire(lock))) {
      await delay(LOCK_POLL_MS);
      continue;
    }
    try {
      if (!(await exists(directory))) await fillAndPublish(directory, fill);
    } finally {
      await rm(lock, { force: true });
    }
  }
  return directory;
}

async function fillAndPublish(directory: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  await removeLeftovers(directory);
  const temporary = await mkdtemp(`${directory}.tmp-${process.pid}-`);
  try {
    await fill(temporary);
    await rename(temporary, directory);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Somebody else was first after all (two processes may both find the lock of a dead one): theirs is as good.
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Whoever creates the file has the lock. One that a dead process left behind is removed, and the caller tries again. */
async function acquire(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  const owner = Number(await readFile(lock, 'utf8').catch(() => ''));
  // Zero: created a moment ago and not written yet, or just gone.
  if (owner !== 0 && !isAlive(owner)) await rm(lock, { force: true });
  return false;
}

async function removeLeftovers(directory: string): Promise<void> {
  const prefix = `${basename(directory)}.tmp-`;
  for (const name of await readdir(dirname(directory))) {
    if (!name.startsWith(prefix)) continue;
    const owner = Number.parseInt(name.slice(prefix.length), 10);
    if (!isAlive(owner)) await rm(join(dirname(directory), name), { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

function systemCache(): string {
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  if (process.platform === 'win32') return process.env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local');
  const xdg = process.env['XDG_CACHE_HOME'];
  return xdg === undefined || xdg === '' ? join(homedir(), '.cache') : xdg;
}
