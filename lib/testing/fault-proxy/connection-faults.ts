import type { BrokerAddress } from './error-answers/error-answer.js';
import type { FaultPhase } from './fault.js';
import type { FaultRule } from './fault-rule.js';
import type { KafkaFrame } from './kafka-frame.js';

/** What a connection asks the proxy about. */
export interface ConnectionFaults {
  /** Counts a request that a client sent. */
  countRequest(request: KafkaFrame): void;
  /** The rule that is to act on this frame. */
  pick(frame: KafkaFrame, phase: FaultPhase): FaultRule | undefined;
  /** Milliseconds to hold the next frame in this direction. */
  latencyMs(phase: FaultPhase): number;
  /** All brokers behind the proxy, by their proxied addresses. */
  brokerAddresses(): readonly BrokerAddress[];
  report(message: string): void;
}
