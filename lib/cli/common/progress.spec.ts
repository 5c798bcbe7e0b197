import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { startProgress } from './progress.js';

function show(isTTY: boolean, total: number): string {
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  const progress = startProgress(stderr, total, 'records');
  progress.update(3);
  progress.update(4, total);
  progress.stop();
  progress.stop();
  return String(stderr.read() ?? '');
}

describe('progress', () => {
  it('is a bar on a terminal, which goes when the work ends', () => {
    const shown = show(true, 10);
    expect(shown).toMatch(/█*░+ \d+ of 10 records/);
    expect(shown.lastIndexOf('\u001B[0K')).toBeGreaterThan(shown.lastIndexOf('records'));
  });

  it('counts where nobody knows how much there is', () => {
    expect(show(true, 0)).toMatch(/\d+ records/);
    expect(show(true, 0)).not.toContain(' of ');
  });

  it('is nothing in a pipe', () => {
    expect(show(false, 10)).toBe('');
  });
});
