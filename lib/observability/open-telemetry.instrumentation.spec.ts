import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ConsumedRecord } from '../consumer/consumed-record.js';
import { record as consumed } from '../consumer/container/spec-support/fake-consumer-engine.js';
import type { ProcessOperation } from '../instrumentation/kafka-instrumentation.js';
import { TransactionMetrics } from '../transactions/transaction-metrics.js';
import type { ProducerMetrics } from '../producer/producer-engine-api.js';
import type { ProducerRecord } from '../producer/record.js';
import { CONSUMER_FIGURES, isTotal, PRODUCER_FIGURES, unitOf } from './kafka-figure-names.js';
import type { OpenTelemetryOptions } from './open-telemetry-options.js';
import { OpenTelemetryInstrumentation } from './open-telemetry.instrumentation.js';
import { linked, parentOf, RecordedTelemetry } from './spec-support/recorded-telemetry.js';
import { TraceContextInterceptor } from './trace-context.interceptor.js';

const METADATA = {
  topic: 'orders',
  partition: 3,
  offset: '42',
  timestamp: 1,
  serializedKeySize: 1,
  serializedValueSize: 1,
};
const LISTENER = { listenerId: 'Orders.bill', groupId: 'billing', clientId: 'consumer-billing' };
const COMMON_KEYS = [
  'error.type',
  'messaging.client.id',
  'messaging.consumer.group.name',
  'messaging.destination.name',
  'messaging.operation.name',
  'messaging.operation.type',
  'messaging.system',
];

let telemetry: RecordedTelemetry;

beforeEach(() => {
  telemetry = new RecordedTelemetry();
});
afterEach(() => telemetry[Symbol.asyncDispose]());

function instrument(options: OpenTelemetryOptions = {}): OpenTelemetryInstrumentation {
  const { meterProvider, tracerProvider } = telemetry;
  return new OpenTelemetryInstrumentation({ meterProvider, tracerProvider, ...options });
}

/** As the record arrives that was sent as this one. */
function arrived({ headers = [] }: ProducerRecord, offset = 7): ConsumedRecord {
  const list = Array.isArray(headers) ? (headers as readonly { key: string; value: string }[]) : [];
  return {
    ...consumed('orders', 3, offset, 'customer-1'),
    headers: list.map(({ key, value }) => ({ key, value: Buffer.from(value) })),
  };
}

function process(records: readonly ConsumedRecord[], options: Partial<ProcessOperation> = {}): ProcessOperation {
  return { ...LISTENER, topic: 'orders', partition: 3, records, isBatch: false, attempt: 1, ...options };
}

/** A record that was sent, and as which span. */
function sent(instrumentation: OpenTelemetryInstrumentation, offset = 7): ConsumedRecord {
  const { ended, record } = instrumentation.sendStarted({
    clientId: 'shop',
    record: { topic: 'orders', value: 'v' },
  });
  ended({ ...METADATA, offset: String(offset) }, null);
  return arrived(record, offset);
}

