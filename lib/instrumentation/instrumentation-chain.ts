import type { ProducerRecord } from '../producer/record.js';
import type { LogSink } from '../wire/log-sink.js';
import type { ConsumedRecord } from '../consumer/consumed-record.js';
import type {
  CommitObservation,
  CommitOperation,
  KafkaInstrumentation,
  ObservedConsumers,
  ObservedProducer,
  ProcessObservation,
  ProcessOperation,
  ReceiveOperation,
  SendObservation,
  SendOperation,
  StopObserving,
} from './kafka-instrumentation.js';

/** Of one point, so that an instrumentation that is wrong does not fill the log. */
const LOGGED_AGAIN_AFTER_MS = 10_000;

/**
 * Calls all instrumentations of a module, one inside of the other, the first one outermost. What one of them throws is logged, and records go on. A module without any has no
 * chain, and its hot paths nothing but the look whether there is one.
 */
export class InstrumentationChain {
  /** Settles when they have been made; rejects when one could not be. */
  public readonly loaded: Promise<void>;
  /** Resolves then, either way. */
  public readonly ready: Promise<void>;
  private readonly loggedAt = new Map<string, number>();
  private instrumentations: readonly KafkaInstrumentation[] = [];
  private hasEnded = false;

  /** @param loading nobody waits for it but those who watch, so instrumentations may inject what they watch */
  public constructor(
    loading: Promise<readonly KafkaInstrumentation[]>,
    private readonly log: LogSink,
  ) {
    this.loaded = loading.then((instrumentations) => {
      this.instrumentations = instrumentations;
    });
    // The first to be told: whoever has waited for `ready` comes next, in order, and nobody in between.
    this.ready = this.loaded.then(
      () => undefined,
      () => undefined,
    );
    void this.ready.then(() => {
      this.hasEnded = true;
    });
  }

  /** Whether `ready` has resolved. */
  public get isReady(): boolean {
    return this.hasEnded;
  }

  /** @returns what is sent, and whom to tell of the outcome */
  public sendStarted(operation: SendOperation): SendObservation {
    let { record } = operation;
    const observations: SendObservation[] = [];
    for (const instrumentation of this.instrumentations) {
      const observation = this.guard('sendStarted', () =>
        instrumentation.sendStarted?.({ clientId: operation.clientId, record }),
      );
      if (observation === null || observation === undefined) continue;
      observations.push(observation);
      // One without a record only looks on.
      record = (observation.record as ProducerRecord | undefined) ?? record;
    }
    return {
      record,
      ended: (metadata, error) => {
        for (const observation of observations.toReversed())
          this.guard('sendStarted().ended', () => observation.ended(metadata, error));
      },
    };
  }

  public received(operation: ReceiveOperation): void {
    for (const instrumentation of this.instrumentations)
      this.guard('received', () => instrumentation.received?.(operation));
  }

  public processStarted(operation: ProcessOperation): Required<ProcessObservation> {
    const observations = this.collect('processStarted', (instrumentation) =>
      instrumentation.processStarted?.(operation),
    );
    return {
      run: (work) => this.nest(observations, 'run', work, (observation, inner) => observation.run(inner)),
      runDeadLetter: <T>(record: ConsumedRecord, work: () => Promise<T>) =>
        this.nest(
          observations,
          'runDeadLetter',
          work,
          (observation, inner) => observation.runDeadLetter?.(record, inner) ?? inner(),
        ),
      ended: (error) => {
        for (const observation of observations.toReversed())
          this.guard('processStarted().ended', () => observation.ended(error));
      },
    };
  }

  public commitStarted(operation: CommitOperation): CommitObservation {
    const observations = this.collect('commitStarted', (instrumentation) => instrumentation.commitStarted?.(operation));
    return {
      ended: (error) => {
        for (const observation of observations.toReversed())
          this.guard('commitStarted().ended', () => observation.ended(error));
      },
    };
  }

  public observeProducer(producer: ObservedProducer): StopObserving {
    return this.observe('observeProducer', (instrumentation) => instrumentation.observeProducer?.(producer));
  }

  public observeConsumers(consumers: ObservedConsumers): StopObserving {
    return this.observe('observeConsumers', (instrumentation) => instrumentation.observeConsumers?.(consumers));
  }

  private observe(point: string, call: (instrumentation: KafkaInstrumentation) => StopObserving | void): StopObserving {
    const stops = this.collect(point, (instrumentation) => call(instrumentation) ?? null);
    return () => {
      for (const stop of stops.splice(0)) this.guard(`the end of ${point}`, stop);
    };
  }

  private collect<T>(point: string, call: (instrumentation: KafkaInstrumentation) => T | null | undefined): T[] {
    const results: T[] = [];
    for (const instrumentation of this.instrumentations) {
      const result = this.guard(point, () => call(instrumentation));
      if (result !== null && result !== undefined) results.push(result);
    }
    return results;
  }

  /** Calls `work` once, whatever the observations around it do. */
  private nest<T>(
    observations: readonly ProcessObservation[],
    point: string,
    work: () => Promise<T>,
    around: (observation: ProcessObservation, inner: () => Promise<T>) => Promise<T>,
  ): Promise<T> {
    let begun: Promise<T> | null = null;
    const once = (): Promise<T> => (begun ??= work());
    const all = observations.reduceRight<() => Promise<T>>(
      (inner, observation) => () => this.attempt(point, () => around(observation, inner)) ?? once(),
      once,
    );
    // What is handed on is the promise of the work itself; one that an observation has made of it is nobody's.
    Promise.resolve(all()).catch(() => undefined);
    return once();
  }

  /** What is given back as a promise counts as nothing: nobody waits for it here. */
  private guard<T>(point: string, call: () => T): T | undefined {
    const result = this.attempt(point, call);
    if (!(result instanceof Promise)) return result;
    this.tell(point, new TypeError('it must not be asynchronous'));
    result.catch(() => undefined);
    return undefined;
  }

  private attempt<T>(point: string, call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      this.tell(point, error);
      return undefined;
    }
  }

  private tell(point: string, error: unknown): void {
    const now = Date.now();
    if (now - (this.loggedAt.get(point) ?? 0) < LOGGED_AGAIN_AFTER_MS) return;
    this.loggedAt.set(point, now);
    this.log.error(`An instrumentation has thrown in ${point}; records go on without it: ${String(error)}`);
  }
}
