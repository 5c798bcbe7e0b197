import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sharedCluster, startFaultProxy, uniqueTopic, type SharedFaultProxy } from '../support/broker.js';
import { runOnTopics, TransactionFaultRun, type TransactionFaultCase } from '../support/transaction-fault-case.js';
import {
  finalErrors,
  networkFaults,
  REQUESTS_AFTER_A_REST,
  retriableErrors,
  TRANSACTIONAL_REQUESTS,
  type TransactionalRequest,
} from '../support/transaction-fault-cases.js';
import {
  LATE_REQUESTS,
  LATE_REQUESTS_AFTER_A_REST,
  LATE_REQUESTS_FOR_THE_SAME_OFFSET,
  runLateRequest,
} from '../support/transaction-late-request.js';

const TOPICS = 8;

describe('a transaction on a faulty network', () => {
  const view = sharedCluster();
  const topics = Array.from({ length: TOPICS }, () => uniqueTopic('faulty'));
  let fault: SharedFaultProxy;

  beforeAll(async () => {
    fault = await startFaultProxy();
    for (const topic of topics) await view.createTopic(topic, { partitions: 2 });
  }, 90_000);

  afterAll(async () => fault[Symbol.asyncDispose]());

  function run(cases: readonly TransactionFaultCase[]): Promise<string[]> {
    return runOnTopics(topics, cases, (tried, topic) =>
      new TransactionFaultRun({ view, ...fault }, topic, tried).run(),
    );
  }

  const all = (of: (request: TransactionalRequest) => TransactionFaultCase[]): TransactionFaultCase[] =>
    [...TRANSACTIONAL_REQUESTS, ...REQUESTS_AFTER_A_REST].flatMap(of);

  it('commits although a request or its answer is lost, reset or late', async () => {
    expect(await run(all(networkFaults))).toEqual([]);
  }, 120_000);

  it('commits although the broker says once to try again', async () => {
    expect(await run(all(retriableErrors))).toEqual([]);
  }, 120_000);

  it('aborts when the broker refuses', async () => {
    expect(await run(all(finalErrors))).toEqual([]);
  }, 120_000);

  it('takes no harm from a request that arrives in the middle of the next one', async () => {
    const lateRequests = [...LATE_REQUESTS, ...LATE_REQUESTS_FOR_THE_SAME_OFFSET, ...LATE_REQUESTS_AFTER_A_REST];
    const violations = await runOnTopics(topics, lateRequests, (late, topic) =>
      runLateRequest({ view, ...fault }, topic, late),
    );
    expect(violations).toEqual([]);
  }, 60_000);
});
