import { PassThrough, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { CliIo, StopSignal } from '../../lib/cli/common/cli-io.js';
import { runCli } from '../../lib/cli/run-cli.js';

/** What a run of the command line came to. */
export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliRunOptions {
  /** Standard input; empty by default. */
  readonly input?: string | Iterable<string | Buffer> | Readable;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the outputs are a terminal. Default false. */
  readonly terminal?: boolean;
  /** Gets standard output as it comes, for a reader of the test's own. */
  readonly onStdout?: (chunk: string) => void;
}

/** A run of the command line in this process. */
export interface CliRun {
  readonly result: Promise<CliResult>;
  /** Everything on standard output so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** What a signal to the process would do. */
  readonly signal: (signal: StopSignal) => void;
}

/** Starts a command line in this process, e.g. `startCli(['topics', 'list', '--json'])`. */
export function startCli(args: readonly string[], options: CliRunOptions = {}): CliRun {
  const signals = new Set<(signal: StopSignal) => void>();
  const stdout = collector(options.terminal === true, options.onStdout);
  const stderr = collector(options.terminal === true);
  const io: CliIo = {
    stdin: Object.assign(inputOf(options.input), { isTTY: false }),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: options.env ?? {},
    onSignal: (listener) => {
      signals.add(listener);
      return () => signals.delete(listener);
    },
  };
  const result = runCli(args, io).then((exitCode) => ({ exitCode, stdout: stdout.text(), stderr: stderr.text() }));
  return {
    result,
    stdout: stdout.text,
    stderr: stderr.text,
    signal: (signal) => signals.forEach((listener) => listener(signal)),
  };
}

/** Runs a command line in this process to its end. */
export function cli(args: readonly string[], options: CliRunOptions = {}): Promise<CliResult> {
  return startCli(args, options).result;
}

const MAIN = fileURLToPath(new URL('../../lib/cli/main.ts', import.meta.url));
const LOADER = new URL('./typescript.mjs', import.meta.url).href;

/** What `node` is to be called with to run the command line from its sources, for processes, pipes and shells. */
export const CLI_COMMAND: readonly string[] = [process.execPath, '--import', LOADER, MAIN];

/** Starts the command line in a process of its own, with three pipes. */
export function spawnCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcessWithoutNullStreams {
  const [node = process.execPath, ...rest] = CLI_COMMAND;
  return spawn(node, [...rest, ...args], { env: { ...process.env, ...env } });
}

/** Runs a shell command in which `nest-kafka` is the command line; the exit code is that of the shell (`set -o pipefail`). */
export async function shell(command: string, env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
  const quoted = CLI_COMMAND.map((word) => `'${word}'`).join(' ');
  const script = `set -o pipefail\nnest-kafka() { ${quoted} "$@"; }\n${command}`;
  const child = spawn('bash', ['-c', script], { env: { ...process.env, ...env } });
  child.stdin.end();
  const exited = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { exitCode, stdout, stderr };
}

function inputOf(input: CliRunOptions['input']): Readable {
  if (input instanceof Readable) return input;
  return Readable.from(input === undefined ? [] : typeof input === 'string' ? [input] : input);
}

function collector(
  isTTY: boolean,
  onChunk: (chunk: string) => void = () => undefined,
): { readonly stream: PassThrough & { readonly isTTY: boolean }; readonly text: () => string } {
  let collected = '';
  const stream = Object.assign(new PassThrough(), { isTTY });
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    collected += chunk;
    onChunk(chunk);
  });
  return { stream, text: () => collected };
}
