import type { ErrorAnswer, ErrorRequest } from './error-answers/error-answer.js';
import { isTargeted } from './error-answers/error-answer.js';
import { errorAnswerFor } from './error-answers/index.js';
import type { ConnectionFaults } from './connection-faults.js';
import type { ErrorAction, FaultAction, FaultPhase } from './fault.js';
import type { FaultRule } from './fault-rule.js';
import { isErrorAction } from './fault-rule.js';
import { correlationIdOf, expectsAnswer, type KafkaFrame, readRequest, readResponse } from './kafka-frame.js';
import { requestFrame, responseFrame } from './kafka-frame.js';
import type { Hold, Lane } from './lane.js';
import type { AwaitedRequest } from './pending-requests.js';
import { PendingRequests } from './pending-requests.js';
import { RawFrame } from './raw-frame.js';

/** For the client to read the answers before a reset: Node takes data with an RST right behind it for a FIN. */
const RESET_PAUSE_MS = 5;

/** Where an exchange's frames and its faults go. */
export interface ExchangeSides {
  readonly toBroker: Lane;
  readonly toClient: Lane;
  /** Ends the client's connection with RST. */
  readonly reset: () => void;
  /** Ends the connection as a broker does: FIN on both sides. */
  readonly end: () => void;
}

/** The requests and answers of one connection, with the rules applied to them. */
export class FaultyExchange {
  /** From the latest request that carried one. */
  public clientId: string | null = null;
  private readonly sides: ExchangeSides;
  private readonly faults: ConnectionFaults;
  private readonly pending = new PendingRequests();

  public constructor(sides: ExchangeSides, faults: ConnectionFaults) {
    this.sides = sides;
    this.faults = faults;
  }

  /** Takes what the client sent: a frame, or loose bytes of a stream that is not Kafka's. */
  public onRequest(part: RawFrame | Buffer): void {
    const request = part instanceof RawFrame ? readRequest(part) : undefined;
    if (!request) {
      this.sides.toBroker.send(chunksOf(part), this.hold('request'));
      return;
    }
    this.clientId = request.clientId ?? this.clientId;
    this.faults.countRequest(request);
    const rule = this.faults.pick(request, 'request');
    if (!rule) this.forward({ request });
    else if (isErrorAction(rule.action)) this.refuse(rule, rule.action, request);
    else this.interfere(rule, rule.action, request);
  }

  /** Takes what the broker sent. */
  public onResponse(part: RawFrame | Buffer): void {
    const correlationId = part instanceof RawFrame ? correlationIdOf(part) : undefined;
    const awaited = correlationId === undefined ? undefined : this.pending.take(correlationId);
    const response = awaited && part instanceof RawFrame ? this.completed(awaited, part) : undefined;
    if (response) this.answer(response);
    else this.sides.toClient.send(chunksOf(part), this.hold('response'));
    this.pending.settle();
  }

  private answer(response: KafkaFrame): void {
    const rule = this.faults.pick(response, 'response');
    if (!rule) this.pass(response);
    else if (isErrorAction(rule.action)) this.rewrite(rule, rule.action, response);
    else this.interfere(rule, rule.action, response);
  }

  /** The broker's answer, with the errors of what was withheld from it. */
  private completed({ request, complete }: AwaitedRequest, raw: RawFrame): KafkaFrame | undefined {
    const response = readResponse(raw, request);
    if (!response || !complete) return response;
    return readResponse(responseFrame(request, complete(response.body)), request);
  }

  /** The actions that are the same in both directions. */
  private interfere(rule: FaultRule, action: Exclude<FaultAction, ErrorAction>, frame: KafkaFrame): void {
    const hold = this.holdOf(frame);
    if (typeof action === 'object' && 'replaceWith' in action) {
      const { replaceWith } = action;
      const bytes = () => (typeof replaceWith === 'function' ? replaceWith(frame) : replaceWith);
      this.attempt(rule, frame, bytes, (made) => this.replace(frame, made));
      return;
    }
    rule.fire();
    if (action === 'drop') return;
    if (action === 'reset') this.resetAt(frame, hold);
    else if ('delayMs' in action) this.pass(frame, { delayMs: action.delayMs + (hold.delayMs ?? 0) });
    else this.pass(frame, { until: action.holdUntil });
  }

