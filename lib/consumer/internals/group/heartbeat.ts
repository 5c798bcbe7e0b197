import { ErrorCode } from '../../../wire/error-codes.js';
import { RetryBackoff } from '../../../wire/retry-backoff.js';

export interface HeartbeatDependencies {
  readonly config: {
    readonly heartbeatIntervalMs: number;
    readonly sessionTimeoutMs: number;
    readonly retryBackoffMs: number;
    readonly retryBackoffMaxMs: number;
  };
  /** Sends one. @returns the error code of the answer */
  readonly send: () => Promise<number>;
  readonly onAnswer: (errorCode: number) => void;
  readonly onFailure: (error: unknown) => void;
  /** The coordinator has not answered within the session: it has given the partitions to others, or is about to. */
  readonly onExpired: () => void;
}

/** Answers after which the coordinator counts the session anew. */
const SIGNS_OF_LIFE: ReadonlySet<number> = new Set([ErrorCode.NONE, ErrorCode.REBALANCE_IN_PROGRESS]);

/** Sends heartbeats on a timer of its own, whatever else goes on, and watches the session (Kafka's `Heartbeat` and its thread). */
export class Heartbeat {
  private readonly backoff: RetryBackoff;
  private timer: NodeJS.Timeout | undefined;
  private expiry: NodeJS.Timeout | undefined;
  private recheck: NodeJS.Immediate | undefined;
  /** Which start; null when stopped. What belongs to a former one is not looked at. */
  private round: symbol | null = null;
  private sessionEndsAt = 0;
  private failures = 0;
  private answeredAt: number | null = null;

  public constructor(private readonly dependencies: HeartbeatDependencies) {
    const { retryBackoffMs, retryBackoffMaxMs } = dependencies.config;
    this.backoff = new RetryBackoff(retryBackoffMs, retryBackoffMaxMs);
  }

  /** When the coordinator last answered in the way of a member; milliseconds since the epoch, null before the first time. */
  public get lastAnswerAt(): number | null {
    return this.answeredAt;
  }

  /** The coordinator has just answered this member: its session begins. */
  public start(): void {
    this.stop();
    const round = Symbol('heartbeats');
    this.round = round;
    this.failures = 0;
    this.alive(Date.now(), round);
    this.schedule(this.dependencies.config.heartbeatIntervalMs, round);
  }

  /** None is sent from now on, and the session is not watched: the coordinator does not expect any while it owes an answer to a join. */
  public stop(): void {
    this.round = null;
    clearTimeout(this.timer);
    clearTimeout(this.expiry);
    clearImmediate(this.recheck);
  }

  private schedule(delayMs: number, round: symbol): void {
    this.timer = setTimeout(() => void this.beat(round), Math.max(0, delayMs));
  }

  private async beat(round: symbol): Promise<void> {
    const { send, onAnswer, onFailure, config } = this.dependencies;
    const sentAt = Date.now();
    let waitMs = config.heartbeatIntervalMs;
    try {
      const errorCode = await send();
      if (round !== this.round) return;
      if (SIGNS_OF_LIFE.has(errorCode)) {
        this.failures = 0;
        this.alive(sentAt, round);
      } else waitMs = this.waitAfterFailure();
      onAnswer(errorCode);
    } catch (error) {
      if (round !== this.round) return;
      waitMs = this.waitAfterFailure();
      onFailure(error);
    }
    if (round === this.round) this.schedule(waitMs - (Date.now() - sentAt), round);
  }

  private waitAfterFailure(): number {
    return Math.min(this.backoff.delay(++this.failures), this.dependencies.config.heartbeatIntervalMs);
  }

  /** @param sentAt when the request left: the coordinator cannot have counted from earlier on */
  private alive(sentAt: number, round: symbol): void {
    this.answeredAt = Date.now();
    this.sessionEndsAt = sentAt + this.dependencies.config.sessionTimeoutMs;
    this.watch(round, this.sessionEndsAt);
  }

  private watch(round: symbol, endsAt: number): void {
    clearTimeout(this.expiry);
    this.expiry = setTimeout(
      () => {
        // When the event loop stood still, the answer may be there and not read yet: it is, before the next turn.
        this.recheck = setImmediate(() => this.expireUnlessAlive(round, endsAt));
      },
      Math.max(1, endsAt - Date.now()),
    );
  }

  private expireUnlessAlive(round: symbol, endsAt: number): void {
    if (round !== this.round || this.sessionEndsAt !== endsAt) return;
    // A timer may fire a little early by the clock.
    if (Date.now() < endsAt) {
      this.watch(round, endsAt);
      return;
    }
    this.stop();
    this.dependencies.onExpired();
  }
}
