import { SingleBar } from 'cli-progress';
import type { ReplayProgress } from './replay.service.js';

/** Shows a bar while the work goes on; nothing where standard error is no terminal. */
export async function withProgressBar<T>(total: number, work: (onProgress: ReplayProgress) => Promise<T>): Promise<T> {
  const bar = new SingleBar({
    format: '{bar} {value} of {total} flights acknowledged',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    formatValue: (value, _options, type) =>
      type === 'value' || type === 'total' ? value.toLocaleString('en') : `${value}`,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0);
  try {
    return await work((acknowledged) => bar.update(acknowledged));
  } finally {
    bar.stop();
  }
}
