import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { KafkaListener, KafkaProducer } from 'nestjs-kafka-producer';
import {
  KafkaConsumerHealthIndicator,
  KafkaDurabilityHealthIndicator,
  KafkaProducerHealthIndicator,
} from 'nestjs-kafka-producer/health';
import { setTimeout as sleep } from 'node:timers/promises';
import { sharedCluster, startFaultProxy, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { type SeenRequest, seeRequests } from '../support/seen-requests.js';
import { HealthApplication } from './health-application.js';

const cluster = sharedCluster();
const PROBES = 300;
const INTERVAL_MS = 10;
const QUIET_MS = 2_000;
const PARTITIONS = 24;
/** What a member and its fetches send anyway, as long as they live. */
const ANYWAY: ReadonlySet<string> = new Set(['Fetch', 'Heartbeat', 'OffsetCommit']);

function others(seen: readonly SeenRequest[]): string[] {
  return seen.map(({ api }) => api).filter((api) => !ANYWAY.has(api));
}

describe('probes at 100 per second', () => {
  it('add no request to the broker, open no connection, and take less than a millisecond each', async () => {
    const topic = uniqueTopic('probed');
    await cluster.createTopic(topic, { partitions: PARTITIONS });
    await using fault = await startFaultProxy();
    const clientId = uniqueTopic('client');
    const seen = seeRequests(fault.proxy, clientId);
    @Controller()
    class Orders {
      @KafkaListener(topic, { id: 'orders' })
      public onOrder(): void {}
    }
    await using application = await HealthApplication.start([Orders], {
      client: { brokers: fault.bootstrapServers, clientId },
      consumer: { groupId: uniqueGroup() },
      transactions: { transactionalIdPrefix: uniqueTopic('probed-') },
    });
    const records = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, value: 1 }));
    await application.get(KafkaProducer).sendAll(records);
    await application.until('start', 200, 'the group');
    // The durability of the topic is asked for once, in the background.
    const known = async (): Promise<boolean> => (await application.check('ready')).status === 'degraded';
    await waitFor(known, { what: 'the durability of the topic' });
    expect(others(seen)).toContain('DescribeConfigs');
    const lag = async (): Promise<unknown> =>
      (await application.check('ready')).details['consumer']?.listeners?.['orders']?.['lag'];
    await waitFor(async () => (await lag()) === 0, { what: 'the records to be handled' });

    // What the start has asked for is asked for within a second, the longest back-off of metadata.
    let before = others(seen).length;
    let quietSince = performance.now();
    const isQuiet = (): boolean => {
      const { length } = others(seen);
      if (length !== before) quietSince = performance.now();
      before = length;
      return performance.now() - quietSince > QUIET_MS;
    };
    await waitFor(isQuiet, { limitMs: 20_000, what: 'the start to be over' });
    const codes = new Set<number>();
    for (let probe = 0; probe < PROBES; probe++) {
      void application.check(probe % 2 === 0 ? 'live' : 'ready').then(({ code }) => codes.add(code));
      await sleep(INTERVAL_MS);
    }
    expect([...codes]).toEqual([200]);
    expect(others(seen).slice(before)).toEqual([]);

    const producer = application.get(KafkaProducerHealthIndicator);
    const consumer = application.get(KafkaConsumerHealthIndicator);
    const durability = application.get(KafkaDurabilityHealthIndicator);
    const times = Array.from({ length: PROBES }, () => {
      const startedAt = performance.now();
      producer.readiness('producer');
      consumer.readiness('consumer');
      durability.readiness('durability');
      return performance.now() - startedAt;
    }).sort((left, right) => left - right);
    // All three together; the median, because the machine may do something else meanwhile.
    expect(times[PROBES / 2]).toBeLessThan(1);
  });
});
