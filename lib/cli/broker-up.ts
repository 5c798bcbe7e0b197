import { KafkaTestCluster } from '../testing/index.js';

export interface BrokerUpOptions {
  readonly brokers: '1' | '3';
  readonly kafkaVersion?: string;
}

/** Runs a cluster until the process is asked to end. */
export async function brokerUp(options: BrokerUpOptions): Promise<void> {
  process.stderr.write('Starting Kafka ...\n');
  const cluster = await KafkaTestCluster.start({
    brokers: options.brokers === '3' ? 3 : 1,
    ...(options.kafkaVersion === undefined ? {} : { kafkaVersion: options.kafkaVersion }),
  });
  process.stdout.write(`${cluster.bootstrapServers().join(',')}\n`);
  process.stderr.write('Kafka is ready. Ctrl-C ends it.\n');
  await new Promise<void>((resolve) => {
    const keepAlive = setInterval(() => undefined, 60_000);
    const end = (): void => {
      clearInterval(keepAlive);
      resolve();
    };
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
  });
  await cluster.stop();
}
