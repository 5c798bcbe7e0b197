import type { KafkaApiName } from '../kafka-api.js';
import { FaultProxyError } from '../fault-proxy-error.js';
import { apiKeyOf, apiNameOf } from '../kafka-api.js';
import type { KafkaFrame } from '../kafka-frame.js';
import type { ErrorAnswer } from './error-answer.js';
import { metadataErrorAnswer } from './metadata-error-answer.js';
import { addPartitionsToTxnErrorAnswer, produceErrorAnswer, txnOffsetCommitErrorAnswer } from './partitioned-apis.js';
import {
  addOffsetsToTxnErrorAnswer,
  apiVersionsErrorAnswer,
  endTxnErrorAnswer,
  findCoordinatorErrorAnswer,
  initProducerIdErrorAnswer,
} from './single-error-answers.js';

const ANSWERS = {
  Produce: produceErrorAnswer,
  Metadata: metadataErrorAnswer,
  ApiVersions: apiVersionsErrorAnswer,
  InitProducerId: initProducerIdErrorAnswer,
  FindCoordinator: findCoordinatorErrorAnswer,
  AddPartitionsToTxn: addPartitionsToTxnErrorAnswer,
  AddOffsetsToTxn: addOffsetsToTxnErrorAnswer,
  EndTxn: endTxnErrorAnswer,
  TxnOffsetCommit: txnOffsetCommitErrorAnswer,
} as const satisfies Partial<Record<KafkaApiName, ErrorAnswer>>;

/** The APIs whose answers the proxy can write or change. */
export const ANSWERABLE_APIS = Object.keys(ANSWERS) as (keyof typeof ANSWERS)[];

const answerByKey = new Map<number, ErrorAnswer>(ANSWERABLE_APIS.map((name) => [apiKeyOf(name), ANSWERS[name]]));

export function errorAnswerOf(apiKey: number): ErrorAnswer | undefined {
  return answerByKey.get(apiKey);
}

/**
 * The error answer that fits a request.
 *
 * @throws FaultProxyError if the API or its version is not one of those whose layout is known.
 */
export function errorAnswerFor(request: KafkaFrame): ErrorAnswer {
  const { apiKey, apiVersion } = request;
  const answer = errorAnswerOf(apiKey);
  if (!answer) throw new FaultProxyError(`${apiNameOf(apiKey)} cannot be answered with an error code.`);
  const [oldest, newest] = answer.versions;
  if (apiVersion >= oldest && apiVersion <= newest) return answer;
  throw new FaultProxyError(
    `${apiNameOf(apiKey)} can be answered with an error code in versions ${oldest} to ${newest}, the request has version ${apiVersion}.`,
  );
}
