import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { PassThrough } from 'node:stream';
import type { CliIo, StopSignal } from './cli-io.js';
import { CommandError } from './command-error.js';
import type { CommandContext } from './command-context.js';
import { InterruptedError } from './interrupted-error.js';
import { runAction, type ActionRules } from './run-action.js';

type Action = (context: CommandContext, options: object) => Promise<void>;

function run(action: Action, rules: ActionRules = {}, args: readonly string[] = [], env: Record<string, string> = {}) {
  let listener: (signal: StopSignal) => void = () => undefined;
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const io: CliIo = {
    stdin: new PassThrough(),
    stdout,
    stderr,
    env,
    onSignal: (wanted) => {
      listener = wanted;
      return () => undefined;
    },
  };
  const outcome = { exitCode: 0 };
  const command = new Command('work').option('--verbose');
  runAction(command, { io, outcome }, action, rules);
  const ended = command.parseAsync(args, { from: 'user' }).then(() => outcome.exitCode);
  return { ended, stdout, stderr, errors: () => String(stderr.read() ?? ''), signal: (s: StopSignal) => listener(s) };
}

const untilStopped: Action = ({ stop }) =>
  new Promise((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
const forEver: Action = () => new Promise(() => undefined);

describe('the exit code', () => {
  it('is 0 for an action that ends', async () => {
    const { ended, errors } = run(() => Promise.resolve());
    await expect(ended).resolves.toBe(0);
    expect(errors()).toBe('');
  });

  it('is 1 when the output cannot be written, and 0 when nobody reads it any more', async () => {
    for (const [code, exitCode] of [
      ['ENOSPC', 1],
      ['EPIPE', 0],
    ] as const) {
      const { ended, errors, stdout } = run(async ({ output }) => {
        await output.line('data');
        stdout.destroy(Object.assign(new Error('write failed'), { code }));
        await new Promise(setImmediate);
      });
      await expect(ended).resolves.toBe(exitCode);
      expect(errors().includes('could not be written (ENOSPC)')).toBe(exitCode === 1);
    }
  });

  it('is 1 for one that fails, with one line and no stack', async () => {
    const { ended, errors } = run(() => Promise.reject(new CommandError('It was\nnothing.')));
    await expect(ended).resolves.toBe(1);
    expect(errors()).toBe('error: It was nothing.\n');
  });

  it.each([
    [['--verbose'], {}],
    [[], { NEST_KAFKA_DEBUG: '1' }],
  ])('comes with a stack for %j and %j', async (args, env) => {
    const { ended, errors } = run(() => Promise.reject(new CommandError('x')), {}, args, env as Record<string, string>);
    await ended;
    expect(errors()).toMatch(/^error: x\nCommandError: x\n {4}at /);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('of work that %s gives up is %i', async (signal, exitCode) => {
    const { ended, errors, signal: send } = run(forEver);
    send(signal);
    await expect(ended).resolves.toBe(exitCode);
    expect(errors()).toBe('');
  });

  it('of a stream is its own, whatever the signal', async () => {
    const good = run(untilStopped, { onStop: 'finish' });
    good.signal('SIGTERM');
    await expect(good.ended).resolves.toBe(0);
    const given = run(
      async (context, options) => {
        await untilStopped(context, options);
        throw new InterruptedError('SIGINT');
      },
      { onStop: 'finish' },
    );
    given.signal('SIGINT');
    await expect(given.ended).resolves.toBe(130);
  });

  it('is 0, quietly, when nobody reads the output any more', async () => {
    const { ended, errors, stdout } = run(forEver);
    stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await expect(ended).resolves.toBe(0);
    expect(errors()).toBe('');
  });
});

describe('what was opened', () => {
  it.each<[string, Action, StopSignal | null]>([
    ['succeeds', () => Promise.resolve(), null],
    ['fails', () => Promise.reject(new Error('x')), null],
    ['is stopped', forEver, 'SIGINT'],
  ])('is closed when the action %s, the last first, one failure or not', async (_, action, signal) => {
    const closed: string[] = [];
    const { ended, signal: send } = run((context, options) => {
      context.defer(async () => void closed.push('first'));
      context.defer(() => Promise.reject(new Error('cannot close')));
      context.defer(async () => void closed.push('last'));
      return action(context, options);
    });
    if (signal !== null) send(signal);
    await ended;
    expect(closed).toEqual(['last', 'first']);
  });
});
