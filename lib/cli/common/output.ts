import { once } from 'node:events';
import Table from 'cli-table3';
import type { CliIo } from './cli-io.js';
import { printable } from './printable.js';

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** Numbers stand to the right. Default: left. */
  readonly align?: 'left' | 'right';
}

/** What stands in a cell; null and the empty text become `-`, so that every line of a table has the same number of words. */
export type Cell = string | number | bigint | boolean | null;

const NO_BORDERS = Object.fromEntries(
  ['top', 'bottom', 'left', 'right'].flatMap((side) =>
    ['', '-mid', '-left', '-right'].map((part) => [`${side}${part}`, '']),
  ),
);

/**
 * What a command says. Data goes to standard output, everything else to standard error, so that a pipe holds nothing but data.
 * A table has borders only on a terminal; in a pipe its columns are aligned by blanks.
 */
export class Output {
  private closed = false;

  /** @param stop aborted when nobody reads standard output any more; from then on nothing is written to it */
  public constructor(
    private readonly io: Pick<CliIo, 'stdout' | 'stderr'>,
    private readonly stop: AbortSignal,
  ) {}

  /** Whether standard output is a terminal. */
  public get isTerminal(): boolean {
    return this.io.stdout.isTTY === true;
  }

  /** Writes a line of data; resolves when there is room for the next one. */
  public line(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  /** Writes data as it is; resolves when there is room for more. */
  public async write(data: string | Uint8Array): Promise<void> {
    const { stdout } = this.io;
    if (this.closed || stdout.destroyed || !stdout.writable) return;
    if (stdout.write(data)) return;
    try {
      await once(stdout, 'drain', { signal: this.stop });
    } catch {
      // The command is ending; what was written is on its way, or has no reader.
      this.closed = this.stop.reason === 'EPIPE';
    }
  }

  /**
   * Writes data as it is, all the way.
   * @returns whether it has left for its reader; false when the command is to stop or nobody reads any more, before that: some of it may have been read
   */
  public deliver(data: Uint8Array): Promise<boolean> {
    const { stdout } = this.io;
    const { stop } = this;
    if (stop.aborted || stdout.destroyed || !stdout.writable) return Promise.resolve(false);
    return new Promise((resolve) => {
      const giveUp = (): void => resolve(false);
      stop.addEventListener('abort', giveUp, { once: true });
      stdout.write(data, (error) => {
        stop.removeEventListener('abort', giveUp);
        resolve(error === null || error === undefined);
      });
    });
  }

  /** Writes one JSON document; a bigint is a number where a number holds it exactly, else text. */
  public json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value, plainNumbers, 2));
  }

  /** Writes one line of JSON lines. */
  public jsonLine(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value, plainNumbers));
  }

  /** Writes a table; without rows nothing but its head, and only on a terminal. */
  public async table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): Promise<void> {
    if (rows.length === 0 && !this.isTerminal) return;
    const table = new Table({
      head: columns.map(({ title }) => title),
      colAligns: columns.map(({ align }) => align ?? 'left'),
      style: { head: [], border: [], compact: true, ...(this.isTerminal ? {} : { 'padding-left': 0 }) },
      ...(this.isTerminal ? {} : { chars: { ...NO_BORDERS, mid: '', 'left-mid': '', 'mid-mid': '', middle: ' ' } }),
    });
    table.push(...rows.map((row) => row.map(cellText)));
    for (const line of table.toString().split('\n')) await this.line(line.trimEnd());
  }

  /** Tells the user something that is not data. */
  public note(text: string): void {
    // Several lines are ours; other control characters would come from a file, a name or a broker.
    this.io.stderr.write(`${text.split('\n').map(printable).join('\n')}\n`);
  }

  /** Tells the user what to mind. */
  public warn(text: string): void {
    this.note(`warning: ${text}`);
  }
}

function cellText(cell: Cell): string {
  const text = cell === null ? '' : printable(String(cell));
  return text === '' ? '-' : text;
}

function plainNumbers(_name: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
