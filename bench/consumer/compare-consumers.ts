import { compare, type Ratio, type RatioTarget } from '../ratios.js';
import type { ConsumerClient } from '../worker/consumer-job.js';
import type { ConsumerSeries, EmptySubject, TransformSubject, WaitingSubject } from './results.js';
import { callRates, cpuSeries, messageRates } from './summarize-consumers.js';

const SERVER_KAFKA: RatioTarget = { bound: 'at least', value: 3 };
const SERVER_KAFKA_CPU: RatioTarget = { bound: 'at least', value: 3 };
const SEQUENTIAL: RatioTarget = { bound: 'at least', value: 20 };

/** The target is about consumers that commit now and then. This one waits for the broker after each record, which Nest's own never does. */
const WITHOUT_TARGET: ConsumerClient = 'sync-record';

/** All ratios that what was measured allows. */
export function compareConsumers(
  empty: readonly ConsumerSeries<EmptySubject>[],
  waiting: readonly ConsumerSeries<WaitingSubject>[],
  transforms: readonly ConsumerSeries<TransformSubject>[],
): Ratio[] {
  return [...emptyRatios(empty), ...waitingRatios(waiting), ...transformRatios(transforms)].filter(
    (ratio) => ratio !== null,
  );
}

function emptyRatios(all: readonly ConsumerSeries<EmptySubject>[]): (Ratio | null)[] {
  const nest = all.find(({ subject }) => subject.client === 'server-kafka')?.measures ?? [];
  const ours = all.filter(({ subject }) => subject.client !== 'server-kafka');
  const target = (client: ConsumerClient, wanted: RatioTarget): RatioTarget | null =>
    client === WITHOUT_TARGET ? null : wanted;
  return [
    ...ours.map(({ measures, subject: { client } }) =>
      compare(`${client}/server-kafka`, {}, messageRates(measures), messageRates(nest), target(client, SERVER_KAFKA)),
    ),
    ...ours.map(({ measures, subject: { client } }) =>
      compare(`cpu server-kafka/${client}`, {}, cpuSeries(nest), cpuSeries(measures), target(client, SERVER_KAFKA_CPU)),
    ),
  ];
}

function waitingRatios(all: readonly ConsumerSeries<WaitingSubject>[]): (Ratio | null)[] {
  const sequential = all.find(({ subject }) => subject.keysAtOnce === null)?.measures ?? [];
  return all
    .filter(({ subject }) => subject.keysAtOnce !== null)
    .map(({ measures, subject: { keysAtOnce } }) =>
      compare(`${keysAtOnce} keys/sequential`, {}, messageRates(measures), messageRates(sequential), SEQUENTIAL),
    );
}

/** Under the same load to Nest's own, and with batches to single records. */
function transformRatios(all: readonly ConsumerSeries<TransformSubject>[]): (Ratio | null)[] {
  const find = (wanted: TransformSubject) =>
    all.find(
      ({ subject: { client, messages, parallel } }) =>
        client === wanted.client && messages === wanted.messages && parallel === wanted.parallel,
    )?.measures ?? [];
  return all
    .filter(({ subject }) => subject.client === 'ours')
    .flatMap(({ measures, subject: { client, messages, parallel } }) => [
      compare(
        `transform/server-kafka (${messages} x ${parallel})`,
        {},
        callRates(measures),
        callRates(find({ client: 'server-kafka', messages, parallel })),
      ),
      messages === 1
        ? null
        : compare(
            `transform messages: ${messages}/1 (x ${parallel})`,
            {},
            messageRates(measures),
            messageRates(find({ client, messages: 1, parallel })),
          ),
    ]);
}