describe('OpenTelemetryInstrumentation, for a record that is sent,', () => {
  it('makes a span of the active trace, and has the record carry that span', () => {
    const tracer = telemetry.tracerProvider.getTracer('test');
    const request = tracer.startSpan('POST /orders');
    const observation = context.with(trace.setSpan(context.active(), request), () =>
      instrument().sendStarted({ clientId: 'shop', record: { topic: 'orders', key: 'secret', value: null } }),
    );
    expect(telemetry.spans).toEqual([]);
    observation.ended(METADATA, null);
    const span = telemetry.only('send orders');
    expect(span.kind).toBe(SpanKind.PRODUCER);
    expect(parentOf(span)).toBe(request.spanContext().spanId);
    expect(span.attributes).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'orders',
      'messaging.destination.partition.id': '3',
      'messaging.client.id': 'shop',
      'messaging.kafka.offset': 42,
      'messaging.kafka.message.tombstone': true,
    });
    const { spanId, traceId } = span.spanContext();
    expect(observation.record.headers).toEqual([{ key: 'traceparent', value: `00-${traceId}-${spanId}-01` }]);
  });

  it('tells keys only when asked to, and those alone that are text', () => {
    const instrumentation = instrument({ messageKeys: true });
    for (const key of ['a', 7, Buffer.from('b'), { customer: 1 }, null]) {
      instrumentation.sendStarted({ clientId: 'c', record: { topic: 'orders', key, value: 'v' } }).ended(null, null);
    }
    const keys = telemetry.spans.map(({ attributes }) => attributes['messaging.kafka.message.key']);
    expect(keys).toEqual(['a', '7', 'b', undefined, undefined]);
  });

  it('tells the class of an error, and has a place in the metrics for it', async () => {
    const instrumentation = instrument();
    const start = { clientId: 'shop', record: { topic: 'orders', value: 'v' } };
    instrumentation.sendStarted(start).ended(null, new RangeError('too large'));
    instrumentation.sendStarted(start).ended(METADATA, null);
    instrumentation.sendStarted(start).ended(METADATA, null);
    const [failed] = telemetry.spans;
    expect(failed?.attributes['error.type']).toBe('RangeError');
    expect(failed?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'too large' });
    for (const name of ['messaging.client.sent.messages', 'messaging.client.operation.duration']) {
      expect(await telemetry.total(name, { 'error.type': 'RangeError' })).toBe(1);
      expect(await telemetry.total(name, { 'error.type': '', 'messaging.destination.name': 'orders' })).toBe(2);
    }
  });

  it('takes a record of whatever class, with properties that are not its own', () => {
    class Order implements ProducerRecord {
      public get topic(): string {
        return 'orders';
      }
      public get value(): string {
        return 'v';
      }
    }
    const { record } = instrument().sendStarted({ clientId: 'shop', record: new Order() });
    expect(record).toMatchObject({ topic: 'orders', value: 'v', headers: [{ key: 'traceparent' }] });
  });

  it('leaves nothing of another trace in the headers', () => {
    const headers = { tracestate: 'vendor=old', other: 'kept' };
    const { record } = instrument().sendStarted({ clientId: 'shop', record: { topic: 'orders', value: 'v', headers } });
    const keys = (record.headers as readonly { key: string }[]).map(({ key }) => key);
    expect(keys).toEqual(['other', 'traceparent']);
  });

  it.each([
    ['a list with null', [null]],
    ['a number', 5],
    [
      'what throws when it is read',
      {
        get trap(): string {
          throw new Error('boom');
        },
      },
    ],
  ])('leaves headers that are none to the producer, and ends its span: %s', (_name, headers) => {
    const record = { topic: 'orders', value: 'v', headers } as unknown as ProducerRecord;
    const sending = instrument().sendStarted({ clientId: 'shop', record });
    expect(sending.record).toBe(record);
    sending.ended(null, new Error('refused'));
    expect(telemetry.only('send orders').status.code).toBe(SpanStatusCode.ERROR);
  });

  it('keeps its span in the record, behind which TraceContextInterceptor steps back', () => {
    const { record } = instrument().sendStarted({ clientId: 'c', record: { topic: 'orders', value: 'v' } });
    const copied = { ...record };
    expect(new TraceContextInterceptor().onSend(copied)).toBe(copied);
  });
});

