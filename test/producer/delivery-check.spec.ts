import { describe, expect, it } from '@jest/globals';
import type { ProducerEngineApi } from '../../lib/producer/producer-engine-api.js';
import type { DeliveryCallback, ProducerRecord, RecordMetadata } from '../../lib/producer/record.js';
import { sharedCluster, uniqueTopic } from '../support/broker.js';
import { DeliveryCheck } from '../support/delivery-check.js';
import { violations, type DeliveryFindings } from '../support/delivery-report.js';
import { createRandom } from '../support/random.js';
import { TestEngine } from '../support/test-engine.js';

type Send = (engine: TestEngine, record: ProducerRecord) => Promise<RecordMetadata>;

const RECORDS = 30;
/** Which record the engine is wrong about. */
const WRONG = 20;

/** An engine that breaks a promise for one record; callbacks come as they should. */
function wrongOnce(engine: TestEngine, wrong: Send): ProducerEngineApi {
  let count = 0;
  const send = (record: ProducerRecord): Promise<RecordMetadata> =>
    ++count === WRONG ? wrong(engine, record) : engine.send(record);
  const sendWithCallback = (record: ProducerRecord, callback: DeliveryCallback): void =>
    engine.sendWithCallback(record, callback);
  return new Proxy<ProducerEngineApi>(engine, {
    get: (target, name) => ({ send, sendWithCallback })[String(name)] ?? Reflect.get(target, name),
  });
}

async function findingsOf(wrong: Send): Promise<string[]> {
  const cluster = sharedCluster();
  const topic = uniqueTopic('checked');
  await cluster.createTopic(topic);
  await using engine = await TestEngine.start({ client: cluster.clientConfig() });
  const check = new DeliveryCheck({ topic, random: createRandom() });
  const unreliable = wrongOnce(engine, wrong);
  for (let n = 0; n < RECORDS; n++) void check.send(unreliable, 0, { key: 'key' });
  await engine.flush();
  await check.settled(300);
  return violations(await check.verify(cluster)).map((line) => line.split(' ')[1] ?? '');
}

describe('the check of what was delivered', () => {
  const lies: [keyof DeliveryFindings, Send][] = [
    ['lost', async (_, { topic }) => metadata(topic, '0')],
    [
      'duplicated',
      async (engine, record) => {
        await engine.send(record);
        return engine.send(record);
      },
    ],
    ['misplaced', async (engine, record) => ({ ...(await engine.send(record)), offset: '0' })],
    [
      'disordered',
      async (engine, record) => {
        await engine.flush();
        return engine.send(record);
      },
    ],
    ['unreported', (engine, record) => engine.send(record).then(() => new Promise(() => undefined))],
    ['foreign', (engine, record) => engine.send({ ...record, value: 'another value' })],
    ['foreign', (engine, record) => engine.send({ ...record, key: 'another key' })],
  ];

  it.each(lies)('finds a record that is %s', async (finding, lie) => {
    expect(await findingsOf(lie)).toContain(finding);
  });

  it('finds a failure', async () => {
    expect(await findingsOf(() => Promise.reject(new TypeError('wrong')))).toEqual(['failed']);
  });

  it('finds nothing wrong with an engine that keeps its promises', async () => {
    expect(await findingsOf((engine, record) => engine.send(record))).toEqual([]);
  });
});

function metadata(topic: string, offset: string): RecordMetadata {
  return { topic, partition: 0, offset, timestamp: 0, serializedKeySize: 0, serializedValueSize: 0 };
}
