import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerConnection } from '../broker-connection.js';
import { BrokerResponseError } from '../broker-response-error.js';
import type { ClusterLink } from '../cluster-link.js';
import type { MetadataResponse } from '../cluster-metadata.js';
import { BrokerUnavailableError } from '../connection-errors.js';
import { CoordinatorClient, GROUP_COORDINATOR } from '../coordinator-client.js';
import type { KafkaClientOptions } from '../kafka-client-options.js';
import { KafkaError } from '../kafka-error.js';
import { KafkaTimeoutError } from '../kafka-timeout-error.js';
import { silentLog, type LogSink } from '../log-sink.js';
import { openLink } from '../open-link.js';
import type { ApiDefinition } from '../protocol/api-definition.js';
import { metadataApi } from '../protocol/metadata.js';
import { RetryBackoff } from '../retry-backoff.js';
import { withDeadline } from '../with-deadline.js';

export interface AdminClientOptions {
  readonly client: KafkaClientOptions;
  readonly log?: LogSink;
  /** Milliseconds for one answer. Default 30 000, as Kafka's `request.timeout.ms`. */
  readonly requestTimeoutMs?: number;
  /** Milliseconds for a whole operation with its repetitions. Default 60 000, as Kafka's `default.api.timeout.ms`. */
  readonly apiTimeoutMs?: number;
  /** Milliseconds to open a connection. Default 10 000. */
  readonly connectionSetupTimeoutMs?: number;
}

/** One request of an administrator. */
export interface AdminCall<Request, Response> {
  readonly api: ApiDefinition<Request, Response>;
  readonly request: Request;
  /** The oldest version that will do. */
  readonly minVersion?: number;
  /** The code that decides over the whole answer, 0 where each part tells its own. A retriable one repeats the request. */
  readonly errorCode: (response: Response) => number;
}

const BACKOFF_MS = 50;
const BACKOFF_MAX_MS = 500;

/**
 * Sends administrative requests to the broker that is to answer them: whichever is connected, the controller, the leader of a partition or the coordinator of a group
 * (Kafka's `Admin`). Retriable errors are repeated within `apiTimeoutMs`; a cluster that cannot be reached at all is told at once.
 */
export class AdminClient implements AsyncDisposable {
  private readonly link: ClusterLink;
  private readonly requestTimeoutMs: number;
  private readonly apiTimeoutMs: number;
  private readonly backoff = new RetryBackoff(BACKOFF_MS, BACKOFF_MAX_MS);
  private readonly coordinators = new Map<string, CoordinatorClient>();

  public constructor({ client, log = silentLog, ...limits }: AdminClientOptions) {
    this.requestTimeoutMs = limits.requestTimeoutMs ?? 30_000;
    this.apiTimeoutMs = limits.apiTimeoutMs ?? 60_000;
    const config = {
      clientId: client.clientId ?? 'nest-kafka',
      socketConnectionSetupTimeoutMs: limits.connectionSetupTimeoutMs ?? 10_000,
      connectionsMaxIdleMs: 0,
      reconnectBackoffMs: BACKOFF_MS,
      reconnectBackoffMaxMs: BACKOFF_MAX_MS,
    };
    this.link = openLink({ client, config, log }, () => undefined);
  }

  /**
   * Brokers and topics as one of the brokers knows them. What is wrong with a topic is in its `errorCode`.
   * @param topics null for all
   * @throws BrokerUnavailableError, KafkaAuthenticationError, KafkaTimeoutError
   */
  public async metadata(topics: readonly string[] | null): Promise<MetadataResponse> {
    const response = await this.toAny({
      api: metadataApi,
      request: { topics, allowAutoTopicCreation: false },
      errorCode: () => 0,
    });
    this.link.updateBrokers(response.brokers);
    return response;
  }

  /** Asks any broker. */
  public toAny<Request, Response>(call: AdminCall<Request, Response>): Promise<Response> {
    return this.repeat(call, () => this.link.connectAny());
  }

