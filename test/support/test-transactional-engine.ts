import type { ProducerOptions } from '../../lib/producer/producer-options.js';
import { resolveProducerConfig } from '../../lib/producer/resolve-producer-config.js';
import { DefaultKeySerializer } from '../../lib/producer/serializers/default-key.serializer.js';
import { DefaultValueSerializer } from '../../lib/producer/serializers/default-value.serializer.js';
import { TransactionalProducerEngine } from '../../lib/producer/internals/transactional-producer-engine.js';
import type { KafkaClientOptions } from '../../lib/wire/kafka-client-options.js';
import { RecordingLog } from './recording-log.js';

/** How long the end of a test may take to close its producer. */
const DISPOSE_MS = 5_000;

export interface TestTransactionalEngineOptions {
  readonly client: KafkaClientOptions;
  readonly transactionalId: string;
  readonly producer?: ProducerOptions;
}

/** The engine of one transactional id, with the parts that the module would give it. `await using` closes it. */
export class TestTransactionalEngine extends TransactionalProducerEngine implements AsyncDisposable {
  public readonly log: RecordingLog;

  public constructor({ client, transactionalId, producer }: TestTransactionalEngineOptions) {
    const { config } = resolveProducerConfig({ lingerMs: 0, ...producer, transactionalId }, undefined, 0);
    const log = new RecordingLog();
    super({
      config: { ...config, transactionalId },
      client,
      keySerializer: new DefaultKeySerializer(),
      valueSerializer: new DefaultValueSerializer(),
      partitioner: null,
      interceptors: [],
      log,
    });
    this.log = log;
  }

  /** Makes one, starts it and initializes its transactions. */
  public static async start(options: TestTransactionalEngineOptions): Promise<TestTransactionalEngine> {
    const engine = new TestTransactionalEngine(options);
    await engine.start();
    await engine.initTransactions();
    return engine;
  }

  /** One transaction with these records, committed; what fails is thrown without an abort. */
  public async commitRecords(topic: string, values: readonly string[]): Promise<void> {
    this.beginTransaction();
    await Promise.all(values.map((value, index) => this.send({ topic, partition: index, value })));
    await this.commitTransaction();
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    await this.close(DISPOSE_MS);
  }
}
