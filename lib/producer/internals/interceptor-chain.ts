import type { LogSink } from '../../wire/log-sink.js';
import type { ProducerInterceptor } from '../producer-interceptor.js';
import type { ProducerRecord, RecordMetadata } from '../record.js';

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
      try {
        current = interceptor.onSend?.(current) ?? current;
      } catch (error) {
        this.logFailure(interceptor, 'onSend', error);
      }
    }
    return current;
  }

  public onAcknowledgement(metadata: RecordMetadata, failure: Error | null): void {
    for (const interceptor of this.interceptors) {
      try {
        interceptor.onAcknowledgement?.(metadata, failure);
      } catch (error) {
        this.logFailure(interceptor, 'onAcknowledgement', error);
      }
    }
  }

  private logFailure(interceptor: ProducerInterceptor, method: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.log.warn(`${interceptor.constructor.name}.${method} threw and was ignored: ${message}`);
  }
}
