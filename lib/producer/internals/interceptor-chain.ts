import type { LogSink } from '../../wire/log-sink.js';
import type { ProducerInterceptor } from '../producer-interceptor.js';
import type { ProducerRecord, RecordMetadata } from '../record.js';
import { isThenable, runUserCode } from './user-code.js';

/** Runs the interceptors in order; what one throws is logged and the next gets the last good record (Kafka's `ProducerInterceptors`). */
export class InterceptorChain {
  public constructor(
    private readonly interceptors: readonly ProducerInterceptor[],
    private readonly log: LogSink,
  ) {}

  public get isEmpty(): boolean {
    return this.interceptors.length === 0;
  }

  public onSend(record: ProducerRecord): ProducerRecord {
    let current = record;
    for (const interceptor of this.interceptors) {
      runUserCode(`${interceptor.constructor.name}.onSend`, this.log, () => {
        const next: unknown = interceptor.onSend?.(current);
        if (isThenable(next)) {
          this.log.warn(
            `${interceptor.constructor.name}.onSend gave a promise, which was ignored: it has to be synchronous.`,
          );
          return next;
        }
        current = (next as ProducerRecord | undefined) ?? current;
        return undefined;
      });
    }
    return current;
  }

  public onAcknowledgement(metadata: RecordMetadata, failure: Error | null): void {
    for (const interceptor of this.interceptors) {
      runUserCode(`${interceptor.constructor.name}.onAcknowledgement`, this.log, () =>
        interceptor.onAcknowledgement?.(metadata, failure),
      );
    }
  }
}
