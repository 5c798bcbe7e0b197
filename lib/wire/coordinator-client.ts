import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { BrokerConnection } from './broker-connection.js';
import { BrokerResponseError } from './broker-response-error.js';
import type { ClusterLink } from './cluster-link.js';
import type { BrokerAddress } from './cluster-metadata.js';
import { BrokerConnectionError, UnsupportedBrokerError } from './connection-errors.js';
import { ErrorCode } from './error-codes.js';
import { KafkaError } from './kafka-error.js';
import type { ApiDefinition } from './protocol/api-definition.js';
import { findCoordinatorApi } from './protocol/find-coordinator.js';
import { KafkaTimeoutError } from './kafka-timeout-error.js';
import { askHedged } from './ask-hedged.js';
import { mergeBrokers } from './merge-brokers.js';
import { RetryBackoff } from './retry-backoff.js';
import { withDeadline } from './with-deadline.js';

/** FindCoordinator's key types. */
export const GROUP_COORDINATOR = 0;
export const TRANSACTION_COORDINATOR = 1;

export interface CoordinatorClientDependencies {
  /** For coordinator traffic alone: a Produce that waits for a slow replica would hold up what stands behind it on its connection. */
  readonly link: ClusterLink;
  readonly config: { readonly requestTimeoutMs: number };
  readonly keyType: typeof GROUP_COORDINATOR | typeof TRANSACTION_COORDINATOR;
  /** The transactional id, or the group id. */
  readonly key: string;
  /** The brokers that metadata knows; none at first. */
  readonly knownBrokers: () => Iterable<BrokerAddress>;
  /** Where to ask for the coordinator, when requests on `link` may wait for long (JoinGroup): nothing gets an answer behind them. Default: `link`. */
  readonly lookUpLink?: ClusterLink;
}

/** One request to a coordinator, sent once. */
export interface CoordinatorRequest<Request, Response> {
  readonly api: ApiDefinition<Request, Response>;
  readonly request: Request;
  /** The oldest version that will do. */
  readonly minVersion?: number;
  readonly errorCode: (response: Response) => number;
  /** For the answer; connecting takes `requestTimeoutMs` at most. */
  readonly timeoutMs: number;
  /** Why the request is no longer wanted, or null. Looked at right before it is sent. */
  readonly cancelled?: () => Error | null;
  /** Which broker has answered, before `once` resolves. */
  readonly onAnswer?: (nodeId: number) => void;
}

/** One request to a coordinator, sent until it has a final answer. */
export interface CoordinatorCall<Request, Response> {
  readonly api: ApiDefinition<Request, Response>;
  readonly request: Request;
  /** The oldest version that will do. */
  readonly minVersion?: number;
  /** The newest version that may be used. */
  readonly maxVersion?: number;
  /** The error code of an answer, 0 for success; of several, the one that decides. */
  readonly errorCode: (response: Response) => number;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** Why the answer is no longer wanted, or null. Looked at between attempts. */
  readonly cancelled?: () => Error | null;
  /**
   * Whether the answer of a broker counts; if not, the request is repeated. One that was paused takes itself for the coordinator until it learns better, and answers
   * what asks without writing from what it knew then. Default: every answer counts.
   */
  readonly accepts?: (nodeId: number) => boolean;
  /** An attempt may have been carried out, and its answer did not tell. */
  readonly onUncertain?: () => void;
  /** The former transaction of the id is not complete yet. */
  readonly onConcurrent?: () => void;
}

/** Where a request goes. */
interface Reached {
  readonly connection: BrokerConnection;
  readonly nodeId: number;
}

/** A call that has not ended. */
interface CallUnderWay {
  readonly api: string;
  readonly startedAt: number;
  attempts: number;
  lastFailure: Error | null;
}

/**
 * The first refusals with CONCURRENT_TRANSACTIONS: the markers of the former transaction are written within a millisecond or two. Asking early is not in vain: a
 * coordinator that nobody asks anything takes up to half a second for the last step (docs/decisions/0002).
 */
const TURNS_BEFORE_SLEEP = 3;
const CONCURRENT_BACKOFF_MAX_MS = 20;
const BACKOFF_MS = 10;
const BACKOFF_MAX_MS = 250;
/** A coordinator that has not answered for so long may be paused, and another one elected meanwhile. */
const LOOK_FOR_ANOTHER_AFTER_MS = 1_000;

const UNREACHED = 'The coordinator could not be reached';

/** Answers after which the coordinator has to be looked up again. */
const MOVED: ReadonlySet<number> = new Set([
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.NETWORK_EXCEPTION,
]);
/** With these a coordinator also answers what it has written to its log without learning whether the replicas have it. */
const PERHAPS_DONE: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_SERVER_ERROR,
  ErrorCode.TRANSACTION_COORDINATOR_FENCED,
  ...MOVED,
]);

