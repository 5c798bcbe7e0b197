import type { Command } from 'commander';
import type { CliIo } from './cli-io.js';
import { CommandError } from './command-error.js';
import { CommandContext } from './command-context.js';
import { explainError } from './explain-error.js';
import { ExitCode, exitCodeOfSignal } from './exit-code.js';
import { InterruptedError, type StopReason } from './interrupted-error.js';

/** What the run of a program came to. */
export interface RunOutcome {
  exitCode: number;
}

/** How commands are run: with which streams, and where the exit code goes. */
export interface Runtime {
  readonly io: CliIo;
  readonly outcome: RunOutcome;
}

export interface ActionRules {
  /**
   * What a signal does. `abort` (default): the work is given up, and the exit code is 130 or 143. `finish`: the work is a stream that ends by itself
   * when `context.stop` is aborted, and that end is a good one.
   */
  readonly onStop?: 'abort' | 'finish';
}

/**
 * Has a command do this: with a context that is closed afterwards, one line on standard error if it throws, and an exit code.
 * Nobody reading the output any more (`| head`) ends it quietly, with 0.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- commander hands over what the options declare: only the command can name it.
export function runAction<Options extends object>(
  command: Command,
  { io, outcome }: Runtime,
  action: (context: CommandContext, options: Options) => Promise<void>,
  { onStop = 'abort' }: ActionRules = {},
): Command {
  return command.action(async (options: Options) => {
    const stop = new StopSource(io);
    const verbose = isVerbose(command, io);
    const context = new CommandContext(io, stop.signal, verbose);
    try {
      const work = action(context, options);
      await (onStop === 'abort' ? Promise.race([work, stop.asRejection()]) : work);
    } catch (error) {
      outcome.exitCode = report(error, context);
    } finally {
      await context.close();
      await stop.outputFlushed();
      stop.release();
    }
    const { outputFailure } = stop;
    if (outputFailure !== null) outcome.exitCode = report(outputFailure, context);
  });
}

function report(error: unknown, context: CommandContext): number {
  const interrupted = interruption(error, context.stop);
  if (interrupted !== null) return interrupted === 'EPIPE' ? ExitCode.DONE : exitCodeOfSignal(interrupted);
  const { exitCode, message } = explainError(error, context.failureContext);
  context.output.note(`error: ${message}`);
  if (context.verbose && error instanceof Error) context.output.note(error.stack ?? String(error));
  return exitCode;
}

/** A command that is being stopped fails in many ways; one of them is no news. */
function interruption(error: unknown, stop: AbortSignal): StopReason | null {
  if (error instanceof InterruptedError) return error.reason;
  const isAbort = error instanceof Error && error.name === 'AbortError';
  return stop.aborted && isAbort ? (stop.reason as StopReason) : null;
}

function isVerbose(command: Command, io: CliIo): boolean {
  const { verbose } = command.optsWithGlobals<{ verbose?: boolean }>();
  const variable = io.env['NEST_KAFKA_DEBUG'] ?? '';
  return verbose === true || (variable !== '' && variable !== '0' && variable !== 'false');
}

/** Whoever has read the output has gone. */
const NO_READER: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

function cannotWrite(cause: NodeJS.ErrnoException): CommandError {
  return new CommandError(
    `Standard output could not be written (${cause.code ?? cause.message}): what was printed is not complete.`,
    { cause },
  );
}

/** Signals and closed outputs, as one abort signal. */
class StopSource {
  private readonly controller = new AbortController();
  private failure: CommandError | null = null;
  /** Listens to signals no more. */
  public readonly release: () => void;

  public constructor(private readonly io: CliIo) {
    const stop = (reason: StopReason): void => this.controller.abort(reason);
    io.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (!NO_READER.has(error.code ?? '')) this.failure ??= cannotWrite(error);
      stop('EPIPE');
    });
    this.release = io.onSignal(stop);
  }

  public get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Why standard output could not be written, other than that nobody reads it any more; null when it could. */
  public get outputFailure(): CommandError | null {
    return this.failure;
  }

  /** Resolves when what was written is on its way, or could not be written. */
  public outputFlushed(): Promise<void> {
    const { stdout } = this.io;
    return new Promise((resolve) => {
      if (stdout.destroyed || !stdout.writable) resolve();
      else stdout.write('', () => setImmediate(resolve));
    });
  }

  /** Rejects when the command is to stop, and never resolves. */
  public asRejection(): Promise<never> {
    return new Promise((_, reject) => {
      const { signal } = this;
      const fail = (): void => reject(new InterruptedError(signal.reason as StopReason));
      if (signal.aborted) fail();
      else signal.addEventListener('abort', fail, { once: true });
    });
  }
}
