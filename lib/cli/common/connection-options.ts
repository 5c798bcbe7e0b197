import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import {
  fromKafkaProperties,
  type KafkaPropertiesOptions,
} from '../../producer/kafka-properties/from-kafka-properties.js';
import { parseProperties } from '../../producer/kafka-properties/parse-properties.js';
import { InvalidBootstrapServersError, parseBootstrapServers } from '../../wire/bootstrap-servers.js';
import { messageOf } from '../../wire/message-of.js';
import type { CliIo } from './cli-io.js';
import { collectPairs } from './option-values.js';
import { UsageError } from './usage-error.js';

/** The options of `addConnectionOptions`, as commander hands them over. */
export interface ConnectionOptions {
  readonly bootstrapServer?: string;
  /** A properties file, where `--config` means that. */
  readonly config?: unknown;
  readonly commandConfig?: string;
  /** Of `--command-property`, where the command has it. */
  readonly commandProperty?: Readonly<Record<string, string>>;
}

/** How to reach the cluster, and what else the properties say. */
export interface ConnectionSettings extends KafkaPropertiesOptions {
  /** For messages: `host:port,...` */
  readonly address: string;
  /** All properties by Kafka's names, from the file and `--command-property`; the brokers and those of `--bootstrap-server` are in `client`. */
  readonly properties: Readonly<Record<string, string>>;
}

/** What `--config` means: the client's properties file, or as in kafka-topics a setting of the topic. */
export type ConfigMeaning = 'file' | 'topic-setting';

/** How Kafka's settings are written. */
const PROPERTY_NAME = /^[A-Za-z][\w.-]*$/;

const NO_SERVER =
  'No broker is named: give --bootstrap-server host:port, set KAFKA_BROKERS, or put bootstrap.servers into the --command-config file. ' +
  'To start one here: nest-kafka broker up';

/**
 * Adds the options that every command has which talks to a cluster: `--bootstrap-server`, `--command-config` and its short form `--config`.
 * @param config what `--config` means for this command; with `topic-setting` it is not added here
 */
export function addConnectionOptions(command: Command, config: ConfigMeaning = 'file'): Command {
  command
    .option('--bootstrap-server <host:port,...>', 'brokers to begin with (default: the variable KAFKA_BROKERS)')
    .option(
      '--command-config <file>',
      "a Java client's properties file: bootstrap.servers, security.protocol, sasl.*, ...",
    );
  if (config === 'file') command.option('--config <file>', 'the same as --command-config');
  return command;
}

/** Adds `--command-property name=value`, for a setting without a file; it wins over the file. */
export function addPropertyOption(command: Command): Command {
  return command.addOption(
    new Option('--command-property <name=value>', "a setting by Kafka's name; may be repeated").argParser(collectPairs),
  );
}

/**
 * Reads the properties and the addresses. An option wins over `--command-property`, that over the file, and the variable KAFKA_BROKERS
 * counts where nothing else names a broker.
 * @param warn where unknown names and settings without effect are told, once
 * @throws UsageError naming the file or the option
 */
export function readConnection(
  options: ConnectionOptions,
  io: Pick<CliIo, 'env'>,
  warn: (text: string) => void,
): ConnectionSettings {
  const file = propertiesFile(options);
  const properties = { ...(file === undefined ? {} : readProperties(file)), ...options.commandProperty };
  const settings = understood(properties, file);
  for (const warning of settings.warnings) warn(file === undefined ? warning : `${file}: ${warning}`);
  const brokers = chooseBrokers(options, settings.client.brokers, io.env['KAFKA_BROKERS']);
  return { ...settings, client: { ...settings.client, brokers }, address: brokers.join(','), properties };
}

function propertiesFile({ commandConfig, config }: ConnectionOptions): string | undefined {
  const short = typeof config === 'string' ? config : undefined;
  if (commandConfig !== undefined && short !== undefined) {
    throw new UsageError('--config and --command-config are the same option: give one of them.');
  }
  return commandConfig ?? short;
}

function readProperties(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(
      `The properties file ${file} cannot be read: ${reasonOf(cause)}. Check the path after --config.`,
      {
        cause,
      },
    );
  }
  try {
    const properties = parseProperties(text);
    // What it holds is not told: another file was meant, and this one may hold secrets.
    if (Object.keys(properties).some((name) => !PROPERTY_NAME.test(name))) {
      throw new UsageError('it holds lines that are no name=value of a Kafka client.');
    }
    return properties;
  } catch (cause) {
    throw new UsageError(`The properties file ${file} is malformed: ${messageOf(cause)}`, { cause });
  }
}

function understood(properties: Readonly<Record<string, string>>, file: string | undefined): KafkaPropertiesOptions {
  try {
    return fromKafkaProperties(properties);
  } catch (cause) {
    throw new UsageError(`${file ?? '--command-property'}: ${messageOf(cause)}`, { cause });
  }
}

function chooseBrokers(
  { bootstrapServer }: ConnectionOptions,
  ofProperties: unknown,
  variable: string | undefined,
): string[] {
  if (bootstrapServer !== undefined) return checked('--bootstrap-server', bootstrapServer.split(','));
  if (Array.isArray(ofProperties) && ofProperties.length > 0) {
    return checked('bootstrap.servers', ofProperties.map(String));
  }
  if (variable !== undefined && variable.trim() !== '') return checked('KAFKA_BROKERS', variable.split(','));
  throw new UsageError(NO_SERVER);
}

function checked(source: string, brokers: readonly string[]): string[] {
  const given = brokers.map((broker) => broker.trim()).filter((broker) => broker !== '');
  try {
    parseBootstrapServers(given);
    return given;
  } catch (cause) {
    if (!(cause instanceof InvalidBootstrapServersError)) throw cause;
    throw new UsageError(`${source} is '${brokers.join(',')}': give host:port, several parted by commas.`, { cause });
  }
}

function reasonOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EISDIR') return 'it is a directory';
  return messageOf(error);
}
