import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { sharedCluster, uniqueTopic, waitFor } from '../support/broker.js';
import { committedRecords } from '../support/open-transactions.js';
import { FORMATS, InstalledCell } from './installed-cell.js';
import { nodeVersions } from './node-versions.js';
import { PackedPackage } from './packed-package.js';
import { RunningApplication } from './running-application.js';

const INSTALL_LIMIT_MS = 240_000;
const LIMIT_MS = 180_000;
const WAIT_MS = 60_000;
const CELLS = readdirSync(join(import.meta.dirname, 'cells'));
const MANIFEST = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'));
/** A package or a part of Node that code or declarations import. */
const IMPORT = /(?<![.\w])(?:from|import) ?\(?['"]([^'".\s][^'"\s]*)['"]/g;
const NODES = nodeVersions(MANIFEST.engines.node);

let packed: PackedPackage;
const installed = new Map<string, InstalledCell>();

beforeAll(async () => {
  packed = await PackedPackage.create();
  const results = await Promise.allSettled(
    CELLS.map(async (name) => installed.set(name, await InstalledCell.install(name, packed))),
  );
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}, INSTALL_LIMIT_MS);

afterAll(() => {
  for (const cell of installed.values()) cell[Symbol.dispose]();
  packed?.[Symbol.dispose]();
});

function cellOf(name: string): InstalledCell {
  const cell = installed.get(name);
  if (cell === undefined) throw new Error(`${name} is not installed`);
  return cell;
}

/** Targets of `exports`, `bin`, `main` and `types`, as paths in the package. */
function targetsOf(manifestField: unknown): string[] {
  if (typeof manifestField === 'string') return [manifestField.replace(/^\.\//, '')];
  if (typeof manifestField !== 'object' || manifestField === null) return [];
  return Object.values(manifestField).flatMap(targetsOf);
}

/** `@scope/name` of `@scope/name/part.js`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

describe('the package', () => {
  it('holds what its entries lead to, the documentation, and nothing of the tests', () => {
    const { bin, exports, main, types, typesVersions } = MANIFEST;
    const targets = [bin, exports, main, types, typesVersions].flatMap(targetsOf);
    expect(targets.length).toBeGreaterThan(10);
    expect(packed.paths).toEqual(expect.arrayContaining(targets));
    expect(packed.paths).toEqual(
      expect.arrayContaining(['README.md', 'LICENSE', 'CHANGELOG.md', 'docs/guarantees.md']),
    );
    const expected =
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|docs\/.*\.md|dist\/lib\/.*\.(js|d\.ts|mjs|xml))$/;
    expect(packed.paths.filter((path) => !expected.test(path))).toEqual([]);
    expect(packed.paths.filter((path) => /\.spec\.|spec-support|\/test\//.test(path))).toEqual([]);
  });

  it('imports only what it declares, and points to no source maps', () => {
    const { folder } = cellOf(CELLS[0] ?? '');
    const home = join(folder, 'node_modules', 'nestjs-kafka-producer');
    const declared = new Set(
      [...Object.keys(MANIFEST.dependencies), ...Object.keys(MANIFEST.peerDependencies), ...builtinModules].flatMap(
        (name) => [name, `node:${name}`],
      ),
    );
    const undeclared: string[] = [];
    const mapped: string[] = [];
    for (const path of packed.paths.filter((name) => /\.(js|mjs|d\.ts)$/.test(name))) {
      const code = readFileSync(join(home, path), 'utf8');
      if (code.includes('sourceMappingURL')) mapped.push(path);
      for (const [, specifier = ''] of code.matchAll(IMPORT)) {
        if (!declared.has(specifier) && !declared.has(packageOf(specifier))) undeclared.push(`${path}: ${specifier}`);
      }
    }
    expect(undeclared).toEqual([]);
    expect(mapped).toEqual([]);
  });
});

describe.each(CELLS)('with the versions of %s', (name) => {
  beforeAll(() => {
    const cell = cellOf(name);
    const nest = ['core', 'microservices', 'terminus'].map((part) => `${part} ${cell.versionOf(`@nestjs/${part}`)}`);
    const nodes = NODES.map(({ version }) => version).join(', ');
    process.stderr.write(
      `compatibility: ${nest.join(', ')}, TypeScript ${cell.versionOf('typescript')}, Node.js ${nodes}\n`,
    );
  });

  describe('an application', () => {
    beforeAll(async () => {
      const options = { formats: FORMATS, module: 'nodenext', moduleResolution: 'nodenext', outDir: 'out' };
      expect(await cellOf(name).compile(options)).toEqual([]);
    }, LIMIT_MS);

    it.each(NODES.flatMap((node) => FORMATS.map((format) => ({ ...node, format }))))(
      'sends, consumes, replies, tells its health and ends, as $format on Node.js $version',
      async ({ format, path }) => {
        const cluster = sharedCluster();
        const id = uniqueTopic(name);
        for (const topic of ['orders', 'invoices', 'prices', 'prices.reply']) {
          await cluster.createTopic(`${id}-${topic}`, { partitions: 1 });
        }
        const main = join(cellOf(name).folder, 'out', format, 'main.js');
        const environment = { KAFKA_BROKERS: cluster.bootstrapServers().join(','), APPLICATION_NAME: id };
        await using application = await RunningApplication.start(path, main, environment);

        expect(await application.post('orders', { ids: ['a', 'b'] })).toEqual({ status: 201, body: { placed: 2 } });
        expect(await application.post('orders', { ids: ['c', 'd'], fail: true })).toMatchObject({ status: 422 });
        expect(await application.post('orders', { ids: ['e'] })).toEqual({ status: 201, body: { placed: 1 } });
        expect(await application.get('price?item=shoe')).toEqual({ status: 200, body: { item: 'shoe', total: 4 } });

        const keysOf = async (topic: string): Promise<string[]> => {
          const stored = await committedRecords(cluster, `${id}-${topic}`);
          return stored.map(({ key }) => String(key)).toSorted();
        };
        await waitFor(async () => (await keysOf('invoices')).length >= 3, { what: 'the invoices', limitMs: WAIT_MS });
        expect(await keysOf('orders')).toEqual(['a', 'b', 'e']);
        expect(await keysOf('invoices')).toEqual(['a', 'b', 'e']);
        const seen = async (): Promise<string[]> => (await application.get('orders')).body as string[];
        await waitFor(async () => (await seen()).length >= 3, { what: 'the event handler', limitMs: WAIT_MS });
        expect((await seen()).toSorted()).toEqual(['a', 'b', 'e']);

        const isStarted = async (): Promise<boolean> => (await application.get('health/start')).status === 200;
        await waitFor(isStarted, { what: 'the end of the start', limitMs: WAIT_MS });
        const up = { status: 'up' };
        expect(await application.get('health/live')).toMatchObject({
          status: 200,
          body: { status: 'ok', details: { producer: up, consumer: up } },
        });
        // The topics have one replica each: a degradation, for those who know what that is.
        const knowsDegraded = Number.parseInt(cellOf(name).versionOf('@nestjs/terminus'), 10) >= 12;
        expect(await application.get('health/ready')).toMatchObject({
          status: 200,
          body: {
            status: knowsDegraded ? 'degraded' : 'ok',
            details: { producer: up, consumer: up, durability: { status: knowsDegraded ? 'degraded' : 'up' } },
          },
        });

        expect(await application.terminate()).toEqual({ code: null, signal: 'SIGTERM', output: '' });
        const groups = [`${id}-board`, `${id}-invoices`];
        const admin = cluster.kafkaJs().admin();
        await admin.connect();
        const described = await admin.describeGroups(groups);
        await admin.disconnect();
        expect(described.groups.map(({ members, state }) => [state, members])).toEqual([
          ['Empty', []],
          ['Empty', []],
        ]);
        const lastOrder = (await cluster.readTopic(`${id}-orders`)).at(-1);
        for (const groupId of groups) {
          const [{ offset } = { offset: '-1' }] = await cluster.committedOffsets(groupId, `${id}-orders`);
          expect(Number(offset)).toBeGreaterThan(Number(lastOrder?.offset));
        }
      },
      LIMIT_MS,
    );
  });

  it.each(NODES)('every entry is the same module to import and to require, on Node.js $version', async ({ path }) => {
    const { entries } = cellOf(name);
    expect(entries.length).toBeGreaterThan(2);
    const program = `
      import { createRequire } from 'node:module';
      import { join } from 'node:path';
      const require = createRequire(join(process.cwd(), 'commonjs', 'main.js'));
      for (const entry of ${JSON.stringify(entries)}) {
        if (require(entry) !== (await import(entry))) console.log(entry);
      }`;
    expect(await cellOf(name).run(path, ['--input-type=module', '--eval', program])).toBe('');
  });

  it('its command runs', async () => {
    const program = join('node_modules', '.bin', Object.keys(MANIFEST.bin)[0] ?? '');
    const output = await cellOf(name).run(program, ['--help']);
    expect(output).toMatch(/^Usage: nest-kafka /);
    expect(output).not.toContain('error');
  });
});

it.each([
  // What applications of Nest 11 were generated with for long.
  {
    cell: 'nestjs-11',
    formats: ['commonjs'],
    module: 'commonjs',
    moduleResolution: 'node10',
    allowSyntheticDefaultImports: true,
  },
  { cell: 'nestjs-12', formats: ['esm'], module: 'esnext', moduleResolution: 'bundler' },
  { cell: 'nestjs-12', formats: ['esm'], module: 'node16', moduleResolution: 'node16' },
] as const)(
  'types are found with moduleResolution $moduleResolution in $cell',
  async ({ cell, ...options }) => {
    expect(await cellOf(cell).compile(options)).toEqual([]);
  },
  LIMIT_MS,
);