  private resetAt(frame: KafkaFrame, { delayMs = 0 }: Hold): void {
    const { toClient, toBroker, reset } = this.sides;
    if (frame.request) toClient.run(reset, { delayMs: delayMs + RESET_PAUSE_MS });
    else toBroker.run(reset, { delayMs });
  }

  private replace(frame: KafkaFrame, bytes: Buffer): void {
    const { toClient, toBroker } = this.sides;
    const request = frame.request ? undefined : readRequest(new RawFrame([bytes]));
    if (request) this.forward({ request });
    else (frame.request ? toClient : toBroker).send([bytes], this.holdOf(frame));
  }

  /** Refuses a request, or a part of it, in the broker's place. */
  private refuse(rule: FaultRule, action: ErrorAction, request: KafkaFrame): void {
    const error = this.errorRequest(action, request);
    const make = () => {
      const answer = errorAnswerFor(request);
      const rest = isTargeted(action) ? answer.withoutTarget?.(request, action) : undefined;
      return { answer, rest, whole: rest || !expectsAnswer(request) ? undefined : answer.answer(error) };
    };
    this.attempt(rule, request, make, ({ answer, rest, whole }) => {
      if (rest) this.forward({ request, complete: completion(rule, answer, error) }, requestFrame(request, rest));
      if (!expectsAnswer(request)) this.pending.run(() => this.sides.end());
      else if (whole) {
        const { chunks } = responseFrame(request, whole);
        this.pending.run(() => this.sides.toClient.send(chunks, this.hold('response')));
      }
    });
  }

  private rewrite(rule: FaultRule, action: ErrorAction, response: KafkaFrame): void {
    const request = response.request ?? response;
    const error = this.errorRequest(action, request);
    const make = () => {
      const answer = errorAnswerFor(request);
      return responseFrame(request, answer.merge ? answer.merge(error, response.body) : answer.answer(error));
    };
    this.attempt(rule, response, make, (raw) => this.sides.toClient.send(raw.chunks, this.hold('response')));
  }

  /** Fires a rule whose work may meet bytes that are not as expected; then the rule fails and the frame passes unchanged. */
  private attempt<T>(rule: FaultRule, frame: KafkaFrame, make: () => T, use: (made: T) => void): void {
    let made: T;
    try {
      made = make();
    } catch (error) {
      rule.fail(error);
      this.pass(frame);
      return;
    }
    rule.fire();
    use(made);
  }

  private pass(frame: KafkaFrame, hold: Hold = this.holdOf(frame)): void {
    if (frame.request) this.sides.toClient.send(frame.raw.chunks, hold);
    else this.forward({ request: frame }, frame.raw, hold);
  }

  private forward(awaited: AwaitedRequest, raw = awaited.request.raw, hold = this.hold('request')): void {
    if (expectsAnswer(awaited.request)) this.pending.await(awaited);
    this.sides.toBroker.send(raw.chunks, hold);
  }

  private errorRequest(action: ErrorAction, request: KafkaFrame): ErrorRequest {
    return { request, errorCode: action.errorCode, target: action, brokers: this.faults.brokerAddresses() };
  }

  private holdOf(frame: KafkaFrame): Hold {
    return this.hold(frame.request ? 'response' : 'request');
  }

  private hold(phase: FaultPhase): Hold {
    return { delayMs: this.faults.latencyMs(phase) };
  }
}

function chunksOf(part: RawFrame | Buffer): readonly Buffer[] {
  return part instanceof RawFrame ? part.chunks : [part];
}

function completion(rule: FaultRule, answer: ErrorAnswer, error: ErrorRequest) {
  return (body: Buffer): Buffer[] => {
    try {
      return answer.merge ? answer.merge(error, body) : [body];
    } catch (cause) {
      rule.fail(cause);
      return [body];
    }
  };
}
