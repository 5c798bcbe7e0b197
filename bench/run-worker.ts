import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { MeasureOf, ParentMessage, Stage, WorkerJob, WorkerMessage } from './worker/job.js';

const WORKER = new URL('./worker/main.js', import.meta.url);
const MEASURE_LIMIT_MS = 15 * 60_000;
const EXIT_LIMIT_MS = 20_000;

export interface RunWorkerOptions {
  /** Of another build; default: of this one. */
  readonly worker?: URL | undefined;
  /** Flags for Node. */
  readonly nodeFlags?: readonly string[];
  /** Does what is due at a stage before the worker goes on. */
  readonly atStage?: (stage: Stage) => Promise<void>;
}

/**
 * Measures in a process of its own and waits for its end.
 * @throws Error with the worker's own error, or when it ends without a result or does not end by itself
 */
export async function runWorker<J extends WorkerJob>(
  job: J,
  options: RunWorkerOptions = {},
): Promise<MeasureOf[J['kind']]> {
  const child = fork(options.worker ?? WORKER, {
    execArgv: [...(options.nodeFlags ?? [])],
    // Standard output is for the results alone.
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const exited = once(child, 'exit');
  try {
    // The worker is asked for the kind that this job is.
    const measure = (await conversation(child, job, options)) as MeasureOf[J['kind']];
    await within(exited, EXIT_LIMIT_MS, `The ${job.kind} worker did not end after its result.`);
    return measure;
  } finally {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await exited;
    }
  }
}

function conversation(child: ChildProcess, job: WorkerJob, options: RunWorkerOptions): Promise<unknown> {
  const say = (message: ParentMessage): boolean => child.send(message);
  const result = new Promise((resolve, reject) => {
    child.on('message', (message) => {
      const told = message as WorkerMessage;
      if (told.type === 'result') resolve(told.measure);
      else if (told.type === 'error') reject(new Error(`The ${job.kind} worker failed: ${told.message}`));
      else
        (options.atStage?.(told.stage) ?? Promise.resolve()).then(
          () => say({ type: 'continue', stage: told.stage }),
          reject,
        );
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`The ${job.kind} worker ended without a result (${signal ?? code}).`)),
    );
  });
  say({ type: 'job', job });
  return within(result, MEASURE_LIMIT_MS, `The ${job.kind} worker gave no result.`);
}

async function within<T>(work: Promise<T>, limitMs: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${message} Limit: ${limitMs} ms.`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
