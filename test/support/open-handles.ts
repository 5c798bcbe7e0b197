import { setTimeout as delay } from 'node:timers/promises';

/** What keeps a process alive and comes from sockets or timers. */
function handles(): string[] {
  return process.getActiveResourcesInfo().filter((type) => /TCP|TLS|Socket|Timeout|Immediate|Pipe/.test(type));
}

function countOf(type: RegExp): number {
  return handles().filter((handle) => type.test(handle)).length;
}

/** Runs something, ends what it gives, waits a little, and gives the handles that are there beyond those before. */
export async function leftBy<T>(run: () => Promise<T>, end: (subject: T) => Promise<void>): Promise<string[]> {
  const sockets = countOf(/TCP|TLS|Socket/);
  const timers = countOf(/Timeout/);
  await end(await run());
  const isClean = (): boolean => countOf(/TCP|TLS|Socket/) <= sockets && countOf(/Timeout/) <= timers;
  for (const limit = Date.now() + 2_000; Date.now() < limit && !isClean();) await delay(10);
  return isClean() ? [] : handles();
}
