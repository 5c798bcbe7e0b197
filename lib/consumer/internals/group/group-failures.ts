import { BrokerResponseError } from '../../../wire/broker-response-error.js';
import {
  IncompatibleKafkaJSError,
  KafkaAuthenticationError,
  UnsupportedBrokerError,
} from '../../../wire/connection-errors.js';
import { ErrorCode } from '../../../wire/error-codes.js';
import { KafkaError } from '../../../wire/kafka-error.js';
import type { ConsumerConfig } from '../../consumer-config.js';

/** The membership cannot go on: `cause` says why. */
export class GroupFatality extends Error {
  public constructor(public override readonly cause: Error) {
    super(cause.message);
  }
}

type GroupSettings = Pick<
  ConsumerConfig,
  'groupId' | 'groupInstanceId' | 'sessionTimeoutMs' | 'partitionAssignmentStrategy'
>;

/** What to do about the answers that end a membership. */
const ADVICE: ReadonlyMap<number, (settings: GroupSettings) => string> = new Map([
  [
    ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
    ({ groupId, partitionAssignmentStrategy }: GroupSettings) =>
      `the members of group ${groupId} offer no assignment strategy in common with this one, which offers ${partitionAssignmentStrategy.join(', ')}: ` +
      "set partitionAssignmentStrategy to one that all of them have, or use a group id of this application's own (kafkajs, and with it Nest's Kafka transport, " +
      "knows 'RoundRobinAssigner' only, and cannot share a group with other clients)",
  ],
  [
    ErrorCode.INVALID_GROUP_ID,
    ({ groupId }: GroupSettings) => `'${groupId}' is not a group id: set one that is not empty`,
  ],
  [
    ErrorCode.INVALID_SESSION_TIMEOUT,
    ({ sessionTimeoutMs }: GroupSettings) =>
      `a sessionTimeoutMs of ${sessionTimeoutMs} is not within the broker's group.min.session.timeout.ms and group.max.session.timeout.ms (6 seconds to 30 minutes unless set): change one of them`,
  ],
  [ErrorCode.GROUP_AUTHORIZATION_FAILED, ({ groupId }: GroupSettings) => `this user may not read as group ${groupId}`],
  [
    ErrorCode.GROUP_MAX_SIZE_REACHED,
    ({ groupId }: GroupSettings) => `group ${groupId} has as many members as it may have`,
  ],
  [
    ErrorCode.FENCED_INSTANCE_ID,
    ({ groupId, groupInstanceId }: GroupSettings) =>
      `another member of group ${groupId} has taken over the groupInstanceId '${groupInstanceId ?? ''}'`,
  ],
  [
    ErrorCode.UNSUPPORTED_VERSION,
    ({ groupInstanceId }: GroupSettings) =>
      groupInstanceId === null ? '' : 'the broker knows no static members (Kafka 2.3): leave out groupInstanceId',
  ],
]);

/** Whether an answer ends the membership. */
export function isFatalCode(errorCode: number): boolean {
  return ADVICE.has(errorCode);
}

/** An answer as an error; one that ends the membership says what to do. */
export function answerError(errorCode: number, api: string, settings: GroupSettings): BrokerResponseError {
  return new BrokerResponseError(errorCode, { api, detail: ADVICE.get(errorCode)?.(settings) });
}

/**
 * What a request has failed with, in the membership's terms.
 * @returns an error that may pass
 * @throws GroupFatality for one that will not
 */
export function passingError(error: unknown, settings: GroupSettings): KafkaError {
  if (error instanceof GroupFatality) throw error;
  if (error instanceof BrokerResponseError && isFatalCode(error.code)) {
    throw new GroupFatality(answerError(error.code, 'FindCoordinator', settings));
  }
  if (error instanceof KafkaError && !isFinal(error)) return error;
  throw new GroupFatality(error instanceof Error ? error : new Error(String(error)));
}

/** No retry can mend these: they need other settings, another broker or another kafkajs. */
function isFinal(error: KafkaError): boolean {
  return (
    error instanceof KafkaAuthenticationError ||
    error instanceof UnsupportedBrokerError ||
    error instanceof IncompatibleKafkaJSError
  );
}