describe('OpenTelemetryInstrumentation, for a handler,', () => {
  it('makes a child of the send, and runs the handler in it', async () => {
    const instrumentation = instrument();
    const record = sent(instrumentation);
    const observation = instrumentation.processStarted(process([record]));
    const active = await observation.run(async () => {
      await Promise.resolve();
      return trace.getSpan(context.active())?.spanContext().spanId;
    });
    observation.ended(null);
    const span = telemetry.only('process orders');
    expect(active).toBe(span.spanContext().spanId);
    expect(parentOf(span)).toBe(telemetry.only('send orders').spanContext().spanId);
    expect(span.kind).toBe(SpanKind.CONSUMER);
    expect(span.links).toEqual([]);
    expect(span.attributes).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'orders',
      'messaging.destination.partition.id': '3',
      'messaging.consumer.group.name': 'billing',
      'messaging.client.id': 'consumer-billing',
      'messaging.kafka.offset': 7,
    });
  });

  it('begins a trace for a record that brings none along, whatever trace is active by chance', () => {
    const instrumentation = instrument();
    const stray = telemetry.tracerProvider.getTracer('test').startSpan('stray');
    context.with(trace.setSpan(context.active(), stray), () =>
      instrumentation.processStarted(process([consumed('orders', 3, 1)])).ended(null),
    );
    expect(parentOf(telemetry.only('process orders'))).toBeUndefined();
    expect(telemetry.only('process orders').spanContext().traceId).not.toBe(stray.spanContext().traceId);
  });

  it('makes a trace of its own with a link instead, where that is chosen, and keeps the baggage', async () => {
    const instrumentation = instrument({ processSpan: 'link' });
    const baggage = propagation.createBaggage({ tenant: { value: 'acme' } });
    const { ended, record } = context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () =>
      instrumentation.sendStarted({ clientId: 'shop', record: { topic: 'orders', value: 'v' } }),
    );
    ended(METADATA, null);
    const observation = instrumentation.processStarted(process([arrived(record)]));
    const tenant = await observation.run(() => Promise.resolve(propagation.getActiveBaggage()?.getEntry('tenant')));
    observation.ended(null);
    const [send, span] = [telemetry.only('send orders'), telemetry.only('process orders')];
    expect(parentOf(span)).toBeUndefined();
    expect(span.spanContext().traceId).not.toBe(send.spanContext().traceId);
    expect(linked(span)).toMatchObject([{ spanId: send.spanContext().spanId }]);
    expect(tenant).toMatchObject({ value: 'acme' });
  });

  it('links a batch to the send of each record, and counts its records even if it is one', async () => {
    const instrumentation = instrument();
    const records = [sent(instrumentation, 7), consumed('orders', 3, 8), sent(instrumentation, 9)];
    instrumentation.processStarted(process(records, { isBatch: true })).ended(null);
    instrumentation.processStarted(process(records.slice(0, 1), { isBatch: true })).ended(null);
    const [whole, single] = telemetry.named('process orders');
    const sends = telemetry.named('send orders').map((send) => send.spanContext().spanId);
    expect(whole && linked(whole).map(({ spanId }) => spanId)).toEqual(sends);
    expect(whole?.attributes['messaging.batch.message_count']).toBe(3);
    expect(whole?.attributes['messaging.kafka.offset']).toBeUndefined();
    expect(whole?.links.map(({ attributes }) => attributes?.['messaging.kafka.offset'])).toEqual([7, 9]);
    expect(single?.attributes['messaging.batch.message_count']).toBe(1);
  });

  it('tells of failures, and where dead letters belong', async () => {
    const instrumentation = instrument();
    const record = sent(instrumentation);
    const single = instrumentation.processStarted(process([record]));
    single.ended(new TypeError('no such customer'));
    const batch = instrumentation.processStarted(process([record], { isBatch: true }));
    batch.ended('text');
    const store = (): Promise<string | undefined> => Promise.resolve(trace.getSpanContext(context.active())?.spanId);
    const [ofSingle, ofBatch] = telemetry.named('process orders');
    expect(ofSingle?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no such customer' });
    expect([ofSingle, ofBatch].map((span) => span?.attributes['error.type'])).toEqual(['TypeError', 'string']);
    expect(await single.runDeadLetter?.(record, store)).toBe(ofSingle?.spanContext().spanId);
    expect(await batch.runDeadLetter?.(record, store)).toBe(telemetry.only('send orders').spanContext().spanId);
    expect(await telemetry.total('messaging.process.duration', { 'error.type': 'TypeError' })).toBe(1);
  });
});

describe('OpenTelemetryInstrumentation, for commits,', () => {
  const offset = { topic: 'orders', partition: 3, offset: '8' };

  it('makes a trace of each, but a part of the call for one in a transaction', () => {
    const instrumentation = instrument();
    const handler = telemetry.tracerProvider.getTracer('test').startSpan('process');
    context.with(trace.setSpan(context.active(), handler), () => {
      instrumentation.commitStarted({ ...LISTENER, offsets: [offset], isTransactional: false }).ended(null);
      instrumentation.commitStarted({ ...LISTENER, offsets: [offset], isTransactional: true }).ended(null);
    });
    const spans = telemetry.named('commit orders');
    expect(spans.map(parentOf)).toEqual([undefined, handler.spanContext().spanId]);
    expect(spans[0]?.kind).toBe(SpanKind.CLIENT);
    expect(spans[0]?.attributes).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'commit',
      'messaging.operation.type': 'settle',
      'messaging.destination.name': 'orders',
      'messaging.destination.partition.id': '3',
      'messaging.consumer.group.name': 'billing',
      'messaging.client.id': 'consumer-billing',
      'messaging.kafka.offset': 8,
    });
  });

  it('names no topic for several, makes no spans where they are not wanted, and measures both', async () => {
    const offsets = [offset, { topic: 'payments', partition: 0, offset: '1' }];
    instrument()
      .commitStarted({ ...LISTENER, offsets, isTransactional: false })
      .ended(new Error('refused'));
    instrument({ commitSpans: false })
      .commitStarted({ ...LISTENER, offsets, isTransactional: false })
      .ended(null);
    expect(telemetry.only('commit').attributes).toMatchObject({ 'error.type': 'Error' });
    const settle = { 'messaging.operation.type': 'settle', 'messaging.destination.name': '' };
    expect(await telemetry.total('messaging.client.operation.duration', settle)).toBe(2);
  });
});

