import type { KafkaFrame } from '../kafka-frame.js';

/** The topic or partition an error is meant for; nothing named means all of them. */
export interface ErrorTarget {
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
}

/** Where the brokers are to be found, for answers that name them. */
export interface BrokerAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export interface ErrorRequest {
  readonly request: KafkaFrame;
  readonly errorCode: number;
  readonly target: ErrorTarget;
  /** All brokers behind the proxy, by their proxied addresses. */
  readonly brokers: readonly BrokerAddress[];
}

/** How one API carries error codes. Bodies are chunks without size prefix and header. */
export interface ErrorAnswer {
  /** Oldest and newest version whose layout is known. */
  readonly versions: readonly [number, number];
  /** Whether an error may be aimed at a topic or partition. */
  readonly targets: 'none' | 'partitions';
  /** Whether the request concerns the target. */
  concerns(request: KafkaFrame, target: ErrorTarget): boolean;
  /** A whole answer, without the broker: the target has the error code. */
  answer(error: ErrorRequest): Buffer[];
  /** The broker's answer with the error code in place of the target's own. Without it, `answer` replaces the broker's. */
  merge?(error: ErrorRequest, responseBody: Buffer): Buffer[];
  /**
   * What of the request goes to the broker although the target is refused; undefined where nothing is left. Without it, a
   * targeted error is answered as a whole.
   */
  withoutTarget?(request: KafkaFrame, target: ErrorTarget): Buffer[] | undefined;
}

export function isTargeted(target: ErrorTarget): boolean {
  return target.topic !== undefined || target.partition !== undefined;
}

export function hits(target: ErrorTarget, topic: string | null, partition: number): boolean {
  return hitsTopic(target, topic) && (target.partition === undefined || target.partition === partition);
}

export function hitsTopic(target: ErrorTarget, topic: string | null): boolean {
  return target.topic === undefined || target.topic === topic;
}
