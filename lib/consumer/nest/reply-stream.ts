import type { Observable } from 'rxjs';
import type { ReplyPacket } from './reply-publisher.js';
import { subscribeUntil } from './subscribe-until.js';

/** How the values of a handler have ended. */
export type ReplyEnd = { readonly error: unknown } | null;

/**
 * Sends every value of a handler's answer, in order and without waiting for one before the next, and marks the last one. A value that is followed by the end in the same
 * turn carries the mark itself; otherwise the mark comes in a message of its own, as from Nest.
 *
 * @param isForRetry errors that are not for the requester; nothing is sent for them
 * @returns the error of the handler or null, when all messages are stored
 * @throws (as a rejection) what `publish` throws; the reason of the signal
 */
export async function streamReply(
  values: Observable<unknown>,
  publish: (packet: ReplyPacket) => Promise<void>,
  isForRetry: (error: unknown) => boolean,
  signal: AbortSignal,
): Promise<ReplyEnd> {
  const sends: Promise<void>[] = [];
  let waiting: { readonly value: unknown } | null = null;
  const flush = (isDisposed: boolean): void => {
    if (waiting === null) return;
    const { value: response } = waiting;
    waiting = null;
    send({ response, isDisposed });
  };
  const send = (packet: ReplyPacket): void => {
    const sent = publish(packet);
    // Looked at below, perhaps much later.
    sent.catch(() => undefined);
    sends.push(sent);
  };
  const end = await subscribed(
    values,
    signal,
    (value) => {
      flush(false);
      waiting = { value };
      process.nextTick(() => flush(false));
    },
    (end) => {
      if (end === null && waiting !== null) return flush(true);
      flush(false);
      if (end === null || !isForRetry(end.error)) {
        send(end === null ? { isDisposed: true } : { error: { value: end.error }, isDisposed: true });
      }
    },
  );
  await Promise.all(sends);
  return end;
}

/** Waits for the end of an Observable. An error is an end; only the signal rejects. */
function subscribed(
  values: Observable<unknown>,
  signal: AbortSignal,
  onValue: (value: unknown) => void,
  onEnd: (end: ReplyEnd) => void,
): Promise<ReplyEnd> {
  return new Promise((resolve, reject) => {
    const finish = (end: ReplyEnd): void => {
      try {
        onEnd(end);
        resolve(end);
      } catch (error) {
        reject(error);
      }
    };
    subscribeUntil(values, signal, {
      onValue,
      onError: (error) => finish({ error }),
      onEnd: () => finish(null),
      onAborted: reject,
    });
  });
}
