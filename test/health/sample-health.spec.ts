import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { KafkaListenerRegistry } from 'nestjs-kafka-producer';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedCluster, waitFor } from '../support/broker.js';
import type { Health } from './health-application.js';

const cluster = sharedCluster();
// Before the sample is loaded: on a broker of somebody else its topics and groups have names of their own.
process.env['KAFKA_BROKERS'] = cluster.bootstrapServers().join(',');
const { createApp } = await import('../../sample/departures/create-app.js');
const { Groups, Topics } = await import('../../sample/departures/names.js');
const { createTopics } = await import('../../sample/departures/run-topics.js');

let app: INestApplication;
let folder: string;

async function check(path: 'live' | 'ready' | 'start'): Promise<Health> {
  const response = await fetch(`${await app.getUrl()}/health/${path}`);
  const body = (await response.json()) as Omit<Health, 'code'>;
  return { ...body, code: response.status };
}

beforeAll(async () => {
  await createTopics(cluster);
  folder = await mkdtemp(join(tmpdir(), 'departures-'));
  app = await createApp({ cluster, flights: 10, folder });
  await app.listen(0, '127.0.0.1');
}, 60_000);

afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

describe('the sample', () => {
  it('is live, started and ready when it runs, and says what a failing broker would cost', async () => {
    await waitFor(async () => (await check('start')).code === 200, { what: 'the start' });
    expect(await check('live')).toMatchObject({ code: 200, status: 'ok' });
    await waitFor(async () => (await check('ready')).status === 'degraded', { what: 'the durability' });
    const { code, details } = await check('ready');
    expect(code).toBe(200);
    expect(details['producer']).toMatchObject({
      status: 'up',
      producers: { KafkaProducer: { state: 'running', connectedBrokers: 1, transactions: { fenced: false } } },
    });
    const groups = Object.values(details['consumer']?.listeners ?? {}).map(({ groupId }) => groupId);
    expect(new Set(groups)).toEqual(new Set(Object.values(Groups)));
    const topics = details['durability']?.clusters?.['KafkaProducer']?.topics ?? {};
    expect(topics[Topics.departures]).toMatchObject({ replicationFactor: 1, oneBrokerFails: 'unavailable' });
  });

  it('stays ready when a listener is stopped on request, and shows it', async () => {
    await waitFor(async () => (await check('ready')).code === 200, { what: 'the start' });
    const listener = app.get(KafkaListenerRegistry).get('AuditListener.onDepartures');
    await listener.stop();
    const { code, details } = await check('ready');
    expect(code).toBe(200);
    expect(details['consumer']?.listeners?.[listener.id]).toMatchObject({
      status: 'up',
      state: 'stopped',
      group: null,
    });
    await listener.start();
    await waitFor(async () => (await check('ready')).code === 200, { what: 'the listener' });
  });
});
