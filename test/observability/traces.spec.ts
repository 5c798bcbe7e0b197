import { describe, expect, it } from '@jest/globals';
import { Controller, Post } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { KafkaListener, KafkaProducer, SyncCommitStrategy, Transactional } from 'nestjs-kafka-producer';
import { linked, parentOf } from '../../lib/observability/spec-support/recorded-telemetry.js';
import { sharedCluster, uniqueTopic, waitFor } from '../support/broker.js';
import { createTopics, TracedApplication } from './traced-application.js';

const cluster = sharedCluster();
const PRODUCER = { lingerMs: 0 };

function idOf(span: ReadableSpan): string {
  return span.spanContext().spanId;
}

function traceOf(span: ReadableSpan): string {
  return span.spanContext().traceId;
}

describe('a trace', () => {
  it('goes from an HTTP request through two topics to the last handler', async () => {
    const { invoices, orders } = await createTopics('orders', 'invoices');
    @Controller('orders')
    class Shop {
      public constructor(private readonly producer: KafkaProducer) {}

      @Post()
      public async place(): Promise<void> {
        await app.telemetry.tracerProvider.getTracer('http').startActiveSpan('POST /orders', async (span) => {
          await this.producer.send({ topic: orders, value: { id: 1 } });
          span.end();
        });
      }

      @EventPattern([orders])
      public async bill(@Payload() order: unknown): Promise<void> {
        await new Promise((resolve) => setImmediate(resolve));
        this.producer.emit({ topic: invoices, value: { order } });
      }

      @EventPattern([invoices])
      public book(): void {}
    }
    await using app = await TracedApplication.start([Shop], { producer: PRODUCER });
    const response = await fetch(`${await app.listen()}/orders`, { method: 'POST' });
    expect(response.status).toBe(201);
    await app.ended(`process ${invoices}`);

    const names = ['POST /orders', `send ${orders}`, `process ${orders}`, `send ${invoices}`, `process ${invoices}`];
    const spans = names.map((name) => app.telemetry.only(name));
    const [request] = spans;
    expect(request && app.telemetry.trace(traceOf(request))).toEqual(names);
    expect(spans.map(parentOf)).toEqual([undefined, ...spans.slice(0, -1).map(idOf)]);
    expect(spans.slice(1).map(({ kind }) => kind)).toEqual([
      SpanKind.PRODUCER,
      SpanKind.CONSUMER,
      SpanKind.PRODUCER,
      SpanKind.CONSUMER,
    ]);
    const [stored] = await cluster.readTopic(orders);
    const attributes = { 'messaging.destination.partition.id': '0', 'messaging.kafka.offset': Number(stored?.offset) };
    expect(spans[1]?.attributes).toMatchObject(attributes);
    expect(spans[2]?.attributes).toMatchObject(attributes);
  });

  it('is begun by a batch, linked to the sends of its records, and goes on with what its handler sends', async () => {
    const { orders, totals } = await createTopics('orders', 'totals');
    @Controller()
    class Shop {
      public constructor(private readonly producer: KafkaProducer) {}

      @KafkaListener(orders, { batch: true, autoStart: false, id: 'batch' })
      public async sum(@Payload() batch: readonly number[]): Promise<void> {
        await this.producer.send({ topic: totals, value: batch.length });
      }
    }
    await using app = await TracedApplication.start([Shop], { producer: PRODUCER });
    await app.producer.sendAll([1, 2, 3].map((value) => ({ topic: orders, value })));
    await app.listeners.get('batch').start();
    await app.ended(`process ${orders}`);

    const [sends, batch] = [app.telemetry.named(`send ${orders}`), app.telemetry.only(`process ${orders}`)];
    expect(
      linked(batch)
        .map(({ spanId }) => spanId)
        .sort(),
    ).toEqual(sends.map(idOf).sort());
    expect(new Set(sends.map(traceOf)).size).toBe(3);
    expect(batch.attributes['messaging.batch.message_count']).toBe(3);
    expect(app.telemetry.trace(traceOf(batch))).toEqual([`process ${orders}`, `send ${totals}`]);
  });

  it('shows each failed call of a handler, and the dead letter behind the last one, which carries it on', async () => {
    const topics = await createTopics('orders');
    const { orders } = topics;
    const deadLetters = `${orders}-dlt`;
    await cluster.createTopic(deadLetters, { partitions: 1 });
    class OutOfStockError extends Error {}
    @Controller()
    class Shop {
      @KafkaListener(orders, { recovery: { attempts: 2, backoff: { initialMs: 1 }, deadLetter: true } })
      public take(): never {
        throw new OutOfStockError('none left');
      }
    }
    await using app = await TracedApplication.start([Shop], { producer: PRODUCER });
    await app.producer.send({ topic: orders, value: 1 });
    await app.ended(`send ${deadLetters}`);

    const [first, second, ...others] = app.telemetry.named(`process ${orders}`);
    const send = app.telemetry.only(`send ${orders}`);
    const letter = app.telemetry.only(`send ${deadLetters}`);
    expect(others).toEqual([]);
    expect([first, second].map((span) => span && parentOf(span))).toEqual([idOf(send), idOf(send)]);
    for (const span of [first, second]) {
      expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'none left' });
      expect(span?.attributes['error.type']).toBe('OutOfStockError');
    }
    expect(parentOf(letter)).toBe(second && idOf(second));
    expect(letter.attributes['error.type']).toBeUndefined();
    const [stored] = await cluster.readTopic(deadLetters);
    const carried = stored?.headers.filter(({ key }) => key === 'traceparent').map(({ value }) => String(value));
    expect(carried).toEqual([`00-${traceOf(send)}-${idOf(letter)}-01`]);
  });

  it('keeps the dead letters of a batch in the traces of their records', async () => {
    const { orders } = await createTopics('orders');
    await cluster.createTopic(`${orders}-dlt`, { partitions: 1 });
    @Controller()
    class Shop {
      @KafkaListener(orders, { batch: true, recovery: { attempts: 1, deadLetter: true } })
      public take(@Payload() batch: readonly number[]): void {
        if (batch.includes(2)) throw new RangeError('no such order');
      }
    }
    await using app = await TracedApplication.start([Shop], { producer: PRODUCER });
    await app.producer.sendAll([1, 2, 3].map((value) => ({ topic: orders, value })));
    await app.ended(`send ${orders}-dlt`);
    const [letter] = await cluster.readTopic(`${orders}-dlt`);
    const send = app.telemetry
      .named(`send ${orders}`)
      .find(({ attributes }) => attributes['messaging.kafka.offset'] === originalOffset(letter?.headers ?? []));
    expect(send && app.telemetry.trace(traceOf(send))).toEqual([`send ${orders}`, `send ${orders}-dlt`]);
  });

  it('has a transaction inside of the call of its handler, and an aborted one as a failure', async () => {
    const { invoices, orders } = await createTopics('orders', 'invoices');
    let calls = 0;
    @Controller()
    class Shop {
      public constructor(private readonly producer: KafkaProducer) {}

      @KafkaListener(orders, { recovery: { attempts: 2, backoff: { initialMs: 1 } } })
      @Transactional()
      public async bill(): Promise<void> {
        await this.producer.send({ topic: invoices, value: ++calls });
        if (calls === 1) throw new RangeError('first call');
      }
    }
    await using app = await TracedApplication.start([Shop], {
      producer: PRODUCER,
      transactions: { transactionalIdPrefix: uniqueTopic('traced-'), poolSize: 1 },
    });
    await app.producer.send({ topic: orders, value: 1 });
    await app.ended(`process ${orders}`, 2);

    const [failed, succeeded] = app.telemetry.named(`process ${orders}`);
    expect([failed, succeeded].map((span) => span?.attributes['error.type'])).toEqual(['RangeError', undefined]);
    const children = (span: ReadableSpan | undefined): string[] =>
      app.telemetry.spans.filter((child) => span && parentOf(child) === idOf(span)).map(({ name }) => name);
    expect(children(failed)).toEqual([`send ${invoices}`]);
    expect(children(succeeded)).toEqual([`send ${invoices}`, `commit ${orders}`]);
    const commit = app.telemetry.only(`commit ${orders}`);
    expect(commit.attributes).toMatchObject({ 'messaging.operation.type': 'settle', 'messaging.kafka.offset': 1 });
    await waitFor(async () => (await cluster.readTopic(invoices, { isolation: 'read_committed' })).length === 1, {
      what: 'the committed invoice',
    });
  });

  it('is one of its own for each commit, and none where no spans of commits are wanted', async () => {
    const { orders } = await createTopics('orders');
    @Controller()
    class Shop {
      @KafkaListener(orders, { commitStrategy: new SyncCommitStrategy({ per: 'record' }) })
      public take(): void {}
    }
    await using app = await TracedApplication.start([Shop], { producer: PRODUCER });
    await app.producer.send({ topic: orders, value: 1 });
    await app.ended(`commit ${orders}`);
    const commit = app.telemetry.only(`commit ${orders}`);
    expect(parentOf(commit)).toBeUndefined();
    expect(commit.kind).toBe(SpanKind.CLIENT);
    expect(app.telemetry.trace(traceOf(commit))).toEqual([`commit ${orders}`]);
    expect(trace.getActiveSpan()).toBeUndefined();
  });
});

function originalOffset(headers: readonly { readonly key: string; readonly value: Buffer | null }[]): number {
  return Number(headers.find(({ key }) => key === 'dlt-original-offset')?.value);
}
