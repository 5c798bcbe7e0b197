import type { LogSink } from '../../wire/log-sink.js';
import { messageOf } from '../../wire/message-of.js';
import { ANSWERABLE_APIS, errorAnswerFor, errorAnswerOf } from './error-answers/index.js';
import type { ErrorTarget } from './error-answers/error-answer.js';
import { isTargeted } from './error-answers/error-answer.js';
import type { ErrorAction, FaultAction, FaultDefinition, FaultPhase } from './fault.js';
import { FaultProxyError } from './fault-proxy-error.js';
import { apiKeyOf, apiNameOf } from './kafka-api.js';
import type { KafkaFrame } from './kafka-frame.js';

interface Waiter {
  readonly count: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Whether an action answers with an error code. */
export function isErrorAction(action: FaultAction): action is ErrorAction {
  return typeof action === 'object' && 'errorCode' in action;
}

/** A fault in force, as {@link FaultProxy.on} returns it. */
export class FaultRule {
  private readonly definition: FaultDefinition;
  private readonly apiKey: number | undefined;
  private readonly nth: number;
  private readonly times: number;
  private readonly log: LogSink;
  private readonly onRemove: (rule: FaultRule) => void;
  private readonly waiters = new Set<Waiter>();
  private matched = 0;
  private fired = 0;
  private ended: Error | undefined;

  /** @internal Use {@link FaultProxy.on}. */
  public constructor(definition: FaultDefinition, log: LogSink, onRemove: (rule: FaultRule) => void) {
    this.definition = definition;
    this.apiKey = definition.api === undefined ? undefined : apiKeyOf(definition.api);
    this.nth = definition.nth ?? 1;
    this.times = definition.times ?? 1;
    this.log = log;
    this.onRemove = onRemove;
    if (!(this.nth >= 1)) throw new FaultProxyError(`nth counts from 1, got ${this.nth}.`);
    if (!(this.times >= 1)) throw new FaultProxyError(`times must be at least 1, got ${this.times}.`);
    if (isErrorAction(definition.action)) this.checkErrorAction(definition.action);
  }

  /** How often it has fired. */
  public get count(): number {
    return this.fired;
  }

  /** How many frames it has matched, those before the n-th included. */
  public get matches(): number {
    return this.matched;
  }

  /**
   * Resolves once the rule has fired `count` times; a delayed frame counts when it is taken hold of.
   *
   * @throws FaultProxyError if that can no longer happen: the rule was removed or healed away, the proxy closed, `match` threw,
   * or the request came in a version whose answer the proxy cannot write.
   */
  public triggered(count = 1): Promise<void> {
    if (this.fired >= count) return Promise.resolve();
    const promise = new Promise<void>((resolve, reject) => {
      if (count > this.times)
        reject(new FaultProxyError(`${this.describe()} fires ${this.times} times, never ${count}.`));
      else if (this.ended) reject(this.ended);
      else this.waiters.add({ count, resolve, reject });
    });
    // Whoever awaits the promise still gets the rejection; without this a test that stopped waiting would end the process.
    promise.catch(() => undefined);
    return promise;
  }

  /** Takes the rule away; what it holds back by then stays held for its time. */
  public remove(): void {
    this.end(
      new FaultProxyError(`${this.describe()} was removed after firing ${this.fired} times (${this.matched} matches).`),
    );
  }

  /** @internal */
  public get action(): FaultAction {
    return this.definition.action;
  }

  /** @internal Whether it fires on this frame; counts the match even if an earlier rule has taken the frame. */
  public offer(frame: KafkaFrame, phase: FaultPhase, nodeId: number, taken: boolean): boolean {
    if (!this.matchesFrame(frame, phase, nodeId)) return false;
    this.matched += 1;
    return !taken && this.matched >= this.nth;
  }

  /** @internal */
  public fire(): void {
    this.fired += 1;
    this.log.debug(`${this.describe()} fired, time ${this.fired}`);
    for (const waiter of this.waiters) {
      if (this.fired < waiter.count) continue;
      this.waiters.delete(waiter);
      waiter.resolve();
    }
    if (this.fired >= this.times) this.onRemove(this);
  }

  /** @internal Ends the rule because it could not do what it was defined for. */
  public fail(cause: unknown): void {
    const reason = messageOf(cause);
    const error = new FaultProxyError(`${this.describe()} failed, the frame went on unchanged: ${reason}`, { cause });
    this.log.error(error.message);
    this.end(error);
  }

  /** @internal */
  public describe(): string {
    const api = this.apiKey === undefined ? 'any API' : apiNameOf(this.apiKey);
    return `The fault on the ${this.definition.phase} of ${api}`;
  }

  private matchesFrame(frame: KafkaFrame, phase: FaultPhase, nodeId: number): boolean {
    const { definition } = this;
    if (phase !== definition.phase) return false;
    if (this.apiKey !== undefined && frame.apiKey !== this.apiKey) return false;
    if (definition.broker !== undefined && definition.broker !== nodeId) return false;
    if (isErrorAction(definition.action) && !this.concerns(frame, definition.action)) return false;
    return definition.match?.(frame) ?? true;
  }

  private concerns(frame: KafkaFrame, target: ErrorTarget): boolean {
    if (!isTargeted(target)) return true;
    const request = frame.request ?? frame;
    return errorAnswerFor(request).concerns(request, target);
  }

  private checkErrorAction(action: ErrorAction): void {
    const answer = this.apiKey === undefined ? undefined : errorAnswerOf(this.apiKey);
    if (!answer) {
      throw new FaultProxyError(
        `${this.describe()} cannot answer with an error code; these can: ${ANSWERABLE_APIS.join(', ')}.`,
      );
    }
    if (isTargeted(action) && answer.targets === 'none') {
      throw new FaultProxyError(`${this.describe()} has one error code; leave out topic and partition.`);
    }
  }

  private end(error: FaultProxyError): void {
    if (this.ended) return;
    this.ended = error;
    this.onRemove(this);
    for (const { reject } of this.waiters) reject(error);
    this.waiters.clear();
  }
}
