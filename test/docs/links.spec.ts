import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { markdownFiles, readMarkdown, ROOT } from './markdown.js';

/** `[text](path)` with a path in the repository, without the part after `#`. */
const LINK = /\]\((?!\w+:|#)([^)#\s]+)[^)]*\)/g;
/** `path/to/file.ts` in backticks. */
const NAMED_FILE = /`((?:lib|test|bench|sample|docs)\/[\w./-]+\.\w+)`/g;

function brokenReferences(file: string): string[] {
  const text = readMarkdown(file);
  const links = [...text.matchAll(LINK)].map(([, path = '']) => join(dirname(file), path));
  const named = [...text.matchAll(NAMED_FILE)].map(([, path = '']) => path);
  return [...links, ...named].filter((path) => !existsSync(join(ROOT, path)));
}

describe('the documentation', () => {
  it.each(markdownFiles())('%s names only files that exist', (file) => {
    expect(brokenReferences(file)).toEqual([]);
  });

  it('begins with the two commands', () => {
    const commands = [...readMarkdown('README.md').matchAll(/^(npm .*)$/gm)].map(([, command]) => command);
    expect(commands.slice(0, 2)).toEqual(['npm ci && npm start -- --once', 'npm ci && npm test']);
  });
});
