import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../support/random.js';
import { disconnectAndWait, forkTypescript, nextMessage } from '../support/run-typescript.js';
import type { HostileReport, HostileTask } from './hostile-host.js';

const LIMIT_MS = 90_000;
/** startTimeoutMs or maxBlockMs, then deliveryTimeoutMs, of hostile-host.ts, and what a busy machine adds. */
const LONGEST_MS = 3_000 + 5_000 + 3_000;
const NAMED_ERRORS =
  /^(BrokerUnavailable|BrokerConnection|RequestTimeout|KafkaAuthentication|UnsupportedBroker|UnknownTopic|DeliveryTimeout|Delivery|BrokerResponse|RecordTooLarge|InvalidPartition|ProducerFatal|MalformedResponse)Error$/;

/** A child process, because an uncaught exception is what must not happen: without a report it has crashed. */
async function meet(kind: HostileTask['kind']): Promise<HostileReport> {
  const task: HostileTask = { kind, seed: createRandom().seed };
  const child = forkTypescript(new URL('./hostile-host.ts', import.meta.url), [JSON.stringify(task)]);
  try {
    return (await nextMessage(child)) as HostileReport;
  } finally {
    await disconnectAndWait(child);
  }
}

function expectNamedEnds({ cases, left, residentBytes }: HostileReport): void {
  const unnamed = cases.filter(({ outcome }) => outcome !== 'acknowledged' && !NAMED_ERRORS.test(outcome));
  expect(unnamed).toEqual([]);
  expect(cases.filter(({ elapsedMs }) => elapsedMs > LONGEST_MS)).toEqual([]);
  expect(left).toEqual([]);
  expect(residentBytes).toBeLessThan(600 * 1024 * 1024);
}

describe('a producer and a broker that is broken or hostile', () => {
  it(
    'survives servers that are no brokers, with one named error each',
    async () => {
      const report = await meet('servers');
      expectNamedEnds(report);
      expect(report.cases.filter(({ outcome }) => outcome === 'acknowledged')).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'survives every kind of bad answer to every kind of request, and stores nothing twice',
    async () => {
      const report = await meet('distortions');
      expectNamedEnds(report);
      // Two bad answers, then honest ones: every record arrives, once. Unless the bad one reads as a refusal.
      const wrong = report.cases.filter(({ name, outcome, stored }) => {
        const mayRefuse = /^(nonsense counts|a random body|a body of ones)/.test(name);
        return outcome === 'acknowledged' ? stored !== 1 : stored !== 0 || !mayRefuse;
      });
      expect(wrong).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'survives random changes to any answer',
    async () => {
      const report = await meet('fuzz');
      expectNamedEnds(report);
      expect(report.cases.length).toBeGreaterThan(8);
    },
    LIMIT_MS,
  );
});
