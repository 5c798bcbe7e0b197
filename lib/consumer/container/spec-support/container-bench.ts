import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogSink } from '../../../wire/log-sink.js';
import { SyncCommitStrategy } from '../../commit/sync-commit.strategy.js';
import type { ConsumerConfig } from '../../consumer-config.js';
import type { HandlerCall, ListenerDefinition } from '../../listener-definition.js';
import type { KafkaListenerEvent } from '../../listener-events.js';
import type { FailedRecord, RecoveryDecision, RecoveryPolicy } from '../../recovery/recovery-policy.js';
import { ListenerContainer } from '../listener-container.js';
import { FakeConsumerEngine } from './fake-consumer-engine.js';

const CONFIG = { defaultApiTimeoutMs: 1_000, retryBackoffMs: 1, retryBackoffMaxMs: 5 } as ConsumerConfig;

/** A policy that the test scripts: so many attempts without a delay, then what it says. */
export class FakeRecovery implements RecoveryPolicy {
  public readonly seen: FailedRecord[] = [];
  public readonly deadLetters: FailedRecord[] = [];
  public deadLetterFailures: Error[] = [];

  public constructor(
    private readonly attempts = 3,
    private readonly last: RecoveryDecision['action'] = 'dead-letter',
    private readonly delayMs = 0,
  ) {}

  public decide(failed: FailedRecord): RecoveryDecision {
    this.seen.push(failed);
    if (failed.attempts < this.attempts) return { action: 'retry', delayMs: this.delayMs };
    return this.last === 'retry' ? { action: 'retry', delayMs: this.delayMs } : { action: this.last };
  }

  public deadLetter(failed: FailedRecord): Promise<void> {
    const failure = this.deadLetterFailures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    this.deadLetters.push(failed);
    return Promise.resolve();
  }
}

/** A container over a fake engine. */
export class ContainerBench implements AsyncDisposable {
  public readonly events: KafkaListenerEvent[] = [];
  public readonly container: ListenerContainer;
  public readonly engines: FakeConsumerEngine[] = [];
  public startFailure: Error | null = null;
  /** Engines start only when they are closed. */
  public isUnreachable = false;

  public constructor(listeners: readonly ListenerDefinition[], drainTimeoutMs = 1_000) {
    const log: LogSink = { debug: quiet, info: quiet, warn: quiet, error: quiet };
    this.container = new ListenerContainer({
      groupId: 'group',
      listeners,
      config: CONFIG,
      log,
      events: (event) => this.events.push(event),
      drainTimeoutMs,
      createEngine: (events) => {
        const engine = new FakeConsumerEngine(events);
        engine.startFailure = this.startFailure;
        engine.isUnreachable = this.isUnreachable;
        this.engines.push(engine);
        return engine;
      },
    });
  }

  public static async start(
    listeners: readonly ListenerDefinition[] | ListenerDefinition,
    drainTimeoutMs?: number,
  ): Promise<ContainerBench> {
    const bench = new ContainerBench(Array.isArray(listeners) ? listeners : [listeners], drainTimeoutMs);
    await bench.container.start();
    return bench;
  }

  /** The last one made. */
  public get engine(): FakeConsumerEngine {
    const engine = this.engines.at(-1);
    if (engine === undefined) throw new Error('no engine yet');
    return engine;
  }

  public eventTypes(): string[] {
    return this.events.map(({ type }) => type);
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    await this.container.close(100);
  }
}

export function listener(
  handler: (call: HandlerCall) => void | Promise<void>,
  options: Partial<ListenerDefinition> = {},
): ListenerDefinition {
  return {
    id: 'Listener.handle',
    groupId: 'group',
    topics: ['t'],
    handler: async (call) => handler(call),
    isBatch: false,
    maxBatchRecords: 100,
    concurrency: { unit: 'partition', limit: Number.POSITIVE_INFINITY },
    commitStrategy: new SyncCommitStrategy({ per: 'record' }),
    recovery: new FakeRecovery(),
    transaction: null,
    instrumentation: null,
    autoStart: true,
    ...options,
  };
}

/** Until it is so, for half a second at most. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 2_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${String(condition)}`);
    await nextTurn();
  }
}

export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

function quiet(): void {
  return undefined;
}
