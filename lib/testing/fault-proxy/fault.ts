import type { KafkaApiName } from './kafka-api.js';
import type { KafkaFrame } from './kafka-frame.js';

/** `request`: on the way to the broker. `response`: on the way back, when the broker has already acted. */
export type FaultPhase = 'request' | 'response';

/** Holds the frame, and everything behind it on the connection in that direction, for so many milliseconds. */
export interface DelayAction {
  readonly delayMs: number;
}

/** Holds the frame, and everything behind it on the connection in that direction, until the promise settles. */
export interface HoldAction {
  readonly holdUntil: Promise<unknown>;
}

/**
 * Answers with an error code of the Kafka protocol, for Produce (3-12), Metadata (4-12), ApiVersions, InitProducerId (0-5),
 * FindCoordinator, AddPartitionsToTxn (0-3), AddOffsetsToTxn, EndTxn (0-5) and TxnOffsetCommit (0-5).
 *
 * - `request`: the broker never sees the request. With a `topic` or `partition` named, only what is named is withheld (Produce,
 *   TxnOffsetCommit): the rest reaches the broker and the answer holds both. AddPartitionsToTxn is all or nothing at a real
 *   coordinator too: nothing is added, the other partitions get OPERATION_NOT_ATTEMPTED (55). Metadata with a name is
 *   forwarded, for the other topics' sake.
 * - `response`: the broker acts, its answer gets the error code.
 *
 * With a `topic` or `partition` the rule only matches requests that concern it. A Produce request with acks=0 has no answer:
 * the proxy closes the connection, as a broker does.
 */
export interface ErrorAction {
  readonly errorCode: number;
  readonly topic?: string;
  readonly partition?: number;
}

/** Sends these bytes instead of the frame, size prefix and all: for hostile brokers and clients. */
export interface ReplaceAction {
  readonly replaceWith: Buffer | ((frame: KafkaFrame) => Buffer);
}

/**
 * What happens to a matched frame.
 *
 * - `'drop'`: it is swallowed, the connection stays open.
 * - `'reset'`: the client's connection ends with RST in its place. What the client sent before still reaches the broker.
 */
export type FaultAction = 'drop' | 'reset' | DelayAction | HoldAction | ErrorAction | ReplaceAction;

/** One fault, see {@link FaultProxy.on}. */
export interface FaultDefinition {
  /** Name or key of the API; every API if left out. */
  readonly api?: KafkaApiName | number;
  readonly phase: FaultPhase;
  readonly action: FaultAction;
  /** Fires from the n-th matching frame on, counted from 1 (the default) and from the rule's definition. */
  readonly nth?: number;
  /** How often it fires; once by default, `Infinity` until removed. */
  readonly times?: number;
  /** Node id of the only broker it applies to. */
  readonly broker?: number;
  /** A further condition. It must not change the frame. If it throws, the rule fails, see {@link FaultRule.triggered}. */
  readonly match?: (frame: KafkaFrame) => boolean;
}
