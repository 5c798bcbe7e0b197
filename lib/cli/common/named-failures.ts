import { BrokerResponseError } from '../../wire/broker-response-error.js';
import { ErrorCode, lookupErrorCode } from '../../wire/error-codes.js';
import { CommandError } from './command-error.js';
import type { Output } from './output.js';

/** One of several things that a request was about. */
export interface NamedResult {
  readonly name: string;
  /** 0 for success. */
  readonly errorCode: number;
  readonly errorMessage?: string | null;
}

/** For `AdminCall.errorCode`: NOT_CONTROLLER where a result has it, so that the request goes to the new controller; else 0. */
export function controllerCode(results: readonly NamedResult[]): number {
  return results.some(({ errorCode }) => errorCode === ErrorCode.NOT_CONTROLLER) ? ErrorCode.NOT_CONTROLLER : 0;
}

/**
 * Fails if any of the results is a failure; of several each is told first.
 * @param api the API that answered, by Kafka's name
 * @param kind what the names are those of: `topic`, `group`
 * @throws CommandError, whose cause is a BrokerResponseError
 */
export function throwFailures(
  results: readonly NamedResult[],
  api: string,
  kind: 'topic' | 'group',
  output: Output,
): void {
  const failures = results
    .filter(({ errorCode }) => errorCode !== 0)
    .map((result) => failureOf(result, api, kind))
    .sort((left, right) => left.message.localeCompare(right.message));
  const [first] = failures;
  if (first === undefined) return;
  if (failures.length === 1) throw first;
  for (const { message } of failures) output.note(`error: ${message}`);
  throw new CommandError(`${failures.length} of ${results.length} ${kind}s failed.`, { cause: first });
}

function failureOf({ errorCode, errorMessage, name }: NamedResult, api: string, kind: 'topic' | 'group'): CommandError {
  const cause = new BrokerResponseError(errorCode, {
    api,
    detail: errorMessage,
    ...(kind === 'topic' ? { topic: name } : {}),
  });
  const { hint, name: codeName } = lookupErrorCode(errorCode);
  const said = errorMessage === undefined || errorMessage === null || errorMessage === '' ? hint : errorMessage;
  return new CommandError(`The ${kind} '${name}': ${said} (${codeName})`, { cause });
}
