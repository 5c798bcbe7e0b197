import { describe, expect, it } from '@jest/globals';
import { Controller, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload, Transport } from '@nestjs/microservices';
import { Kafka, logLevel } from 'kafkajs';
import { KafkaListenerRegistry } from 'nestjs-kafka-producer';
import { sharedCluster, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { GuideApplication } from './guide-application.js';

const cluster = sharedCluster();
const brokers = cluster.bootstrapServers();

async function newTopic(): Promise<string> {
  const name = uniqueTopic('guide');
  await cluster.createTopic(name, { partitions: 1 });
  return name;
}

async function send(topic: string, values: readonly number[]): Promise<void> {
  const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ value: String(value) })) });
  await producer.disconnect();
}

function handlerOf(topic: string): { readonly seen: unknown[]; readonly Orders: Type } {
  const seen: unknown[] = [];
  @Controller()
  class Orders {
    @EventPattern([topic])
    public onOrder(@Payload() value: unknown): void {
      seen.push(value);
    }
  }
  return { seen, Orders };
}

/** The application as it was: with Nest's own transport. */
async function startNests(Orders: Type, groupId: string): Promise<{ close(): Promise<unknown> }> {
  @Module({ controllers: [Orders] })
  class Root {}
  const app = await NestFactory.createMicroservice(Root, {
    logger: false,
    transport: Transport.KAFKA,
    options: {
      client: { brokers, logLevel: logLevel.NOTHING },
      consumer: { groupId },
      subscribe: { fromBeginning: true },
    },
  });
  await app.listen();
  return app;
}

describe("a group of Nest's transport", () => {
  it('goes on where it was, under the id that the broker knows', async () => {
    const topic = await newTopic();
    const groupId = uniqueGroup();
    await send(topic, [1, 2, 3]);
    const before = handlerOf(topic);
    const nests = await startNests(before.Orders, groupId);
    await waitFor(() => before.seen.length === 3, { what: 'the first records', limitMs: 20_000 });
    await nests.close();
    await send(topic, [4]);
    const after = handlerOf(topic);
    await using application = await GuideApplication.start([after.Orders], {
      consumer: { groupId: `${groupId}-server` },
    });
    await waitFor(() => after.seen.length > 0, { what: 'the last record' });
    expect(after.seen).toEqual([4]);
    expect(application.get(KafkaListenerRegistry).status().listeners).toMatchObject([{ state: 'running' }]);
  }, 40_000);

  it('takes no member of this library while one of the former runs, and says why', async () => {
    const topic = await newTopic();
    const groupId = uniqueGroup();
    await send(topic, [1]);
    const before = handlerOf(topic);
    const nests = await startNests(before.Orders, groupId);
    await waitFor(() => before.seen.length === 1, { what: 'the former member to work', limitMs: 20_000 });
    const after = handlerOf(topic);
    await using application = await GuideApplication.start([after.Orders], {
      consumer: { groupId: `${groupId}-server` },
    });
    const [listener] = application.get(KafkaListenerRegistry).listeners();
    await waitFor(() => listener?.status().state === 'failed', { what: 'the refusal' });
    expect(listener?.status().error?.message).toMatch(/kafkajs.* cannot share a group/);
    await nests.close();
    await listener?.start();
    await send(topic, [2]);
    await waitFor(() => after.seen.length > 0, { what: 'the next record' });
    expect(after.seen).toEqual([2]);
  }, 40_000);
});
