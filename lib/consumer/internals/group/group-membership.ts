import { setTimeout as sleep } from 'node:timers/promises';
import { BrokerConnectionError } from '../../../wire/connection-errors.js';
import { ErrorCode, lookupErrorCode } from '../../../wire/error-codes.js';
import { KafkaError } from '../../../wire/kafka-error.js';
import { RetryBackoff } from '../../../wire/retry-backoff.js';
import { settledWithin } from '../../../wire/settled-within.js';
import type { GroupMembershipIdentity } from '../../consumer-engine-api.js';
import { Ending } from './ending.js';
import { answerError, GroupFatality, isFatalCode, passingError } from './group-failures.js';
import { GroupJoin, type JoinOutcome } from './group-join.js';
import type { GroupMembershipDependencies, GroupMembershipState } from './group-membership-api.js';
import { GroupRequests } from './group-requests.js';
import { Heartbeat } from './heartbeat.js';
import { TroubleReport } from './trouble-report.js';

/** What was assigned last, until it is given away or lost. */
interface Holding {
  readonly identity: GroupMembershipIdentity;
  readonly isLeader: boolean;
  /** Comes when it is lost, or the membership ends. */
  readonly loss: Ending;
}

/** Refusals in a row that need not wait: a group that never settles must not be asked without a pause. */
const ATTEMPTS_AT_ONCE = 3;
/** A new member's first request is answered at once, with the member id. Nobody should wait long for that when it leaves. */
const FIRST_ANSWER_MS = 1_000;

/**
 * One member of a consumer group, with the eager protocol (Kafka's `AbstractCoordinator`, and the group part of `ConsumerCoordinator`): joins, keeps its session
 * alive, gives its partitions away before it joins again, assigns when it leads. Whatever happens to coordinators and connections, it goes on until it is
 * closed, or is told that it cannot be a member.
 */
export class GroupMembership {
  private readonly requests: GroupRequests;
  private readonly heartbeat: Heartbeat;
  private readonly join: GroupJoin;
  private readonly trouble: TroubleReport;
  private readonly backoff: RetryBackoff;
  private readonly ending = new Ending();
  private current: GroupMembershipState = 'starting';
  private leftStableAt: number | null = Date.now();
  /** Empty until the coordinator has given one. Outlives a generation. */
  private memberId = '';
  /** Of the latest answer to a join. */
  private generationId = -1;
  /** The broker that has last acknowledged this member in this generation. */
  private acknowledgedBy: number | null = null;
  private holding: Holding | null = null;
  /** Why the next join is due; null when none is. */
  private joinReason: string | null = null;
  private isRunning = false;
  private isRetiring = false;
  private attempt: Promise<JoinOutcome> | null = null;
  private leaving: Promise<void> | null = null;

  public constructor(private readonly dependencies: GroupMembershipDependencies) {
    const { coordinator, config, log, events } = dependencies;
    this.requests = new GroupRequests(
      coordinator,
      config,
      () => this.ending.error,
      (generationId, nodeId) => {
        if (generationId === this.generationId) this.acknowledgedBy = nodeId;
      },
    );
    this.trouble = new TroubleReport(log, `group ${config.groupId}`, (error) =>
      this.tell('onTrouble', () => events.onTrouble(error)),
    );
    this.backoff = new RetryBackoff(config.retryBackoffMs, config.retryBackoffMaxMs);
    this.heartbeat = new Heartbeat({
      config,
      send: () => this.sendHeartbeat(),
      onAnswer: (errorCode) => this.heartbeatAnswered(errorCode),
      onFailure: (error) => this.heartbeatFailed(error),
      onExpired: () => this.sessionExpired(),
    });
    this.join = new GroupJoin(
      dependencies,
      this.requests,
      (generationId, memberId) => this.joined(generationId, memberId),
      () => this.heartbeat.stop(),
    );
  }

  public get state(): GroupMembershipState {
    return this.current;
  }

  /** When the state was last `stable`, or the member was made; milliseconds since the epoch, null while it is. */
  public get unstableSince(): number | null {
    return this.leftStableAt;
  }

  /** Under which offsets may be committed now; null while there is no assignment. */
  public get identity(): GroupMembershipIdentity | null {
    return this.holding?.identity ?? null;
  }

  /**
   * The broker that is known to coordinate the group in this generation, or one after it; null while there is none. What others say of committed offsets may be older than
   * the assignment: a broker that was paused while another one was elected goes on as the coordinator until it learns of that.
   */
  public get coordinatorId(): number | null {
    return this.acknowledgedBy;
  }

  /** Whether this member assigns, and so has to look out for changes of all the topics that it was asked to count. */
  public get isLeader(): boolean {
    return this.holding?.isLeader ?? false;
  }

  /** When the coordinator last answered a heartbeat or a join; milliseconds since the epoch, null before the first time. */
  public get lastAnswerAt(): number | null {
    return this.heartbeat.lastAnswerAt;
  }

  /** Joins in the background. */
  public start(): void {
    if (this.current !== 'starting') return;
    this.enter('joining');
    this.requestRejoin('the member starts');
  }

