import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { Output } from './output.js';

function bench(isTTY = false, highWaterMark?: number) {
  const stop = new AbortController();
  const streamOptions = highWaterMark === undefined ? {} : { highWaterMark };
  const stdout = Object.assign(new PassThrough(streamOptions), { isTTY });
  const stderr = new PassThrough();
  const output = new Output({ stdout, stderr }, stop.signal);
  return { output, stdout, stderr, stop, text: () => String(stdout.read() ?? '') };
}

const COLUMNS = [{ title: 'Topic' }, { title: 'Offset', align: 'right' as const }];

describe('a table', () => {
  it('has aligned columns without borders in a pipe, and something in every cell', async () => {
    const { output, text } = bench();
    await output.table(COLUMNS, [
      ['orders', 5n],
      ['a', 123],
      ['', null],
    ]);
    expect(text()).toBe('Topic   Offset\norders       5\na          123\n-            -\n');
  });

  it('has borders on a terminal', async () => {
    const { output, text } = bench(true);
    await output.table(COLUMNS, [['orders', 5]]);
    expect(text()).toBe(
      '┌────────┬────────┐\n│ Topic  │ Offset │\n├────────┼────────┤\n│ orders │      5 │\n└────────┴────────┘\n',
    );
  });

  it('tells control characters instead of sending them to a terminal', async () => {
    const { output, stderr, text } = bench();
    await output.table(COLUMNS, [['a\u001b[31m\nb', 1]]);
    expect(text()).toContain('a\\x1b[31m\\x0ab');
    output.note('first\u0007\nsecond\u009b');
    expect(String(stderr.read())).toBe('first\\x07\nsecond\\x9b\n');
  });

  it('is nothing in a pipe without rows', async () => {
    const { output, text } = bench();
    await output.table(COLUMNS, []);
    expect(text()).toBe('');
  });
});

describe('data that is delivered', () => {
  it('has left when its reader has taken it', async () => {
    const { output, stdout } = bench(false, 4);
    const delivered = output.deliver(Buffer.from('a line\n'));
    stdout.resume();
    await expect(delivered).resolves.toBe(true);
  });

  it('has not when the command is to stop before that, or nobody reads any more', async () => {
    const { output, stdout, stop } = bench(false, 4);
    const waiting = output.deliver(Buffer.from('a line\n'));
    stop.abort('SIGINT');
    await expect(waiting).resolves.toBe(false);
    await expect(output.deliver(Buffer.from('more'))).resolves.toBe(false);
    const other = bench();
    other.stdout.destroy();
    await expect(other.output.deliver(Buffer.from('x'))).resolves.toBe(false);
    stdout.destroy();
  });
});

describe('JSON', () => {
  it('holds offsets as numbers, and as text where a number would not be exact', async () => {
    const { output, text } = bench();
    await output.jsonLine({ offset: 42n, huge: 9_223_372_036_854_775_807n });
    expect(text()).toBe('{"offset":42,"huge":"9223372036854775807"}\n');
  });

  it('is one document', async () => {
    const { output, text } = bench();
    await output.json([{ a: 1n }]);
    expect(JSON.parse(text())).toEqual([{ a: 1 }]);
  });
});

describe('a reader', () => {
  it('that is slow holds the writer back', async () => {
    const { output, stdout } = bench(false, 4);
    let isWritten = false;
    const writing = output.line('more than four bytes').then(() => {
      isWritten = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isWritten).toBe(false);
    stdout.resume();
    await writing;
    expect(isWritten).toBe(true);
  });

  it('that has gone ends the wait, and nothing more is written', async () => {
    const { output, stdout, stop } = bench(false, 4);
    const writing = output.line('more than four bytes');
    stop.abort('EPIPE');
    await writing;
    const before = stdout.readableLength + stdout.writableLength;
    await output.line('again');
    expect(stdout.readableLength + stdout.writableLength).toBe(before);
  });

  it('of standard error gets what is not data', async () => {
    const { output, stderr, text } = bench();
    output.note('hello');
    output.warn('mind');
    expect(String(stderr.read())).toBe('hello\nwarning: mind\n');
    expect(text()).toBe('');
  });
});
