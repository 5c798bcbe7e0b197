import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { context, type ContextManager, propagation, type TextMapPropagator, trace } from '@opentelemetry/api';
import { ROOT_CONTEXT, TraceFlags } from '@opentelemetry/api';
import { TraceContextInterceptor } from './trace-context.interceptor.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';

const propagator: TextMapPropagator = {
  inject: (active, carrier, setter) => {
    const span = trace.getSpanContext(active);
    if (span !== undefined) setter.set(carrier, 'traceparent', `00-${span.traceId}-${span.spanId}-01`);
  },
  extract: (active) => active,
  fields: () => ['traceparent'],
};

/** Makes one context the active one, without asynchronous hooks. */
function contextManager(active: typeof ROOT_CONTEXT): ContextManager {
  const manager: ContextManager = {
    active: () => active,
    with: (_, fn, thisArg, ...args) => fn.call(thisArg as never, ...args),
    bind: (_, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

describe('TraceContextInterceptor', () => {
  const interceptor = new TraceContextInterceptor();

  beforeEach(() => {
    propagation.setGlobalPropagator(propagator);
  });
  afterEach(() => {
    propagation.disable();
    context.disable();
  });

  it('leaves a record as it is when no trace is active', () => {
    const record = { topic: 'orders', value: 'v' };
    expect(interceptor.onSend(record)).toBe(record);
  });

  it('puts the active trace into the headers, beside those of the record and in place of an older trace', () => {
    const span = { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: TraceFlags.SAMPLED };
    context.setGlobalContextManager(contextManager(trace.setSpanContext(ROOT_CONTEXT, span)));
    const expected = { key: 'traceparent', value: `00-${TRACE_ID}-${SPAN_ID}-01` };

    const fromObject = interceptor.onSend({
      topic: 'orders',
      value: 'v',
      headers: { a: ['1', '2'], traceparent: 'old' },
    });
    expect(fromObject.headers).toEqual([{ key: 'a', value: '1' }, { key: 'a', value: '2' }, expected]);

    const wrong = { topic: 'orders', value: 'v', headers: new Map([['a', '1']]) as never };
    expect(interceptor.onSend(wrong)).toBe(wrong);

    const fromList = interceptor.onSend({ topic: 'orders', value: 'v', headers: [{ key: 'b', value: null }] });
    expect(fromList.headers).toEqual([{ key: 'b', value: null }, expected]);
  });
});
