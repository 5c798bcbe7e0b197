import { Ending } from './ending.js';

const NEVER = new Promise<never>(() => undefined);

describe('An ending', () => {
  it('rejects all waits when it comes, and those that begin later', async () => {
    const ending = new Ending();
    const waits = [ending.guard(NEVER), ending.sleep(60_000), ending.settled(NEVER, 60_000)];
    const error = new Error('closed');
    ending.come(error);
    ending.come(new Error('again'));
    for (const wait of [...waits, ending.guard(Promise.resolve(1)), ending.sleep(0)]) {
      await expect(wait).rejects.toBe(error);
    }
    expect(ending).toMatchObject({ hasCome: true, error });
    expect(() => ending.check()).toThrow(error);
  });

  it('lets through what comes before it', async () => {
    const ending = new Ending();
    await expect(ending.guard(Promise.resolve(1))).resolves.toBe(1);
    await expect(ending.guard(Promise.reject(new Error('own')))).rejects.toThrow('own');
    await ending.sleep(1);
    await expect(ending.settled(Promise.reject(new Error('own')), 60_000)).resolves.toBe(true);
    await expect(ending.settled(NEVER, 1)).resolves.toBe(false);
    expect(() => ending.check()).not.toThrow();
  });
});