  /**
   * Joins again, because the subscription has changed or, in the leader, metadata has. A join under way is finished first.
   * @param reason for the logs
   */
  public requestRejoin(reason: string): void {
    this.joinReason ??= reason;
    if (this.current !== 'starting') void this.run();
  }

  /** Stays a member while the last offsets are committed: heartbeats go on, and no join follows, whatever the group does. `leave` has to come next. */
  public retire(): void {
    this.isRetiring = true;
  }

  /**
   * Ends the membership, and says so to the coordinator, unless the member is static: that one may come back within its session. Partitions should have been
   * given up by now. Never rejects.
   * @param deadline milliseconds since the epoch
   */
  public leave(deadline: number): Promise<void> {
    this.leaving ??= this.goodbye(deadline);
    return this.leaving;
  }

  /** Ends the membership at once; the coordinator notices when the session is over. */
  public async close(): Promise<void> {
    const error = this.end();
    const { coordinator } = this.dependencies;
    coordinator.close(error);
    coordinator.disconnect(error);
    await this.leaving;
  }

  private enter(state: GroupMembershipState): void {
    this.current = state;
    this.leftStableAt = state === 'stable' ? null : (this.leftStableAt ?? Date.now());
  }

  private end(): KafkaError {
    const error = new KafkaError(`The membership in group ${this.dependencies.config.groupId} has ended.`);
    if (this.current !== 'failed') this.enter('closed');
    this.heartbeat.stop();
    this.ending.come(error);
    this.holding?.loss.come(error);
    this.holding = null;
    return error;
  }

  private async run(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    let refusals = 0;
    try {
      while (this.joinReason !== null && !this.isRetiring && !this.ending.hasCome) {
        await this.prepare(this.joinReason);
        if (this.isRetiring || this.ending.hasCome) return;
        refusals = (await this.attemptJoin()) ? 0 : refusals + 1;
        if (refusals > ATTEMPTS_AT_ONCE || this.trouble.failures > 0) {
          await this.ending.sleep(this.backoff.delay(Math.max(this.trouble.failures, refusals - ATTEMPTS_AT_ONCE)));
        }
      }
    } catch (error) {
      if (!this.ending.hasCome) this.fail(error);
    } finally {
      this.isRunning = false;
    }
  }

  /** The partitions are given away: whoever holds them has until the deadline, and heartbeats go on. */
  private async prepare(reason: string): Promise<void> {
    const { holding } = this;
    if (holding === null) return;
    const { config, events, log } = this.dependencies;
    log.info(`Member ${this.memberId} of group ${config.groupId} joins again: ${reason}.`);
    this.enter('rebalancing');
    const deadline = Date.now() + prepareLimitMs(config);
    const prepared = (async (): Promise<void> => events.onJoinPrepare(deadline))().catch((error: unknown) =>
      log.error(`onJoinPrepare of group ${config.groupId} has failed: ${String(error)}`),
    );
    const isInTime = await holding.loss.settled(prepared, deadline - Date.now()).catch(() => true);
    if (!isInTime) log.warn(`Partitions of group ${config.groupId} were not given up in time; the member joins now.`);
  }

  /** @returns whether the member has got an assignment */
  private async attemptJoin(): Promise<boolean> {
    const reason = this.joinReason;
    // What changes from here on needs another join.
    this.joinReason = null;
    this.holding = null;
    this.heartbeat.stop();
    this.attempt = this.join.attempt(this.memberId, this.generationId, reason);
    void this.attempt.then(
      (ended) => {
        // Also when nobody waits for it any more: whoever leaves has to know the member id.
        if (!ended.joined) this.memberId = ended.memberId;
      },
      () => undefined,
    );
    const outcome = await this.ending.guard(this.attempt).finally(() => (this.attempt = null));
    if (outcome.joined) {
      this.assigned(outcome);
      return true;
    }
    this.heartbeat.stop();
    this.joinReason ??= outcome.reason;
    if (outcome.error !== null) this.trouble.failed(outcome.error);
    return false;
  }

  private joined(generationId: number, memberId: string): void {
    this.memberId = memberId;
    this.generationId = generationId;
    this.acknowledgedBy = null;
    this.ending.check();
    this.heartbeat.start();
  }

  private assigned({ identity, assignor, isLeader, partitions }: Extract<JoinOutcome, { joined: true }>): void {
    const { events, log } = this.dependencies;
    this.heartbeat.start();
    this.trouble.passed();
    if (this.isRetiring) return;
    this.holding = { identity, isLeader, loss: new Ending() };
    this.enter('stable');
    const { groupId, generationId, memberId } = identity;
    log.info(
      `Member ${memberId} of group ${groupId} has ${partitions.length} partitions in generation ${generationId} (${assignor.name}${isLeader ? ', assigned by itself' : ''}).`,
    );
    this.tell('onAssignment', () => assignor.onAssignment?.(partitions, identity));
    this.tell('onAssigned', () => events.onAssigned(partitions, identity));
  }

