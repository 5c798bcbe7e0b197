import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { KafkaListener, RecordTooLargeError, SyncCommitStrategy } from 'nestjs-kafka-producer';
import { CONSUMER_FIGURES, PRODUCER_FIGURES } from '../../lib/observability/kafka-figure-names.js';
import { sharedCluster, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { createTopics, TracedApplication } from './traced-application.js';

const RECORDS = 250;

describe('metrics', () => {
  it('tell exactly what was sent, handled and committed', async () => {
    const { orders } = await createTopics('orders');
    const group = uniqueGroup();
    const commitStrategy = new SyncCommitStrategy({ per: 'record' });
    @Controller()
    class Shop {
      @KafkaListener(orders, { groupId: group, id: 'shop', commitStrategy, recovery: { attempts: 2 } })
      public take(@Payload() value: number): void {
        if (value === 7 && !this.hasFailed) {
          this.hasFailed = true;
          throw new RangeError('seven');
        }
      }

      private hasFailed = false;
    }
    await using app = await TracedApplication.start([Shop], { producer: { maxRequestSize: 2_000 } });
    const { telemetry } = app;
    await app.producer.sendAll(Array.from({ length: RECORDS }, (_, value) => ({ topic: orders, value })));
    await expect(app.producer.send({ topic: orders, value: 'x'.repeat(3_000) })).rejects.toBeInstanceOf(
      RecordTooLargeError,
    );
    const listener = (): Readonly<Record<string, number>> => app.listeners.metrics().listeners[0]?.metrics ?? {};
    await waitFor(() => listener()['commit-total'] === RECORDS, { what: 'the last commit' });

    const topic = { 'messaging.destination.name': orders };
    const succeeded = { ...topic, 'error.type': '' };
    expect(await telemetry.total('messaging.client.sent.messages', succeeded)).toBe(RECORDS);
    expect(await telemetry.total('messaging.client.sent.messages', topic)).toBe(RECORDS + 1);
    expect(await telemetry.total('messaging.client.consumed.messages', succeeded)).toBe(RECORDS);
    const ofGroup = { ...topic, 'messaging.consumer.group.name': group };
    expect(await telemetry.total('messaging.process.duration', { ...ofGroup, 'error.type': '' })).toBe(RECORDS);
    expect(await telemetry.total('messaging.process.duration', { ...ofGroup, 'error.type': 'RangeError' })).toBe(1);
    const commits = { ...ofGroup, 'messaging.operation.name': 'commit', 'error.type': '' };
    expect(await telemetry.total('messaging.client.operation.duration', commits)).toBe(RECORDS);

    expect(await telemetry.total('kafka.producer.record_send_total')).toBe(RECORDS);
    expect(await telemetry.total('kafka.producer.record_error_total')).toBe(1);
    expect(await telemetry.total('kafka.consumer.records_consumed_total', { 'listener-id': 'shop' })).toBe(RECORDS);
    expect(await telemetry.total('kafka.consumer.commit_total', { 'group-id': group })).toBe(RECORDS);
    expect(await telemetry.total('kafka.consumer.records_lag', { topic: orders, partition: '0' })).toBe(0);
    const stored = await sharedCluster().readTopic(orders);
    expect(stored).toHaveLength(RECORDS);
    const bytes = stored.reduce((sum, { value, headers }) => sum + (value?.length ?? 0) + sizeOf(headers), 0);
    expect(await telemetry.total('kafka.consumer.bytes_consumed_total', { 'listener-id': 'shop' })).toBe(bytes);
  });

  it('of listeners tell the lag, the assignment, the fetches and the heartbeats', async () => {
    const { orders } = await createTopics('orders');
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    @Controller()
    class Shop {
      @EventPattern([orders])
      public async take(): Promise<void> {
        await released;
      }
    }
    await using app = await TracedApplication.start([Shop], {
      client: { brokers: sharedCluster().bootstrapServers(), clientId: 'till' },
      consumer: { heartbeatIntervalMs: 100, groupId: uniqueGroup(), autoOffsetReset: 'earliest' },
    });
    await app.producer.sendAll([1, 2, 3].map((value) => ({ topic: orders, value })));
    const figures = () => app.listeners.metrics();
    await waitFor(() => figures().listeners[0]?.metrics['records-lag-max'] === 3, { what: 'the lag' });
    await waitFor(() => Number(figures().groups[0]?.metrics['heartbeat-total']) >= 2, { what: 'heartbeats' });
    const { groups, listeners } = figures();
    expect(listeners).toMatchObject([
      {
        listenerId: 'Shop.take',
        clientId: 'till',
        metrics: { 'records-consumed-total': 3, 'assigned-partitions': 1, 'commit-total': 0 },
        partitions: [{ topic: orders, partition: 0, metrics: { 'records-lag': 3 } }],
      },
    ]);
    const [group] = groups;
    expect(group?.metrics['fetch-total']).toBeGreaterThan(0);
    expect(group?.metrics['fetch-size-max']).toBeGreaterThan(0);
    expect(group?.metrics['rebalance-total']).toBe(1);
    expect(group?.metrics['last-heartbeat-seconds-ago']).toBeLessThan(5);
    release();
    await waitFor(() => figures().listeners[0]?.metrics['records-lag-max'] === 0, { what: 'no lag' });
  });

  it('are all known to OpenTelemetry, and all that it knows exist', async () => {
    const { orders } = await createTopics('orders');
    @Controller()
    class Shop {
      @EventPattern([orders])
      public take(): void {}
    }
    await using app = await TracedApplication.start([Shop], {
      transactions: { transactionalIdPrefix: uniqueTopic('figures-') },
    });
    await app.producer.send({ topic: orders, value: 1 });
    const partitions = () => app.listeners.metrics().listeners[0]?.partitions ?? [];
    await waitFor(() => partitions()[0]?.metrics['records-lag'] !== undefined, { what: 'the lag of a partition' });
    const { groups, listeners } = app.listeners.metrics();
    const consumer = [...groups, ...listeners, ...partitions()].flatMap(({ metrics }) => Object.keys(metrics));
    expect(consumer.sort()).toEqual([...CONSUMER_FIGURES].sort());
    expect(Object.keys(app.producer.metrics()).sort()).toEqual([...PRODUCER_FIGURES].sort());
  });
});

/** As they are stored: a byte for their number, and one for the length of each name and value. */
function sizeOf(headers: readonly { readonly key: string; readonly value: Buffer | null }[]): number {
  return headers.reduce((sum, { key, value }) => sum + 2 + Buffer.byteLength(key) + (value?.length ?? 0), 1);
}
