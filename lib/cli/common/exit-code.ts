import type { StopSignal } from './cli-io.js';

/** How commands end, for scripts; the guide "Use the command line" lists them. */
export const ExitCode = {
  /** Everything asked for is done. */
  DONE: 0,
  /** The work has failed, or a part of it. */
  FAILED: 1,
  /** Wrong options, arguments or properties: nothing was asked of the cluster. */
  USAGE: 2,
} as const;

/** 128 and the number of the signal, as shells tell it. */
export function exitCodeOfSignal(signal: StopSignal): number {
  return signal === 'SIGINT' ? 130 : 143;
}
