import { KafkaError } from './kafka-error.js';

export interface BootstrapAddress {
  readonly host: string;
  readonly port: number;
}

/** The broker list cannot be read (Kafka's `ConfigException` for `bootstrap.servers`). */
export class InvalidBootstrapServersError extends KafkaError {}

/**
 * Reads `host:port`, `[IPv6]:port`, with surrounding blanks.
 * @throws InvalidBootstrapServersError naming the entry
 */
export function parseBootstrapServers(brokers: readonly string[]): BootstrapAddress[] {
  if (!Array.isArray(brokers) || brokers.length === 0) {
    throw new InvalidBootstrapServersError(
      "client.brokers is empty. Give at least one address, e.g. ['127.0.0.1:9092'].",
    );
  }
  return brokers.map(parseAddress);
}

function parseAddress(entry: unknown): BootstrapAddress {
  const match = typeof entry === 'string' ? /^\s*(?:\[([^\]]+)\]|([^\s:,]+)):(\d{1,5})\s*$/.exec(entry) : null;
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port > 0 && port < 65_536)) {
    throw new InvalidBootstrapServersError(
      `client.brokers holds ${JSON.stringify(entry) ?? typeof entry}. Each entry must be host:port, e.g. '127.0.0.1:9092'.`,
    );
  }
  return { host, port };
}
