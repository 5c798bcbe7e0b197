import { CommanderError } from 'commander';
import type { CliIo } from './common/cli-io.js';
import { ExitCode } from './common/exit-code.js';
import { explainError } from './common/explain-error.js';
import { createProgram } from './program.js';

/**
 * Runs one command line to its end.
 * @param args without the program's name, e.g. `['topics', 'list', '--json']`
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 and 143 ended by a signal
 */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  // Whoever reads may leave at any time, also while help is shown; a command is told by its context.
  for (const output of [io.stdout, io.stderr]) output.on('error', () => undefined);
  const outcome = { exitCode: ExitCode.DONE as number };
  try {
    await createProgram({ io, outcome }).parseAsync(args, { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    // Help and the version were asked for, and shown.
    if (error instanceof CommanderError && error.exitCode === 0) return ExitCode.DONE;
    // A command without its subcommand has shown its help already.
    if (error instanceof CommanderError && error.code === 'commander.help') return ExitCode.USAGE;
    const { exitCode, message } = explainError(error);
    io.stderr.write(`error: ${message}\n`);
    return exitCode;
  }
}
