import { type Context, propagation, ROOT_CONTEXT, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api';
import type { ConsumedHeader } from '../consumer/consumed-record.js';
import type { ProducerRecord, RecordHeaders, RecordHeaderValue } from '../producer/record.js';

type HeaderList = { readonly key: string; readonly value: RecordHeaderValue }[];

const SETTER: TextMapSetter<Map<string, string>> = {
  set: (carrier, key, value) => {
    carrier.set(key, value);
  },
};

const GETTER: TextMapGetter<readonly ConsumedHeader[]> = {
  keys: (headers) => headers.map(({ key }) => key),
  // As with Kafka's `lastHeader`: whoever has passed a record on has added its own behind.
  get: (headers, name) => headers.findLast(({ key }) => key === name)?.value?.toString(),
};

/** Headers that carry the context of their own send. */
const stamped = new WeakSet<object>();

/**
 * A record with the context in its headers, by the propagator that is set up (W3C `traceparent`, `tracestate`, `baggage`), in place of any that stand there already; the record
 * itself when there is nothing to carry.
 */
export function withTraceHeaders(record: ProducerRecord, active: Context): ProducerRecord {
  const carrier = new Map<string, string>();
  propagation.inject(active, carrier, SETTER);
  if (carrier.size === 0) return record;
  const { headers } = record;
  const own = toList(headers);
  // What are no headers is left as it is, for the producer to refuse.
  if (own === null) return record;
  // Not only what takes the place of others: a `tracestate` of another trace means nothing beside this `traceparent`.
  const replaced = new Set([...carrier.keys(), ...propagation.fields()]);
  const kept = own.filter(({ key }) => !replaced.has(key));
  return withHeaders(record, [...kept, ...[...carrier].map(([key, value]) => ({ key, value }))]);
}

/** The same for the span of the record's own send, which nothing takes the place of later. */
export function withSendContext(record: ProducerRecord, ownContext: Context): ProducerRecord {
  const sent = withTraceHeaders(record, ownContext);
  if (sent !== record && sent.headers !== undefined) stamped.add(sent.headers);
  return sent;
}

/** Whether the record carries the context of its own send. */
export function hasSendContext({ headers }: ProducerRecord): boolean {
  return headers !== undefined && stamped.has(headers);
}

/** The context that a record has brought along; the root context when there is none. */
export function contextOf(headers: readonly ConsumedHeader[]): Context {
  return headers.length === 0 ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, headers, GETTER);
}

/** Whatever the record is an instance of: its properties need not be its own. */
function withHeaders({ key, partition, timestamp, topic, value }: ProducerRecord, headers: HeaderList): ProducerRecord {
  return { topic, key, value, partition, timestamp, headers };
}

function toList(headers: RecordHeaders | undefined): HeaderList | null {
  if (headers === undefined) return [];
  if (isList(headers))
    return headers.every((header) => typeof header === 'object' && header !== null) ? [...headers] : null;
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers) return null;
  return Object.entries(headers).flatMap(([key, value]) =>
    Array.isArray(value)
      ? (value as readonly RecordHeaderValue[]).map((single) => ({ key, value: single }))
      : [{ key, value: value as RecordHeaderValue }],
  );
}

function isList(headers: RecordHeaders): headers is HeaderList {
  return Array.isArray(headers);
}
