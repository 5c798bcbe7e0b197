import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type CodeBlock, codeBlocks, markdownFiles, ROOT } from './markdown.js';

const LIMIT_MS = 60_000;
/** In the repository, so that the examples find its packages; ignored by git. */
const SCRATCH = join(ROOT, '.results');

let directory: string;

beforeAll(() => {
  mkdirSync(SCRATCH, { recursive: true });
  directory = mkdtempSync(join(SCRATCH, 'examples-'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What the compiler says of the blocks, each as a module of its own, by the lines of the text they come from. */
async function typeCheck(blocks: readonly CodeBlock[]): Promise<string[]> {
  const project = mkdtempSync(join(directory, 'project-'));
  for (const { file, line, code } of blocks) {
    // Blank lines in front, so that the compiler's line numbers are those of the text.
    const name = `${file.replaceAll(/[/\\]/g, '--')}.${line}.ts`;
    writeFileSync(join(project, name), '\n'.repeat(line - 1) + code);
  }
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, moduleDetection: 'force' },
    include: ['*.ts'],
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
  const output = await tsc(project);
  return output.split('\n').filter((line) => line.includes(': error ') || line.startsWith('error '));
}

/** What the compiler prints; it ends with an exit code where it prints errors. */
function tsc(project: string): Promise<string> {
  const require = createRequire(import.meta.url);
  const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [compiler, '--pretty', 'false', '-p', project], { cwd: project }, (error, stdout) => {
      if (error !== null && stdout === '') reject(error);
      else resolve(stdout);
    });
  });
}

describe('the TypeScript examples in the documentation', () => {
  it(
    'compile',
    async () => {
      const blocks = markdownFiles().flatMap((file) => codeBlocks(file, ['ts', 'typescript']));
      expect(blocks.length).toBeGreaterThan(10);
      expect(await typeCheck(blocks)).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'would be reported with file and line if one did not',
    async () => {
      const code = "import { KafkaProducer } from 'nestjs-kafka-producer';\nexport const send: number = KafkaProducer;";
      const errors = await typeCheck([{ file: 'docs/guides/wrong.md', line: 7, code }]);
      expect(errors).toHaveLength(1);
      expect(errors[0]).toMatch(/^docs--guides--wrong\.md\.7\.ts\(8,\d+\): error TS2322/);
    },
    LIMIT_MS,
  );
});