  private async sendHeartbeat(): Promise<number> {
    const sentAt = Date.now();
    const errorCode = await this.requests.heartbeat(this.generationId, this.memberId);
    this.dependencies.events.onHeartbeat?.(Date.now() - sentAt);
    return errorCode;
  }

  private heartbeatAnswered(errorCode: number): void {
    const { config, log } = this.dependencies;
    if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.REBALANCE_IN_PROGRESS) this.trouble.passed();
    if (errorCode === ErrorCode.NONE) return;
    // Between JoinGroup and SyncGroup the answer to the latter decides.
    if (this.holding === null) return;
    const { name } = lookupErrorCode(errorCode);
    if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) {
      this.requestRejoin('the group rebalances');
      return;
    }
    if (errorCode === ErrorCode.ILLEGAL_GENERATION || errorCode === ErrorCode.UNKNOWN_MEMBER_ID) {
      log.warn(
        `Member ${this.memberId} of group ${config.groupId} has lost its partitions: Heartbeat answered ${name}.`,
      );
      if (errorCode === ErrorCode.UNKNOWN_MEMBER_ID) this.memberId = '';
      this.lose(`Heartbeat answered ${name}`);
      return;
    }
    const error = answerError(errorCode, 'Heartbeat', config);
    if (isFatalCode(errorCode)) this.fail(new GroupFatality(error));
    else this.trouble.failed(error);
  }

  private heartbeatFailed(error: unknown): void {
    try {
      this.trouble.failed(passingError(error, this.dependencies.config));
    } catch (fatality) {
      this.fail(fatality);
    }
  }

  /** The member id is kept: a coordinator that still counts the member to the group need not wait for the end of the old one. */
  private sessionExpired(): void {
    const { config, coordinator, log } = this.dependencies;
    const what = `the coordinator has not answered for ${config.sessionTimeoutMs} ms`;
    log.warn(`Member ${this.memberId} of group ${config.groupId} has lost its partitions: ${what}.`);
    coordinator.disconnect(new BrokerConnectionError(`The session in group ${config.groupId} is over: ${what}.`));
    this.lose('the session was over');
  }

  /** Joins anew, without a revocation: there is nothing to give away. */
  private lose(reason: string): void {
    const { holding } = this;
    if (holding === null) return;
    this.heartbeat.stop();
    this.holding = null;
    this.enter('joining');
    this.tell('onLost', () => this.dependencies.events.onLost());
    holding.loss.come(new KafkaError(reason));
    this.requestRejoin(reason);
  }

  private fail(error: unknown): void {
    if (this.ending.hasCome) return;
    const { events, log, config } = this.dependencies;
    const cause = error instanceof GroupFatality ? error.cause : error;
    const reported = cause instanceof Error ? cause : new Error(String(cause));
    const held = this.holding !== null;
    this.enter('failed');
    this.end();
    log.error(`The membership in group ${config.groupId} has ended: ${reported.message}`);
    if (held) this.tell('onLost', () => events.onLost());
    this.tell('onFatal', () => events.onFatal(reported));
  }

  private async goodbye(deadline: number): Promise<void> {
    const { config, coordinator } = this.dependencies;
    const { attempt } = this;
    const hasFailed = this.current === 'failed';
    const error = this.end();
    if (hasFailed || config.groupInstanceId !== null) return;
    if (attempt !== null) {
      if (this.memberId === '') await settledWithin(attempt, Math.min(FIRST_ANSWER_MS, deadline - Date.now()));
      // A request that waits for others holds up what comes after it.
      coordinator.disconnect(new BrokerConnectionError(error.message, { cause: error }));
    }
    if (this.memberId !== '') await this.sendLeave(deadline);
  }

  private async sendLeave(deadline: number): Promise<void> {
    const { config, log } = this.dependencies;
    for (let failures = 1; Date.now() < deadline; failures++) {
      try {
        const errorCode = await this.requests.leave(this.memberId, 'the consumer is closed', deadline - Date.now());
        const answer = answerError(errorCode, 'LeaveGroup', config);
        if (errorCode === ErrorCode.NONE || !answer.retriable) {
          log.info(`Member ${this.memberId} has left group ${config.groupId} (${lookupErrorCode(errorCode).name}).`);
          return;
        }
      } catch (error) {
        if (!(error instanceof KafkaError && error.retriable)) return;
        log.debug(`LeaveGroup of group ${config.groupId} failed: ${error.message}`);
      }
      await sleep(Math.min(this.backoff.delay(failures), Math.max(0, deadline - Date.now())));
    }
  }

  private tell(name: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.dependencies.log.error(`${name} of group ${this.dependencies.config.groupId} has thrown: ${String(error)}`);
    }
  }
}

/** The coordinator has begun to wait for the members up to one heartbeat before this one is told. */
function prepareLimitMs(config: { readonly maxPollIntervalMs: number; readonly heartbeatIntervalMs: number }): number {
  const { maxPollIntervalMs, heartbeatIntervalMs } = config;
  return Math.max(maxPollIntervalMs - 2 * heartbeatIntervalMs, maxPollIntervalMs / 2);
}