/** Talks to the coordinator of one transactional id or one group: finds it, follows it when it moves, and repeats what may be repeated. */
export class CoordinatorClient {
  private readonly backoff = new RetryBackoff(BACKOFF_MS, BACKOFF_MAX_MS);
  private nodeId: number | null = null;
  private finding: Promise<number> | null = null;
  private readonly underWay = new Set<CallUnderWay>();
  private closedBy: Error | null = null;

  public constructor(private readonly dependencies: CoordinatorClientDependencies) {}

  /** The connection that the last call went to, if it is still open: what it offers decides the protocol. */
  public get connection(): BrokerConnection | null {
    return this.nodeId === null ? null : this.dependencies.link.openConnection(this.nodeId);
  }

  /** The calls that have not ended, for an error message. */
  public pending(now: number): string[] {
    return [...this.underWay].map(({ api, attempts, lastFailure, startedAt }) => {
      const failed = lastFailure === null ? '' : `, the last answered with: ${lastFailure.message}`;
      const where = this.connection === null ? 'no connection to its coordinator' : this.connection.address;
      return `${api} for ${this.dependencies.key} (${now - startedAt} ms, ${where}, attempt ${attempts}${failed})`;
    });
  }

  /** For how long the oldest call that has not ended has been under way, in milliseconds; 0 when there is none. */
  public oldestPendingMs(now: number): number {
    const [oldest] = this.underWay;
    return oldest === undefined ? 0 : Math.max(0, now - oldest.startedAt);
  }

  /** No more attempts: calls under way fail with `error`. */
  public close(error: Error): void {
    this.closedBy = error;
  }

  /**
   * Sends a request until it is answered with success or with an error that a repetition cannot mend.
   * @throws BrokerResponseError with that error; KafkaTimeoutError after the deadline; what `cancelled` gives; KafkaAuthenticationError, UnsupportedBrokerError
   */
  public async call<Request, Response>(call: CoordinatorCall<Request, Response>): Promise<Response> {
    const state: CallUnderWay = { api: call.api.name, startedAt: Date.now(), attempts: 0, lastFailure: null };
    this.underWay.add(state);
    try {
      return await this.repeat(call, state);
    } finally {
      this.underWay.delete(state);
    }
  }

  /**
   * Sends a request a single time, for callers with a loop of their own. Where the answer says that the coordinator has moved, and after a failure, the next
   * request looks it up again.
   * @returns the answer, whatever its error code
   * @throws BrokerConnectionError, KafkaTimeoutError, BrokerResponseError when there is no coordinator to be found, KafkaAuthenticationError, UnsupportedBrokerError
   */
  public async once<Request, Response>(call: CoordinatorRequest<Request, Response>): Promise<Response> {
    const { timeoutMs } = call;
    try {
      const limitMs = Math.min(timeoutMs, this.dependencies.config.requestTimeoutMs);
      const reached = await this.connect(Date.now() + limitMs);
      this.throwIfUnwanted(call);
      const response = await this.exchange(reached, call, timeoutMs);
      call.onAnswer?.(reached.nodeId);
      if (MOVED.has(call.errorCode(response))) this.nodeId = null;
      return response;
    } catch (error) {
      if (error instanceof KafkaError && error.retriable) this.nodeId = null;
      throw error;
    }
  }

  /** The next request goes to this broker, which is known to be the coordinator. */
  public prefer(nodeId: number): void {
    this.nodeId = nodeId;
  }

  /** Ends the connection to the coordinator: what waits on it fails with `error`. The next request opens another one. */
  public disconnect(error: Error): void {
    this.connection?.close(error);
  }

  private async repeat<Request, Response>(
    call: CoordinatorCall<Request, Response>,
    state: CallUnderWay,
  ): Promise<Response> {
    let refusals = 0;
    let failures = 0;
    for (;;) {
      state.attempts++;
      const failure = await this.attempt(call);
      if (!(failure instanceof Error)) return failure.response;
      state.lastFailure = failure;
      if (isConcurrent(failure)) {
        call.onConcurrent?.();
        await this.pauseBriefly(++refusals);
      } else await sleep(Math.min(this.backoff.delay(++failures), Math.max(0, call.deadline - Date.now())));
      if (Date.now() >= call.deadline) throw overdue(call.api.name, this.dependencies.key, failure);
    }
  }

  /** @returns the answer, or why it is worth another attempt */
  private async attempt<Request, Response>(
    call: CoordinatorCall<Request, Response>,
  ): Promise<{ readonly response: Response } | Error> {
    try {
      const reached = await this.connect(call.deadline);
      this.throwIfUnwanted(call);
      const response = await this.send(reached, call);
      const code = call.errorCode(response);
      if (code !== 0) return this.refused(code, call);
      if (call.accepts?.(reached.nodeId) === false) return this.refused(ErrorCode.NOT_COORDINATOR, call);
      return { response };
    } catch (error) {
      if (!(error instanceof KafkaError) || !error.retriable) throw error;
      this.nodeId = null;
      this.throwIfUnwanted(call);
      return error;
    }
  }