  /** Asks one broker of the cluster. */
  public toBroker<Request, Response>(nodeId: number, call: AdminCall<Request, Response>): Promise<Response> {
    return this.repeat(call, async () => {
      await this.knowBrokers();
      return this.link.connect(nodeId);
    });
  }

  /** Asks the controller; with KRaft any broker answers as such and passes the request on. */
  public toController<Request, Response>(call: AdminCall<Request, Response>): Promise<Response> {
    return this.repeat(call, async () => {
      const { controllerId } = await this.metadata([]);
      return controllerId < 0 ? this.link.connectAny() : this.link.connect(controllerId);
    });
  }

  /** Asks the coordinator of a group. */
  public async toCoordinator<Request, Response>(
    groupId: string,
    call: AdminCall<Request, Response>,
  ): Promise<Response> {
    await this.knowBrokers();
    return this.coordinator(groupId).call({ ...call, deadline: Date.now() + this.apiTimeoutMs });
  }

  /** Node ids of the brokers that are up. */
  public async brokerIds(): Promise<number[]> {
    await this.metadata([]);
    return [...this.link.knownBrokers].map(({ nodeId }) => nodeId);
  }

  /** Ends the connections; what is under way fails with `error`. */
  public async close(error: Error = new KafkaError('The administrator is closed.')): Promise<void> {
    for (const coordinator of this.coordinators.values()) coordinator.close(error);
    await this.link.close(error);
  }

  public [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async knowBrokers(): Promise<void> {
    if ([...this.link.knownBrokers].length === 0) await this.metadata([]);
  }

  private coordinator(groupId: string): CoordinatorClient {
    const known = this.coordinators.get(groupId);
    if (known !== undefined) return known;
    const coordinator = new CoordinatorClient({
      link: this.link,
      config: { requestTimeoutMs: this.requestTimeoutMs },
      keyType: GROUP_COORDINATOR,
      key: groupId,
      knownBrokers: () => this.link.knownBrokers,
    });
    this.coordinators.set(groupId, coordinator);
    return coordinator;
  }

  private async repeat<Request, Response>(
    call: AdminCall<Request, Response>,
    connect: () => Promise<BrokerConnection>,
  ): Promise<Response> {
    const deadline = Date.now() + this.apiTimeoutMs;
    for (let attempt = 1; ; attempt++) {
      const failure = await this.attempt(call, connect, deadline);
      if (!(failure instanceof Error)) return failure.response;
      if (Date.now() >= deadline) throw overdue(call.api.name, failure);
      await sleep(Math.min(this.backoff.delay(attempt), Math.max(0, deadline - Date.now())));
    }
  }

  /** @returns the answer, or why it is worth another attempt */
  private async attempt<Request, Response>(
    { api, request, minVersion = api.minVersion, errorCode }: AdminCall<Request, Response>,
    connect: () => Promise<BrokerConnection>,
    deadline: number,
  ): Promise<{ readonly response: Response } | Error> {
    try {
      const connection = await withDeadline(connect(), deadline, 'No broker could be reached');
      const timeoutMs = Math.min(this.requestTimeoutMs, Math.max(1, deadline - Date.now()));
      const response = await connection.send({ ...api, minVersion }, request, timeoutMs);
      const code = errorCode(response);
      if (code === 0) return { response };
      const error = new BrokerResponseError(code, { api: api.name });
      if (!error.retriable) throw error;
      return error;
    } catch (error) {
      const isFinal = error instanceof BrokerUnavailableError || !(error instanceof KafkaError && error.retriable);
      if (isFinal) throw error;
      return error;
    }
  }
}

function overdue(api: string, cause: Error): KafkaTimeoutError {
  return new KafkaTimeoutError(`${api} had no success within its limit. Last error: ${cause.message}`, { cause });
}
