import { KafkaTimeoutError } from './kafka-timeout-error.js';

/**
 * Waits for a promise until a moment in time.
 * @param deadline milliseconds since the epoch
 * @throws KafkaTimeoutError with `what`; the promise itself goes on
 */
export async function withDeadline<T>(promise: Promise<T>, deadline: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new KafkaTimeoutError(`${what} in time.`)), Math.max(0, deadline - Date.now()));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
