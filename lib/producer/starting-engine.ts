import { Fifo } from '../wire/fifo.js';
import type { LogSink } from '../wire/log-sink.js';
import { copyRecord } from './copy-record.js';
import { BufferExhaustedError, ProducerClosedError } from './errors.js';
import type { ProducerEngineApi, ProducerMetrics, ProducerStatus, TopicDescription } from './producer-engine-api.js';
import { failDelivery } from './fail-delivery.js';
import type { ProducerLimits } from './producer-limits.js';
import type { DeliveryCallback, PartitionInfo, ProducerRecord, RecordMetadata } from './record.js';

/** Until there is an engine there is no `bufferMemory` either, so what waits is counted. */
const MOST_WAITING = 10_000;

interface Waiting {
  go(engine: ProducerEngineApi): void;
  fail(error: Error): void;
}

/**
 * Stands in for the engine until it has started: a provider may send from its constructor or its `onModuleInit`, whichever comes
 * first. The first call asks for the start; what was called meanwhile goes on in its order, or fails with what made the start fail.
 */
export class StartingEngine implements ProducerEngineApi {
  private readonly waiting = new Fifo<Waiting>();
  private failure: Error | null = null;
  /** What has waited is being passed on: some of it is the engine's already. */
  private isHandingOver = false;

  /** @param requestStart must lead to `handOver` or `fail`; called for every call that has to wait */
  public constructor(
    private readonly requestStart: () => void,
    private readonly log: LogSink,
    private readonly limits: ProducerLimits,
  ) {}

  public start(): Promise<void> {
    return this.wait(() => Promise.resolve());
  }

  public send(offered: ProducerRecord): Promise<RecordMetadata> {
    const record = copyRecord(offered);
    return this.wait((engine) => engine.send(record));
  }

  public sendWithCallback(offered: ProducerRecord, callback: DeliveryCallback): void {
    const record = copyRecord(offered);
    this.enqueue({
      go: (engine) => engine.sendWithCallback(record, callback),
      fail: (error) => failDelivery(callback, error, record, this.log),
    });
  }

  public flush(): Promise<void> {
    const isIdle = this.waiting.length === 0 && !this.isHandingOver;
    return isIdle ? Promise.resolve() : this.wait((engine) => engine.flush());
  }

  public close(): Promise<void> {
    this.fail(new ProducerClosedError('The producer is closed: the application is shutting down.'));
    return Promise.resolve();
  }

  public partitionsFor(topic: string): Promise<PartitionInfo[]> {
    return this.wait((engine) => engine.partitionsFor(topic));
  }

  public metrics(): ProducerMetrics {
    return {};
  }

  public status(): ProducerStatus {
    const failed = this.failure instanceof ProducerClosedError ? 'closed' : 'failed';
    return {
      state: this.failure === null ? 'starting' : failed,
      connectedBrokers: 0,
      knownBrokers: 0,
      waitingSends: this.waiting.length,
      oldestRecordAgeMs: 0,
      ...this.limits,
      bufferAvailableBytes: this.limits.bufferTotalBytes,
      metadataAgeMs: null,
      lastError: this.failure?.message ?? null,
    };
  }

  public topicsInUse(): readonly string[] {
    return [];
  }

  public describeTopics(topics: readonly string[], configs: readonly string[]): Promise<readonly TopicDescription[]> {
    return this.wait((engine) => engine.describeTopics(topics, configs));
  }

  /**
   * Passes on, at once and in order, what has waited, and what callbacks of records that fail at once send meanwhile. Right after it, in the same
   * turn, the engine must become the producer's: earlier, those sends would overtake what still waits here.
   */
  public handOver(engine: ProducerEngineApi): void {
    this.isHandingOver = true;
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) next.go(engine);
    this.isHandingOver = false;
  }

  /** Fails what has waited, and everything later. */
  public fail(error: Error): void {
    this.failure ??= error;
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) next.fail(this.failure);
  }

  private wait<T>(call: (engine: ProducerEngineApi) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.enqueue({ go: (engine) => resolve(call(engine)), fail: reject });
    });
  }

  private enqueue(waiting: Waiting): void {
    if (this.failure !== null) return waiting.fail(this.failure);
    if (this.waiting.length >= MOST_WAITING) {
      return waiting.fail(
        new BufferExhaustedError(
          `${MOST_WAITING} calls wait for the producer to start. Send after the application's init(), or less before it.`,
        ),
      );
    }
    this.waiting.push(waiting);
    this.requestStart();
  }
}