  private refused<Request, Response>(code: number, { api, onUncertain }: CoordinatorCall<Request, Response>): Error {
    if (PERHAPS_DONE.has(code)) onUncertain?.();
    if (MOVED.has(code)) this.nodeId = null;
    const error = new BrokerResponseError(code, { api: api.name });
    if (!error.retriable) throw error;
    return error;
  }

  private throwIfUnwanted({ cancelled }: Pick<CoordinatorCall<never, never>, 'cancelled'>): void {
    const reason = this.closedBy ?? cancelled?.() ?? null;
    if (reason !== null) throw reason;
  }

  private async send<Request, Response>(reached: Reached, call: CoordinatorCall<Request, Response>): Promise<Response> {
    const { deadline, onUncertain } = call;
    const timeoutMs = Math.min(this.dependencies.config.requestTimeoutMs, Math.max(1, deadline - Date.now()));
    return this.exchange(reached, call, timeoutMs, onUncertain);
  }

  private async exchange<Request, Response>(
    { connection, nodeId }: Reached,
    call: Pick<CoordinatorCall<Request, Response>, 'api' | 'request' | 'minVersion' | 'maxVersion'>,
    timeoutMs: number,
    onUncertain?: () => void,
  ): Promise<Response> {
    const { api, request } = call;
    const version = Math.min(connection.negotiate(api), call.maxVersion ?? api.maxVersion);
    if (version < (call.minVersion ?? api.minVersion)) throw tooOld(connection, api.name, call.minVersion);
    if (!connection.isOpen) throw new BrokerConnectionError(`The connection to ${connection.address} has ended.`);
    const watch = setInterval(() => void this.leaveIfMoved(nodeId), LOOK_FOR_ANOTHER_AFTER_MS);
    try {
      return await connection.send(api, request, timeoutMs, version);
    } catch (error) {
      onUncertain?.();
      throw error;
    } finally {
      clearInterval(watch);
    }
  }

  /** A coordinator is silent: when another one has been elected, the connection is ended, so that the request goes to that one. */
  private async leaveIfMoved(silent: number): Promise<void> {
    try {
      const elected = await this.find();
      if (elected === silent) return;
      this.dependencies.link.disconnect(
        silent,
        new BrokerConnectionError(
          `Broker ${silent} no longer coordinates ${this.dependencies.key}, and does not answer.`,
        ),
      );
    } catch {
      // Nobody knows of another one yet.
    }
  }

  private async connect(deadline: number): Promise<Reached> {
    const { link } = this.dependencies;
    const open = this.connection;
    if (open !== null && this.nodeId !== null) return { connection: open, nodeId: this.nodeId };
    if (this.closedBy !== null) throw this.closedBy;
    const nodeId = this.nodeId ?? (await withDeadline(this.find(), deadline, UNREACHED));
    this.nodeId = nodeId;
    return { connection: await withDeadline(link.connect(nodeId), deadline, UNREACHED), nodeId };
  }

  private find(): Promise<number> {
    this.finding ??= this.lookUp().finally(() => {
      this.finding = null;
    });
    return this.finding;
  }

  private async lookUp(): Promise<number> {
    const { link, key, keyType, config, knownBrokers, lookUpLink = link } = this.dependencies;
    const known = mergeBrokers(link.knownBrokers, [...knownBrokers()]);
    link.updateBrokers(known);
    const found = await askHedged(lookUpLink, (connection) =>
      connection.send(findCoordinatorApi, { key, keyType }, config.requestTimeoutMs),
    );
    const { errorCode, errorMessage, nodeId, host, port } = found;
    if (errorCode !== 0) {
      throw new BrokerResponseError(errorCode, { api: findCoordinatorApi.name, detail: errorMessage });
    }
    link.updateBrokers(mergeBrokers(known, [{ nodeId, host, port, rack: null }]));
    return nodeId;
  }

  /** Timers of Node take a millisecond at least; the first repetitions go without. */
  private async pauseBriefly(refusals: number): Promise<void> {
    if (refusals <= TURNS_BEFORE_SLEEP) await nextTurn();
    else await sleep(Math.min(2 ** (refusals - TURNS_BEFORE_SLEEP - 1), CONCURRENT_BACKOFF_MAX_MS));
  }
}

function isConcurrent(error: Error): boolean {
  return error instanceof BrokerResponseError && error.code === ErrorCode.CONCURRENT_TRANSACTIONS;
}

function tooOld({ address }: BrokerConnection, api: string, version = 0): UnsupportedBrokerError {
  return new UnsupportedBrokerError(
    `The broker ${address} is too old for what was asked of it: it needs ${api} ${version}.`,
  );
}

function overdue(api: string, key: string, cause: Error): KafkaTimeoutError {
  return new KafkaTimeoutError(`${api} for ${key} had no success within its limit. Last error: ${cause.message}`, {
    cause,
  });
}
