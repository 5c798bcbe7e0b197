import { Injectable } from '@nestjs/common';
import { context, propagation } from '@opentelemetry/api';
import type { ProducerInterceptor } from '../producer/producer-interceptor.js';
import type { ProducerRecord, RecordHeaders, RecordHeaderValue } from '../producer/record.js';

type HeaderList = { readonly key: string; readonly value: RecordHeaderValue }[];

/**
 * Puts the trace that is active at `send` into the record's headers (W3C `traceparent`, `tracestate`, `baggage`, or whatever propagator is set up),
 * in place of any that stand there already. Give it as `producer: { interceptors: [TraceContextInterceptor] }`; needs the peer
 * `@opentelemetry/api`.
 */
@Injectable()
export class TraceContextInterceptor implements ProducerInterceptor {
  public onSend(record: ProducerRecord): ProducerRecord {
    const carrier = new Map<string, string>();
    propagation.inject(context.active(), carrier, {
      set: (target, key, value) => {
        target.set(key, value);
      },
    });
    if (carrier.size === 0) return record;
    const kept = toList(record.headers).filter(({ key }) => !carrier.has(key));
    const added = [...carrier].map(([key, value]) => ({ key, value }));
    return { ...record, headers: [...kept, ...added] };
  }
}

function toList(headers: RecordHeaders | undefined): HeaderList {
  if (headers === undefined) return [];
  if (isList(headers)) return [...headers];
  return Object.entries(headers).flatMap(([key, value]) =>
    Array.isArray(value)
      ? (value as readonly RecordHeaderValue[]).map((single) => ({ key, value: single }))
      : [{ key, value: value as RecordHeaderValue }],
  );
}

function isList(headers: RecordHeaders): headers is HeaderList {
  return Array.isArray(headers);
}
