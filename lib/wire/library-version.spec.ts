import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { LIBRARY_VERSION } from './library-version.js';

describe('the version that is told', () => {
  it('is that of the package', async () => {
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(LIBRARY_VERSION).toBe(version);
  });
});
