import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaTestCluster } from '../../testing/kafka-test-cluster.js';
import { CommandError } from '../common/command-error.js';
import type { CommandContext } from '../common/command-context.js';

/** How soon a broker that has ended is noticed. */
const CHECK_MS = 500;

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
    await stopped(stop, cluster);
  } finally {
    await cluster.stop();
  }
}

/** @throws CommandError when a broker has ended by itself */
async function stopped(stop: AbortSignal, cluster: KafkaTestCluster): Promise<void> {
  const nodeIds = cluster.description.brokers.map(({ nodeId }) => nodeId);
  while (!stop.aborted) {
    const ended = nodeIds.map((nodeId) => cluster.broker(nodeId)).find(({ state }) => state === 'stopped');
    if (ended !== undefined) {
      throw new CommandError(`Broker ${ended.nodeId} is ${ended.describeState()}. Its data goes with it: start again.`);
    }
    await sleep(CHECK_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}
