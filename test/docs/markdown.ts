import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

/** A block of code in a text, and on which line of the text its first line is, counted from 1. */
export interface CodeBlock {
  readonly file: string;
  readonly line: number;
  readonly code: string;
}

/** README, CHANGELOG and everything below docs, relative to the root of the repository. */
export function markdownFiles(): string[] {
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  return [
    'README.md',
    'CHANGELOG.md',
    ...docs.map((path) => join('docs', path)).filter((path) => path.endsWith('.md')),
  ];
}

export function readMarkdown(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** The blocks of a text that are fenced with three backticks and one of these languages. */
export function codeBlocks(file: string, languages: readonly string[]): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { readonly isWanted: boolean; readonly line: number; readonly lines: string[] } | null = null;
  for (const [i, line] of readMarkdown(file).split('\n').entries()) {
    const fence = /^\s*```(\w*)/.exec(line);
    if (fence === null) {
      open?.lines.push(line);
    } else if (open === null) {
      open = { isWanted: languages.includes(fence[1] ?? ''), line: i + 2, lines: [] };
    } else {
      if (open.isWanted) blocks.push({ file, line: open.line, code: open.lines.join('\n') });
      open = null;
    }
  }
  return blocks;
}
