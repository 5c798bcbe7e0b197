import type { ProducerConfig } from '../../producer/producer-config.js';
import type { ProducerEngineApi, ProducerEngineDependencies } from '../../producer/producer-engine-api.js';
import { ProducerEngineFactory } from '../../producer/producer-engine.factory.js';
import type { ProducerOptions } from '../../producer/producer-options.js';
import { isBuiltInPartitioner } from '../../producer/partitioners/is-built-in-partitioner.js';
import type { Partitioner } from '../../producer/partitioners/partitioner.js';
import { resolveProducerConfig } from '../../producer/resolve-producer-config.js';
import { BufferSerializer } from '../../producer/serializers/buffer.serializer.js';
import type { TransactionalEngineApi } from '../../producer/transactional-engine-api.js';
import type { CommandContext } from '../common/command-context.js';
import type { ConnectionSettings } from '../common/connection-options.js';
import { commandLog } from './command-log.js';

/** How long the end of a command may take to deliver what was accepted. */
const CLOSE_TIMEOUT_MS = 30_000;
const START_TIMEOUT_MS = 10_000;

/** What a command sends with. */
export interface OpenProducer<Engine extends ProducerEngineApi = ProducerEngineApi> {
  readonly engine: Engine;
  readonly config: ProducerConfig;
}

/**
 * Starts a producer of bytes with the settings of the properties and of the command; it is closed when the run ends.
 * @throws ConfigError; BrokerUnavailableError; KafkaAuthenticationError
 */
export async function openProducer(
  context: CommandContext,
  connection: ConnectionSettings,
  options: ProducerOptions,
): Promise<OpenProducer> {
  const { config, dependencies } = prepare(context, connection, { ...options, transactionalId: undefined });
  const engine = new ProducerEngineFactory().create({ ...dependencies, config });
  await start(context, engine);
  return { engine, config };
}

/**
 * Starts the producer of one transactional id and gets its epoch: whoever had the id before is fenced, and what it left open aborted.
 * @throws as `openProducer`; KafkaTimeoutError; ProducerFatalError
 */
export async function openTransactionalProducer(
  context: CommandContext,
  connection: ConnectionSettings,
  options: ProducerOptions & { readonly transactionalId: string },
): Promise<OpenProducer<TransactionalEngineApi>> {
  const { transactionalId } = options;
  context.about({ transactionalId });
  const { config, dependencies } = prepare(context, connection, options);
  const engine = new ProducerEngineFactory().createTransactional({
    ...dependencies,
    config: { ...config, transactionalId },
  });
  await start(context, engine);
  await engine.initTransactions();
  return { engine, config };
}

async function start(context: CommandContext, engine: ProducerEngineApi): Promise<void> {
  // Without patience when the run is being given up: what is accepted may not be wanted any more.
  context.defer(() => engine.close(context.stop.aborted ? 0 : CLOSE_TIMEOUT_MS));
  await engine.start();
}

function prepare(
  context: CommandContext,
  { client, producer }: ConnectionSettings,
  options: ProducerOptions,
): { readonly config: ProducerConfig; readonly dependencies: Omit<ProducerEngineDependencies, 'config'> } {
  const settings = { ...producer, ...options };
  const { config, warnings } = resolveProducerConfig(settings, client.clientId, START_TIMEOUT_MS);
  for (const warning of warnings) context.output.warn(warning);
  const serializer = new BufferSerializer();
  const partitioner = partitionerOf(settings.partitioner);
  return {
    config,
    dependencies: {
      client,
      keySerializer: serializer,
      valueSerializer: serializer,
      partitioner,
      interceptors: [],
      log: commandLog(context),
    },
  };
}

/** A properties file can only name one of ours, which needs nothing to be made. */
function partitionerOf(given: ProducerOptions['partitioner']): Partitioner | null {
  if (given === undefined || given === null || isBuiltInPartitioner(given)) return null;
  return typeof given === 'function' ? new given() : given;
}
