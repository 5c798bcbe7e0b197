import type { ProducerInterceptor } from '../../lib/producer/producer-interceptor.js';
import type { ProducerConfig } from '../../lib/producer/producer-config.js';
import type { ProducerOptions } from '../../lib/producer/producer-options.js';
import { ProducerEngine } from '../../lib/producer/internals/producer-engine.js';
import { resolveProducerConfig } from '../../lib/producer/resolve-producer-config.js';
import { DefaultKeySerializer } from '../../lib/producer/serializers/default-key.serializer.js';
import { DefaultValueSerializer } from '../../lib/producer/serializers/default-value.serializer.js';
import type { KafkaClientOptions } from '../../lib/wire/kafka-client-options.js';
import { RecordingLog } from './recording-log.js';

/** How long the end of a test may take to close its producer. */
const DISPOSE_MS = 5_000;

export interface TestEngineOptions {
  readonly client: KafkaClientOptions;
  readonly producer?: ProducerOptions;
  /** Default: a generated one. */
  readonly clientId?: string;
  /** Default 10 000. */
  readonly startTimeoutMs?: number;
  readonly interceptors?: readonly ProducerInterceptor[];
}

/** An engine with the parts that the module would give it, and the lines it has logged. `await using` closes it. */
export class TestEngine extends ProducerEngine implements AsyncDisposable {
  public readonly config: ProducerConfig;
  public readonly log: RecordingLog;

  public constructor({ client, producer, clientId, startTimeoutMs = 10_000, interceptors = [] }: TestEngineOptions) {
    const { config } = resolveProducerConfig(producer, clientId, startTimeoutMs);
    const log = new RecordingLog();
    super({
      config,
      client,
      keySerializer: new DefaultKeySerializer(),
      valueSerializer: new DefaultValueSerializer(),
      partitioner: null,
      interceptors,
      log,
    });
    this.config = config;
    this.log = log;
  }

  /** Makes one and starts it. */
  public static async start(options: TestEngineOptions): Promise<TestEngine> {
    const engine = new TestEngine(options);
    await engine.start();
    return engine;
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    await this.close(DISPOSE_MS);
  }
}
