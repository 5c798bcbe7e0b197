import type { KafkaListenerEvent } from '../../lib/consumer/listener-events.js';
import { SyncCommitStrategy } from '../../lib/consumer/commit/sync-commit.strategy.js';
import type { ConsumerConfig } from '../../lib/consumer/consumer-config.js';
import { ListenerContainer } from '../../lib/consumer/container/listener-container.js';
import { ConsumerEngine } from '../../lib/consumer/internals/consumer-engine.js';
import type { HandlerCall, ListenerDefinition } from '../../lib/consumer/listener-definition.js';
import { resolveConsumerConfig } from '../../lib/consumer/resolve-consumer-config.js';
import type { KafkaClientOptions } from '../../lib/wire/kafka-client-options.js';
import { RecordingLog } from './recording-log.js';

/** How long the end of a test may take to stop its listeners. */
const DISPOSE_MS = 10_000;

export interface TestListenerOptions {
  readonly client: KafkaClientOptions;
  readonly groupId: string;
  readonly topics: readonly (string | RegExp)[];
  readonly handler: (call: HandlerCall) => void | Promise<void>;
  readonly listener?: Partial<ListenerDefinition>;
  readonly config?: Partial<ConsumerConfig>;
  readonly drainTimeoutMs?: number;
}

/** One listener of one group without Nest, on a real broker. `await using` stops it. */
export class TestListener implements AsyncDisposable {
  public readonly log = new RecordingLog();
  public readonly events: KafkaListenerEvent[] = [];
  public readonly container: ListenerContainer;

  public constructor(options: TestListenerOptions) {
    const { client, config, drainTimeoutMs = 5_000, groupId, handler, listener, topics } = options;
    const resolved: ConsumerConfig = {
      ...resolveConsumerConfig().config,
      clientId: groupId,
      groupId,
      autoOffsetReset: 'earliest',
      sessionTimeoutMs: 6_000,
      heartbeatIntervalMs: 200,
      ...config,
    };
    const definition: ListenerDefinition = {
      id: 'listener',
      groupId,
      topics,
      handler: async (call) => handler(call),
      isBatch: false,
      maxBatchRecords: 500,
      concurrency: { unit: 'partition', limit: Number.POSITIVE_INFINITY },
      commitStrategy: new SyncCommitStrategy(),
      recovery: {
        decide: () => ({ action: 'stop' }),
        deadLetter: () => Promise.reject(new Error('no dead letters here')),
      },
      transaction: null,
      instrumentation: null,
      autoStart: true,
      ...listener,
    };
    this.container = new ListenerContainer({
      groupId,
      listeners: [definition],
      config: resolved,
      log: this.log,
      events: (event) => this.events.push(event),
      drainTimeoutMs,
      createEngine: (events) =>
        new ConsumerEngine({ client, config: resolved, log: this.log, events, startTimeoutMs: 10_000 }),
    });
  }

  public static async start(options: TestListenerOptions): Promise<TestListener> {
    const listener = new TestListener(options);
    await listener.container.start();
    return listener;
  }

  /** Of the partitions it has now, by number. */
  public get partitions(): number[] {
    return (this.container.listeners[0]?.status().partitions ?? [])
      .map(({ partition }) => partition)
      .sort((left, right) => left - right);
  }

  public get lag(): number {
    const partitions = this.container.listeners[0]?.status().partitions ?? [];
    return partitions.reduce((total, { lag }) => total + (lag ?? 1), 0);
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    await this.container.close(DISPOSE_MS);
  }
}