describe('the metrics of OpenTelemetryInstrumentation', () => {
  it('have the same labels always, buckets from 5 ms to 10 s, and the attributes of the options', async () => {
    const instrumentation = instrument({ attributes: { 'messaging.kafka.cluster.id': 'north' } });
    const record = sent(instrumentation);
    instrumentation.received(process([record, record]));
    instrumentation.processStarted(process([record])).ended(null);
    instrumentation.commitStarted({ ...LISTENER, offsets: [], isTransactional: false }).ended(new Error('no'));
    const instruments = ['operation.duration', 'sent.messages', 'consumed.messages'].map(
      (name) => `messaging.client.${name}`,
    );
    for (const name of [...instruments, 'messaging.process.duration']) {
      const points = await telemetry.points(name);
      expect(points.length).toBeGreaterThan(0);
      for (const { attributes } of points)
        expect(Object.keys(attributes).sort()).toEqual([...COMMON_KEYS, 'messaging.kafka.cluster.id'].sort());
    }
    expect(await telemetry.total('messaging.client.consumed.messages')).toBe(2);
    const [{ value } = { value: 0 }] = await telemetry.points('messaging.process.duration');
    expect(value).toMatchObject({ buckets: { boundaries: expect.arrayContaining([0.005, 0.5, 10]) } });
    expect(telemetry.spans.every(({ attributes }) => attributes['messaging.kafka.cluster.id'] === 'north')).toBe(true);
  });

  it('add up what several modules do', async () => {
    sent(instrument());
    sent(instrument());
    expect(await telemetry.total('messaging.client.sent.messages', { 'messaging.client.id': 'shop' })).toBe(2);
  });

  it("have Kafka's figures by its names, until the application closes", async () => {
    const instrumentation = instrument();
    let reads = 0;
    const metrics = (): ProducerMetrics => ({ 'record-send-total': 5, 'unheard-of': ++reads });
    const producer = { clientId: 'shop', name: 'audit', metrics };
    const stop = instrumentation.observeProducer(producer);
    instrumentation.observeProducer({ clientId: 'shop', name: null, metrics: () => ({ 'record-send-total': 2 }) });
    instrumentation.observeConsumers({
      name: null,
      metrics: () => ({
        groups: [{ groupId: 'billing', clientId: 'c', metrics: { 'fetch-total': 9 } }],
        listeners: [
          {
            ...LISTENER,
            metrics: { 'records-consumed-total': 4, 'records-lag-max': 3 },
            partitions: [{ topic: 'orders', partition: 1, metrics: { 'records-lag': 3 } }],
          },
        ],
      }),
    });
    expect(await telemetry.total('kafka.producer.record_send_total', { module: 'audit', 'client-id': 'shop' })).toBe(5);
    expect(await telemetry.total('kafka.producer.record_send_total')).toBe(7);
    expect(await telemetry.total('kafka.consumer.fetch_total', { 'group-id': 'billing', 'listener-id': '' })).toBe(9);
    const listener = { 'listener-id': 'Orders.bill', topic: '' };
    expect(await telemetry.total('kafka.consumer.records_consumed_total', listener)).toBe(4);
    expect(await telemetry.total('kafka.consumer.records_lag', { topic: 'orders', partition: '1' })).toBe(3);
    stop();
    const before = reads;
    expect(await telemetry.total('kafka.producer.record_send_total', { module: '' })).toBe(2);
    expect(reads).toBe(before);
  });

  it('tell no lag for a partition that was given away, which an SDK would keep', async () => {
    let partitions = [{ topic: 'orders', partition: 1, metrics: { 'records-lag': 3 } }];
    instrument().observeConsumers({
      name: null,
      metrics: () => ({ groups: [], listeners: [{ ...LISTENER, metrics: {}, partitions }] }),
    });
    expect(await telemetry.total('kafka.consumer.records_lag')).toBe(3);
    partitions = [];
    expect(await telemetry.total('kafka.consumer.records_lag')).toBe(0);
    partitions = [{ topic: 'orders', partition: 1, metrics: { 'records-lag': 5 } }];
    expect(await telemetry.total('kafka.consumer.records_lag')).toBe(5);
  });

  it('know every total and time of transactions', () => {
    expect(PRODUCER_FIGURES).toEqual(expect.arrayContaining(Object.keys(new TransactionMetrics().read())));
  });

  it.each([
    ['record-send-total', '', true],
    ['request-latency-avg', 'ms', false],
    ['txn-commit-time-ns-total', 'ns', true],
    ['buffer-available-bytes', 'By', false],
    ['bytes-consumed-total', 'By', true],
    ['last-heartbeat-seconds-ago', 's', false],
    ['records-lag-max', '', false],
  ])('have for %s the unit %p', (figure, unit, grows) => {
    expect([...PRODUCER_FIGURES, ...CONSUMER_FIGURES]).toContain(figure);
    expect([unitOf(figure), isTotal(figure)]).toEqual([unit, grows]);
  });
});
