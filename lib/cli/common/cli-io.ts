import type { Readable, Writable } from 'node:stream';

/** A signal that asks a command to end. */
export type StopSignal = 'SIGINT' | 'SIGTERM';

/** An output, and whether somebody looks at it. */
export type CliOutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Everything a command has of the world outside: the process's, or a test's. */
export interface CliIo {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: CliOutputStream;
  readonly stderr: CliOutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Tells of the first signal; a second one then ends the process at once.
   * @returns how to listen no more
   */
  readonly onSignal: (listener: (signal: StopSignal) => void) => () => void;
}

/** The streams, the environment and the signals of this process. */
export function processIo(): CliIo {
  const { stdin, stdout, stderr, env } = process;
  return { stdin, stdout, stderr, env, onSignal: onProcessSignal };
}

function onProcessSignal(listener: (signal: StopSignal) => void): () => void {
  const listenNoMore = (): void => {
    process.off('SIGINT', first);
    process.off('SIGTERM', first);
  };
  const first = (signal: NodeJS.Signals): void => {
    listenNoMore();
    listener(signal === 'SIGTERM' ? 'SIGTERM' : 'SIGINT');
  };
  process.on('SIGINT', first);
  process.on('SIGTERM', first);
  return listenNoMore;
}
