import { SingleBar } from 'cli-progress';
import type { CliOutputStream } from './cli-io.js';

/** How far a long work has come. */
export interface Progress {
  /** @param total what there is to do, if that is better known now */
  update(done: number, total?: number): void;
  /** Takes the bar away. */
  stop(): void;
}

const QUIET: Progress = { update: () => undefined, stop: () => undefined };

/**
 * Shows a bar on a terminal, and nothing elsewhere.
 * @param total what there is to do; 0 where nobody knows: then only what is done is shown
 * @param unit what is counted, in the plural
 */
export function startProgress(stderr: CliOutputStream, total: number, unit: string): Progress {
  if (stderr.isTTY !== true) return QUIET;
  const bar = new SingleBar({
    stream: stderr,
    format: total > 0 ? `{bar} {value} of {total} ${unit}` : `{value} ${unit}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    fps: 10,
  });
  bar.start(total, 0);
  return {
    update: (done, newTotal) => {
      if (newTotal !== undefined) bar.setTotal(newTotal);
      bar.update(done);
    },
    stop: () => bar.stop(),
  };
}
