import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { PassThrough } from 'node:stream';
import type { CliIo } from './common/cli-io.js';
import { LIBRARY_VERSION } from '../wire/library-version.js';
import { createProgram } from './program.js';
import { runCli } from './run-cli.js';

async function run(...args: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const io: CliIo = { stdin: new PassThrough(), stdout, stderr, env: {}, onSignal: () => () => undefined };
  const exitCode = await runCli(args, io);
  return { exitCode, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

/** Every command that does something. */
function commands(
  of: Command,
  path: readonly string[] = [],
): { readonly path: readonly string[]; readonly command: Command }[] {
  if (of.commands.length === 0) return [{ path, command: of }];
  return of.commands.flatMap((command) => commands(command, [...path, command.name()]));
}

const io: CliIo = {
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  env: {},
  onSignal: () => () => undefined,
};
const all = commands(createProgram({ io, outcome: { exitCode: 0 } }));

describe.each(all.map(({ path, command }) => [path.join(' '), command] as const))('%s', (path, command) => {
  it('has help with an example of itself, and --json', async () => {
    const { exitCode, stdout } = await run(...path.split(' '), '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Usage: nest-kafka ${path} [options]`);
    expect(stdout).toContain(`  nest-kafka ${path}`);
    expect(command.options.some(({ long }) => long === '--json' || long === '--json-lines')).toBe(true);
  });

  it('reaches its cluster by the options that all have', () => {
    if (path === 'broker up') return;
    const names = command.options.map(({ long }) => long);
    expect(names).toEqual(expect.arrayContaining(['--bootstrap-server', '--command-config', '--config']));
  });

  it('refuses an option that nobody knows, in one line', async () => {
    const { exitCode, stderr, stdout } = await run(...path.split(' '), '--no-such-option-anywhere');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^error: [^\n]+ See --help\.\n$/);
  });
});

describe('the program', () => {
  it.each([
    [[], 'Usage: nest-kafka [options] [command]'],
    [['topics'], 'Usage: nest-kafka topics [options] [command]'],
  ])('shows its help for %j, which is wrong usage', async (args, help) => {
    const { exitCode, stderr, stdout } = await run(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(help);
  });

  it('names the command that was meant', async () => {
    expect(await run('topic')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: "error: unknown command 'topic' (Did you mean topics?) See --help.\n",
    });
  });

  it('tells its version', async () => {
    expect(await run('--version')).toEqual({ exitCode: 0, stdout: `${LIBRARY_VERSION}\n`, stderr: '' });
  });

  it('wants to know where the brokers are, before anything else', async () => {
    const { exitCode, stderr } = await run('topics', 'list');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error: No broker is named: give --bootstrap-server host:port/);
  });
});
