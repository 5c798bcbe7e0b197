import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNpm } from './run-npm.js';

const ROOT = join(import.meta.dirname, '..', '..');
/** What a build and a package are made from. The rest of the tree, and what it has built before, plays no part. */
const SOURCES = [
  'lib',
  'scripts',
  'docs',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
];

interface PackReport {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** The package as it would be published, built in a folder of its own. */
export class PackedPackage implements Disposable {
  private constructor(
    private readonly folder: string,
    /** The archive. */
    public readonly file: string,
    /** What is in it, with `/` between folders. */
    public readonly paths: readonly string[],
  ) {}

  public static async create(): Promise<PackedPackage> {
    const folder = mkdtempSync(join(tmpdir(), 'nestjs-kafka-producer-package-'));
    try {
      for (const source of SOURCES) {
        if (existsSync(join(ROOT, source))) cpSync(join(ROOT, source), join(folder, source), { recursive: true });
      }
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
      const reports: readonly PackReport[] = JSON.parse(await runNpm(folder, ['pack', '--json']));
      const [report] = reports;
      if (report === undefined) throw new Error('npm pack has packed nothing');
      return new PackedPackage(
        folder,
        join(folder, report.filename),
        report.files.map(({ path }) => path),
      );
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  public [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
