import { from, isObservable, type Observable } from 'rxjs';

/**
 * What a method has returned, with an Observable run to its end: a cold one only starts its work when it is subscribed to, which would be after the
 * commit otherwise. Its values are kept, and handed on by an Observable that emits them all at once; so it must end, and fit into memory.
 *
 * @param signal ends the subscription when the transaction is given up
 * @throws (as a rejection) what the method or its Observable failed with
 */
export async function completedResult(returned: unknown, signal: AbortSignal): Promise<unknown> {
  const result: unknown = await returned;
  return isObservable(result) ? from(await collect(result, signal)) : result;
}

function collect(observable: Observable<unknown>, signal: AbortSignal): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const values: unknown[] = [];
    const subscription = observable.subscribe({
      next: (value) => void values.push(value),
      error: reject,
      complete: () => resolve(values),
    });
    const giveUp = (): void => {
      subscription.unsubscribe();
      reject(signal.reason);
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    subscription.add(() => signal.removeEventListener('abort', giveUp));
  });
}
