import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PackedPackage } from './packed-package.js';
import { runNpm } from './run-npm.js';

const HERE = import.meta.dirname;
const QUIET = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];

/** As an application would set them that checks all it can. */
const COMPILER_OPTIONS = {
  target: 'ES2022',
  lib: ['ES2022'],
  types: ['node'],
  strict: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  // Our declarations are checked too, and those of the packages that they stand on.
  skipLibCheck: false,
  rootDir: '.',
};

export const FORMATS = ['esm', 'commonjs'] as const;
export type Format = (typeof FORMATS)[number];

/** How a project compiles the application. */
export interface CompileOptions {
  /** Which of its two copies, the one in a package of ES modules or the one in a CommonJS package. */
  readonly formats: readonly Format[];
  readonly module: string;
  readonly moduleResolution: string;
  readonly allowSyntheticDefaultImports?: boolean;
  /** Where the output goes; nothing is written without. */
  readonly outDir?: string;
}

/** The application of these tests with the packed package and one line of versions, installed in a folder of its own. */
export class InstalledCell implements Disposable {
  private constructor(
    public readonly name: string,
    public readonly folder: string,
  ) {}

  public static async install(name: string, { file }: PackedPackage): Promise<InstalledCell> {
    const folder = mkdtempSync(join(tmpdir(), `nestjs-kafka-producer-${name}-`));
    const cell = new InstalledCell(name, folder);
    try {
      cpSync(join(HERE, 'cells', name), folder, { recursive: true });
      await runNpm(folder, ['ci', ...QUIET]);
      // Its own dependencies come with it, and its peers have to agree with what is there.
      await runNpm(folder, ['install', '--no-save', ...QUIET, file]);
      cell.writeSources();
      return cell;
    } catch (error) {
      cell[Symbol.dispose]();
      throw error;
    }
  }

  /** The entries of the package that can be imported here: those whose optional peers are installed. */
  public get entries(): string[] {
    const { exports } = this.manifestOf('nestjs-kafka-producer') as { exports: Readonly<Record<string, unknown>> };
    const needsPeer = (entry: string): boolean => entry === './opentelemetry' && !this.has('@opentelemetry/api');
    return Object.keys(exports)
      .filter((entry) => !entry.endsWith('.json') && !needsPeer(entry))
      .map((entry) => entry.replace('.', 'nestjs-kafka-producer'));
  }

  /** What is installed of a package. */
  public versionOf(packageName: string): string {
    return String(this.manifestOf(packageName)['version']);
  }

  /** The errors that the cell's own compiler finds. */
  public async compile({ formats, outDir, ...options }: CompileOptions): Promise<string[]> {
    const config = {
      compilerOptions: { ...COMPILER_OPTIONS, ...options, ...(outDir === undefined ? { noEmit: true } : { outDir }) },
      include: [...formats],
    };
    const file = join(this.folder, `tsconfig.${formats.join('-')}.${options.moduleResolution}.json`);
    writeFileSync(file, JSON.stringify(config));
    const compiler = join(this.folder, 'node_modules', 'typescript', 'bin', 'tsc');
    const output = await this.run(process.execPath, [compiler, '--pretty', 'false', '-p', file]);
    if (outDir !== undefined) this.markFormats(outDir);
    return output.split('\n').filter((line) => /(^|: )error /.test(line));
  }

  /** Runs a program in the folder, whatever its exit code is, and gives back all it prints. */
  public run(program: string, args: readonly string[]): Promise<string> {
    return new Promise((resolve) => {
      execFile(program, args, { cwd: this.folder }, (error, stdout, stderr) => {
        resolve(`${stdout}${stderr}${error === null ? '' : `\nerror: ${error.message}`}`);
      });
    });
  }

  public [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private writeSources(): void {
    const entries = this.entries.map((entry, index) => `export * as entry${index} from '${entry}';\n`);
    for (const format of FORMATS) {
      cpSync(join(HERE, 'application'), join(this.folder, format), { recursive: true });
      writeFileSync(join(this.folder, format, 'entries.ts'), entries.join(''));
    }
    this.markFormats('.');
  }

  private markFormats(below: string): void {
    for (const format of FORMATS) {
      const folder = join(this.folder, below, format);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: format === 'esm' ? 'module' : 'commonjs' }));
    }
  }

  private has(packageName: string): boolean {
    try {
      this.manifestOf(packageName);
      return true;
    } catch {
      return false;
    }
  }

  private manifestOf(packageName: string): Record<string, unknown> {
    return JSON.parse(readFileSync(join(this.folder, 'node_modules', packageName, 'package.json'), 'utf8'));
  }
}
