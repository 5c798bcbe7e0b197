import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cachedDirectory } from './cache-directory.js';

describe('cachedDirectory', () => {
  let root: string;
  let directory: string;
  let fills: number;

  const fill = async (temporary: string): Promise<void> => {
    fills++;
    await writeFile(join(temporary, 'file'), 'content');
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'cached-'));
    directory = join(root, 'deep', 'entry');
    fills = 0;
  });

  afterEach(() => rm(root, { recursive: true }));

  const entries = (): Promise<string[]> => readdir(join(root, 'deep'));
  const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;

  it('fills the directory once and finds it the next time', async () => {
    expect(await cachedDirectory(directory, fill)).toBe(directory);
    await cachedDirectory(directory, fill);
    expect(fills).toBe(1);
    expect(await readFile(join(directory, 'file'), 'utf8')).toBe('content');
    expect(await entries()).toEqual(['entry']);
  });

  it('lets one of several callers at the same time do the work', async () => {
    await Promise.all([1, 2, 3].map(() => cachedDirectory(directory, fill)));
    expect(fills).toBe(1);
    expect(await entries()).toEqual(['entry']);
  });

  it('leaves nothing behind when filling fails, so that the next call tries again', async () => {
    const failing = async (temporary: string): Promise<void> => {
      await writeFile(join(temporary, 'half'), '');
      throw new Error('disk full');
    };
    await expect(cachedDirectory(directory, failing)).rejects.toThrow('disk full');
    expect(await entries()).toEqual([]);
    await cachedDirectory(directory, fill);
    expect(await readdir(directory)).toEqual(['file']);
  });

  it('takes over the lock and removes the leftovers of a process that died', async () => {
    const pid = deadPid();
    await mkdir(`${directory}.tmp-${pid}-abc`, { recursive: true });
    await writeFile(`${directory}.lock`, String(pid));
    await cachedDirectory(directory, fill);
    expect(await entries()).toEqual(['entry']);
  });

  it('waits for a living process that holds the lock, and uses its result', async () => {
    await mkdir(join(root, 'deep'));
    await writeFile(`${directory}.lock`, String(process.pid));
    const waiting = cachedDirectory(directory, fill);
    await mkdir(directory);
    await waiting;
    expect(fills).toBe(0);
  });
});
