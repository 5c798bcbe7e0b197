import { readFileSync } from 'node:fs';

/** Linux counts a process's time in hundredths of a second, whatever the kernel's own tick is (USER_HZ). */
const MICROSECONDS_PER_TICK = 10_000;
const SAMPLE_INTERVAL_MS = 20;
/** Positions after the program's name, which may hold blanks and brackets: the state comes first. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;

/**
 * User and system time in microseconds of all threads so far.
 * @param stat the content of /proc/<pid>/stat
 */
export function parseProcessStat(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME]);
  if (!Number.isFinite(ticks)) throw new RangeError('This is not the content of a /proc/<pid>/stat file.');
  return ticks * MICROSECONDS_PER_TICK;
}

interface Sample {
  readonly at: number;
  readonly microseconds: number;
}

/** Follows the processor time of another process, as far as the system tells it (Linux). */
export class ProcessCpuSampler {
  private readonly samples: Sample[] = [];
  private readonly timer: NodeJS.Timeout;

  public constructor(private readonly pid: number) {
    this.sample();
    this.timer = setInterval(() => this.sample(), SAMPLE_INTERVAL_MS);
  }

  public stop(): void {
    clearInterval(this.timer);
  }

  /**
   * What the process used in a span of time, to about two samples; null when nothing was seen of it.
   * @param from in milliseconds of `performance.now()`
   */
  public usedBetween(from: number, to: number): number | null {
    const before = this.samples.findLast((sample) => sample.at <= from);
    const after = this.samples.findLast((sample) => sample.at <= to);
    return before === undefined || after === undefined ? null : after.microseconds - before.microseconds;
  }

  private sample(): void {
    try {
      const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
      this.samples.push({ at: performance.now(), microseconds: parseProcessStat(stat) });
    } catch {
      // The process is gone, or the system has no /proc: then the figure is missing, not the measurement.
      this.stop();
    }
  }
}
