import { KafkaError } from '../wire/kafka-error.js';

/** One way to get a broker that was tried, and why it did not work. */
export interface ProviderProbe {
  /** `KAFKA_BROKERS`, `Java`, `Kafka jars` or `Docker`. */
  readonly provider: string;
  readonly result: string;
}

/** No broker can be had on this machine. `probes` says what was tried, so that a suite may skip instead of fail. */
export class KafkaTestClusterUnavailableError extends KafkaError {
  public readonly probes: readonly ProviderProbe[];

  public constructor(kafkaVersion: string, minimumJava: number, probes: readonly ProviderProbe[]) {
    const tried = probes.map(({ provider, result }) => `${provider} (${result})`).join('; ');
    super(
      `No Kafka broker available. Tried: ${tried}. Three ways out: ` +
        `set KAFKA_BROKERS=host:port to use a running broker; ` +
        `install Java ${minimumJava} or newer together with Maven (or set KAFKA_HOME to an unpacked Kafka ${kafkaVersion}); ` +
        `or start Docker.`,
    );
    this.probes = probes;
  }
}

/** The brokers were started but did not become ready. The message names the step, the last warnings and where the logs are. */
export class KafkaTestClusterStartError extends KafkaError {}

/** The cluster belongs to somebody else, so its brokers cannot be killed, paused or restarted from here. */
export class FaultNotSupportedError extends KafkaError {
  public constructor(operation: string) {
    super(
      `${operation} needs a cluster started by KafkaTestCluster; this one was given by KAFKA_BROKERS or bootstrapServers. ` +
        'Unset it to let the tests start their own brokers.',
    );
  }
}
