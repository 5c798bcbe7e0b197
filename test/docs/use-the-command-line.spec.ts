import { describe, expect, it, jest } from '@jest/globals';
import type { Command } from 'commander';
import { PassThrough } from 'node:stream';
import type { CliIo } from '../../lib/cli/common/cli-io.js';
import { createProgram } from '../../lib/cli/program.js';
import { sharedCluster, uniqueTopic } from '../support/broker.js';
import { shell } from '../support/cli.js';
import { codeBlocks, readMarkdown } from './markdown.js';

jest.setTimeout(60_000);

const GUIDE = 'docs/guides/use-the-command-line.md';
const blocks = codeBlocks(GUIDE, ['sh']).map(({ code }) => code);
const session = blocks.find((code) => code.includes('export KAFKA_BROKERS')) ?? '';

/** The arguments of every call of nest-kafka in a shell text, without the quotes. */
function calls(text: string): string[][] {
  return text
    .split(/\n|\|/)
    .flatMap((part) => /^\s*(?:npx )?nest-kafka (.*?)\s*(?:<.*|#.*)?$/.exec(part)?.[1] ?? [])
    .map((line) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? ''));
}

function withoutActions(command: Command): Command {
  command.action(() => undefined);
  for (const child of command.commands) if (child.commands.length > 0) withoutActions(child);
  for (const child of command.commands.filter(({ commands }) => commands.length === 0)) child.action(() => undefined);
  return command;
}

const io: CliIo = {
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  env: {},
  onSignal: () => () => undefined,
};
const everyCall = blocks.flatMap(calls);

describe('the guide to the command line', () => {
  it('shows every command', () => {
    const program = createProgram({ io, outcome: { exitCode: 0 } });
    const names = program.commands.flatMap((group) =>
      group.commands.length === 0
        ? [group.name()]
        : group.commands.map((command) => `${group.name()} ${command.name()}`),
    );
    const shown = everyCall.map((call) => call.join(' '));
    expect(names.filter((name) => !shown.some((call) => call.startsWith(name)))).toEqual([]);
    expect(readMarkdown(GUIDE)).toContain('| `broker up` |');
  });

  it.each(everyCall.map((call) => [call.join(' '), call] as const))(
    'calls nest-kafka %s with options that it has',
    async (_, call) => {
      const program = withoutActions(createProgram({ io, outcome: { exitCode: 0 } }));
      await expect(program.parseAsync(call, { from: 'user' })).resolves.toBeDefined();
    },
  );

  it('has a session that works as it stands', async () => {
    const topic = uniqueTopic('orders');
    const servers = sharedCluster().bootstrapServers().join(',');
    const script = session.replace('127.0.0.1:9092', servers).replaceAll('orders', topic).replaceAll('billing', topic);
    const { exitCode, stderr, stdout } = await shell(script);
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain('error');
    expect(stderr).toMatch(/warning: There is no group .* yet: it begins with these offsets\./);
    const lines = stdout.trim().split('\n');
    expect(lines.slice(1, 4).map((line) => line.split(/\s+/))).toEqual([
      ['k1', 'first'],
      ['k1', 'third'],
      ['k2', 'second'],
    ]);
    expect(lines.at(-1)).toBe('3');
  });
});
