import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface NodeVersion {
  /** The program. */
  readonly path: string;
  /** `20.20.2` */
  readonly version: string;
}

/** Where the usual version managers keep their versions: one folder each, and the program in it. */
const MANAGERS: readonly (readonly [folder: string, program: string])[] = [
  [join(homedir(), '.nvm', 'versions', 'node'), 'bin/node'],
  [join(homedir(), '.volta', 'tools', 'image', 'node'), 'bin/node'],
  [join(homedir(), '.asdf', 'installs', 'nodejs'), 'bin/node'],
  [join(homedir(), '.local', 'share', 'mise', 'installs', 'node'), 'bin/node'],
  [join(homedir(), '.local', 'share', 'fnm', 'node-versions'), 'installation/bin/node'],
  ['/usr/local/n/versions/node', 'bin/node'],
  [join(process.env['RUNNER_TOOL_CACHE'] ?? '/opt/hostedtoolcache', 'node'), 'x64/bin/node'],
];

/** This one, and the newest installed version of every other line that `engines` allows; `NODE_PROGRAMS` adds programs to look at. */
export function nodeVersions(engines: string): NodeVersion[] {
  const installed = MANAGERS.filter(([folder]) => existsSync(folder)).flatMap(([folder, program]) =>
    readdirSync(folder).map((name) => join(folder, name, program)),
  );
  const named = (process.env['NODE_PROGRAMS'] ?? '').split(delimiter);
  const paths = new Set([...installed, ...named].filter((path) => path !== '' && existsSync(path)).map(realpath));
  const lines = new Map<number, NodeVersion>();
  for (const path of paths) {
    const found = { path, version: versionOf(path) };
    const best = lines.get(majorOf(found));
    if (isAllowed(engines, found.version) && (best === undefined || compare(found.version, best.version) > 0)) {
      lines.set(majorOf(found), found);
    }
  }
  const own = { path: process.execPath, version: process.versions.node };
  lines.delete(majorOf(own));
  return [own, ...[...lines.values()].sort((left, right) => compare(left.version, right.version))];
}

/** Of ranges such as `^20.19.0 || >=24.0.0`. */
export function isAllowed(engines: string, version: string): boolean {
  return engines.split('||').some((range) => {
    const [, operator, least = ''] = /^\s*(\^|>=)(\d+\.\d+\.\d+)\s*$/.exec(range) ?? [];
    if (operator === undefined) throw new Error(`cannot read the range '${range}' of engines`);
    const isSameLine = version.split('.')[0] === least.split('.')[0];
    return compare(version, least) >= 0 && (operator === '>=' || isSameLine);
  });
}

function realpath(path: string): string {
  return realpathSync(path);
}

function versionOf(path: string): string {
  return execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
}

function majorOf({ version }: NodeVersion): number {
  return Number(version.split('.')[0]);
}

function compare(left: string, right: string): number {
  return left.localeCompare(right, 'en', { numeric: true });
}
