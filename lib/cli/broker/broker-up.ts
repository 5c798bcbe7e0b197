import { KafkaTestCluster } from '../../testing/kafka-test-cluster.js';
import type { CommandContext } from '../common/command-context.js';

export interface BrokerUpOptions {
  readonly brokers: '1' | '3';
  readonly kafkaVersion?: string;
  readonly json?: boolean;
}

/** Runs a cluster until the process is asked to end. */
export async function brokerUp(
  { output, log, stop, verbose }: CommandContext,
  { brokers, json, kafkaVersion }: BrokerUpOptions,
): Promise<void> {
  output.note('Starting Kafka ...');
  const cluster = await KafkaTestCluster.start({
    brokers: brokers === '3' ? 3 : 1,
    // What KAFKA_BROKERS names runs already: this is about a cluster of one's own.
    bootstrapServers: [],
    ...(kafkaVersion === undefined ? {} : { kafkaVersion }),
    ...(verbose ? { log } : {}),
  });
  try {
    const servers = cluster.bootstrapServers();
    await (json === true ? output.json({ bootstrapServers: servers }) : output.line(servers.join(',')));
    output.note('Kafka is ready. Ctrl-C ends it.');
    await stopped(stop);
  } finally {
    await cluster.stop();
  }
}

function stopped(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const keepAlive = setInterval(() => undefined, 60_000);
    const end = (): void => {
      clearInterval(keepAlive);
      resolve();
    };
    if (stop.aborted) end();
    else stop.addEventListener('abort', end, { once: true });
  });
}
