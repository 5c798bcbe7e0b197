import { isRetriableCategory, lookupErrorCode, type ErrorCategory } from './error-codes.js';
import { KafkaError } from './kafka-error.js';

/** Where an error code came up. */
export interface BrokerResponseErrorDetails {
  /** The API that answered, e.g. `Produce`. */
  readonly api?: string | undefined;
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  /** What the broker wrote about it, or what the caller knows beyond the code. */
  readonly detail?: string | null | undefined;
  readonly cause?: unknown;
}

/** A broker answered with an error code. The message names the code, where it came up and what to do about it. */
export class BrokerResponseError extends KafkaError {
  /** Kafka's error code. */
  public readonly code: number;
  /** Kafka's name of the code, e.g. `NOT_LEADER_OR_FOLLOWER`. */
  public readonly codeName: string;
  public readonly category: ErrorCategory;
  /** The API that answered, e.g. `Produce`, where it is known. */
  public readonly api: string | undefined;

  public constructor(code: number, details: BrokerResponseErrorDetails = {}) {
    const info = lookupErrorCode(code);
    super(describe(code, details), {
      retriable: isRetriableCategory(info.category),
      topic: details.topic,
      partition: details.partition,
      cause: details.cause,
    });
    this.code = code;
    this.codeName = info.name;
    this.category = info.category;
    this.api = details.api;
  }
}

function describe(code: number, details: BrokerResponseErrorDetails): string {
  const { name, hint } = lookupErrorCode(code);
  const detail =
    details.detail === undefined || details.detail === null || details.detail === '' ? '' : `: ${details.detail}`;
  const what = `${details.api ?? 'The broker'} answered ${name} (${code})${where(details)}${detail}`;
  const sentence = /[.!?]$/.test(what) ? what : `${what}.`;
  return hint === '' ? sentence : `${sentence} ${hint}`;
}

function where({ topic, partition }: BrokerResponseErrorDetails): string {
  if (topic === undefined) return '';
  return partition === undefined ? ` for topic ${topic}` : ` for ${topic}-${partition}`;
}
