import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPayloads } from './payloads.js';

/** Lets `work` use a file with the values of all clients, one a line, for programs in other languages. */
export async function withPayloadFile<T>(valueBytes: number, work: (path: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'kafka-bench-'));
  try {
    const payloads = join(directory, 'payloads.txt');
    await writeFile(payloads, createPayloads(valueBytes).join('\n'));
    return await work(payloads);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
