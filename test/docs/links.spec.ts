import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { markdownFiles, readMarkdown, ROOT } from './markdown.js';

/** `[text](path)` with a path in the repository, without the part after `#`. */
const LINK = /\]\((?!\w+:|#)([^)#\s]+)[^)]*\)/g;
/** `[text](path#heading)` and `[text](#heading)`, of texts in the repository. */
const ANCHOR = /\]\((?!\w+:)([^)#\s]*)#([^)\s]+)\)/g;
/** `path/to/file.ts` in backticks. */
const NAMED_FILE = /`((?:lib|test|bench|sample|docs)\/[\w./-]+\.\w+)`/g;

function brokenReferences(file: string): string[] {
  const text = readMarkdown(file);
  const links = [...text.matchAll(LINK)].map(([, path = '']) => join(dirname(file), path));
  const named = [...text.matchAll(NAMED_FILE)].map(([, path = '']) => path);
  return [...links, ...named].filter((path) => !existsSync(join(ROOT, path)));
}

/** As GitHub names the headings of a text. */
function anchorsOf(file: string): Set<string> {
  const headings = [...readMarkdown(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function brokenAnchors(file: string): string[] {
  return [...readMarkdown(file).matchAll(ANCHOR)]
    .map(([, path = '', anchor = '']) => ({ target: path === '' ? file : join(dirname(file), path), anchor }))
    .filter(({ target, anchor }) => target.endsWith('.md') && !anchorsOf(target).has(anchor))
    .map(({ target, anchor }) => `${target}#${anchor}`);
}

describe('the documentation', () => {
  it.each(markdownFiles())('%s names only files that exist', (file) => {
    expect(brokenReferences(file)).toEqual([]);
  });

  it.each(markdownFiles())('%s leads only to headings that exist', (file) => {
    expect(brokenAnchors(file)).toEqual([]);
  });

  it('begins with the two commands', () => {
    const commands = [...readMarkdown('README.md').matchAll(/^(npm .*)$/gm)].map(([, command]) => command);
    expect(commands.slice(0, 2)).toEqual(['npm ci && npm start -- --once', 'npm ci && npm test']);
  });
});
