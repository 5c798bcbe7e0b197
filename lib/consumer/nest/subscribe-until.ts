import { setMaxListeners } from 'node:events';
import type { Observable } from 'rxjs';

/** What happens to an Observable; one of the last three, once. */
export interface StreamEvents {
  readonly onValue?: (value: unknown) => void;
  readonly onError: (error: unknown) => void;
  readonly onEnd: () => void;
  readonly onAborted: (reason: unknown) => void;
}

/** Follows an Observable to its end, or until the signal: then it is let go. */
export function subscribeUntil(
  values: Observable<unknown>,
  signal: AbortSignal,
  { onAborted, onEnd, onError, onValue = () => undefined }: StreamEvents,
): void {
  const subscription = values.subscribe({ next: onValue, error: onError, complete: onEnd });
  if (subscription.closed) return;
  const giveUp = (): void => {
    onAborted(signal.reason);
    subscription.unsubscribe();
  };
  if (signal.aborted) return giveUp();
  // One signal may stand for all handlers of a partition, and Node takes more than ten listeners for a leak.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', giveUp, { once: true });
  subscription.add(() => signal.removeEventListener('abort', giveUp));
}
