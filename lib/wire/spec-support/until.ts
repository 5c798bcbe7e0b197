import { setImmediate as nextTurn } from 'node:timers/promises';

const LIMIT_MS = 5_000;

/** Lets the event loop turn until something holds. Not bothered by Jest's fake timers, as long as they leave `performance` alone. */
export async function until(holds: () => boolean, what = 'the condition'): Promise<void> {
  const startedAt = performance.now();
  while (!holds()) {
    if (performance.now() - startedAt > LIMIT_MS) throw new Error(`Waited ${LIMIT_MS} ms in vain for ${what}`);
    await nextTurn();
  }
}

/** Lets the event loop turn some times, for what must not happen. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn();
}
