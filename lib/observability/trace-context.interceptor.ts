import { Injectable } from '@nestjs/common';
import { context } from '@opentelemetry/api';
import type { ProducerInterceptor } from '../producer/producer-interceptor.js';
import type { ProducerRecord } from '../producer/record.js';
import { hasSendContext, withTraceHeaders } from './trace-headers.js';

/**
 * Puts the trace that is active at `send` into the record's headers (W3C `traceparent`, `tracestate`, `baggage`, or whatever propagator is set up),
 * in place of any that stand there already. Give it as `producer: { interceptors: [TraceContextInterceptor] }`; needs the peer
 * `@opentelemetry/api`. `OpenTelemetryInstrumentation` does that too, with a span of its own for each send; with both, that span is what the record carries.
 */
@Injectable()
export class TraceContextInterceptor implements ProducerInterceptor {
  public onSend(record: ProducerRecord): ProducerRecord {
    return hasSendContext(record) ? record : withTraceHeaders(record, context.active());
  }
}
