import { describe, expect, it } from '@jest/globals';
import type { LogSink } from '../wire/log-sink.js';
import { silentLog } from '../wire/log-sink.js';
import { InstrumentationChain } from './instrumentation-chain.js';
import type { KafkaInstrumentation, ProcessOperation } from './kafka-instrumentation.js';

const RECORD = { topic: 'orders', value: 'v' };
const PROCESS: ProcessOperation = {
  listenerId: 'l',
  groupId: 'g',
  clientId: 'c',
  topic: 'orders',
  partition: 0,
  records: [],
  isBatch: false,
  attempt: 1,
};

async function chain(
  instrumentations: readonly KafkaInstrumentation[],
  log: LogSink = silentLog,
): Promise<InstrumentationChain> {
  const made = new InstrumentationChain(Promise.resolve(instrumentations), log);
  await made.ready;
  return made;
}

/** Notes the order in which its methods are called. */
function noting(name: string, notes: string[]): KafkaInstrumentation {
  return {
    sendStarted: ({ record }) => ({
      record: { ...record, headers: Object.assign({}, record.headers, { [name]: 'seen' }) },
      ended: () => void notes.push(`${name} ended`),
    }),
    processStarted: () => ({
      run: (work) => {
        notes.push(`${name} runs`);
        return work();
      },
      ended: () => void notes.push(`${name} ended`),
    }),
    observeProducer: () => () => void notes.push(`${name} stopped`),
  };
}

const throwing: KafkaInstrumentation = {
  sendStarted: () => {
    throw new Error('boom');
  },
  received: () => {
    throw new Error('boom');
  },
  processStarted: () => ({
    run: () => {
      throw new Error('boom');
    },
    ended: () => {
      throw new Error('boom');
    },
    runDeadLetter: () => Promise.reject(new Error('boom')),
  }),
  commitStarted: () => ({
    ended: () => {
      throw new Error('boom');
    },
  }),
};

describe('InstrumentationChain', () => {
  it('has none when they could not be made, and says so to who asks', async () => {
    const failure = new Error('no such provider');
    const failed = new InstrumentationChain(Promise.reject(failure), silentLog);
    expect(failed.isReady).toBe(false);
    await failed.ready;
    expect(failed.isReady).toBe(true);
    await expect(failed.loaded).rejects.toBe(failure);
    expect(failed.sendStarted({ clientId: 'c', record: RECORD }).record).toBe(RECORD);
  });

  it('gives each the record of the one before, and tells them of the end from the inside out', async () => {
    const notes: string[] = [];
    const { ended, record } = (await chain([noting('a', notes), noting('b', notes)])).sendStarted({
      clientId: 'c',
      record: RECORD,
    });
    expect(record).toEqual({ ...RECORD, headers: { a: 'seen', b: 'seen' } });
    ended(null, null);
    expect(notes).toEqual(['b ended', 'a ended']);
  });

  it('runs a handler inside of all, the first outermost', async () => {
    const notes: string[] = [];
    const observation = (await chain([noting('a', notes), noting('b', notes)])).processStarted(PROCESS);
    await expect(observation.run(() => Promise.resolve(notes.push('work')))).resolves.toBe(3);
    observation.ended(null);
    expect(notes).toEqual(['a runs', 'b runs', 'work', 'b ended', 'a ended']);
  });

  it('lets records go on, once, when one throws; and logs that once in a while', async () => {
    const lines: string[] = [];
    const notes: string[] = [];
    const log: LogSink = { ...silentLog, error: (line) => void lines.push(line) };
    const broken = await chain([throwing, noting('b', notes)], log);
    expect(broken.sendStarted({ clientId: 'c', record: RECORD }).record).toMatchObject({ headers: { b: 'seen' } });
    broken.sendStarted({ clientId: 'c', record: RECORD }).ended(null, null);
    const observation = broken.processStarted(PROCESS);
    let calls = 0;
    await expect(observation.run(() => Promise.resolve(++calls))).resolves.toBe(1);
    await expect(observation.runDeadLetter({} as never, () => Promise.resolve(++calls))).resolves.toBe(2);
    observation.ended(null);
    broken.received(PROCESS);
    broken.commitStarted({ ...PROCESS, offsets: [], isTransactional: false }).ended(null);
    expect(notes).toEqual(['b ended', 'b ended']);
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe('An instrumentation has thrown in sendStarted; records go on without it: Error: boom');
  });

  it('takes what is asynchronous for nothing, and leaves no rejection behind', async () => {
    const lines: string[] = [];
    const asynchronous = {
      sendStarted: () => Promise.reject(new Error('late')),
      received: () => Promise.reject(new Error('late')),
      processStarted: () => Promise.reject(new Error('late')),
      commitStarted: () => Promise.reject(new Error('late')),
    } as unknown as KafkaInstrumentation;
    const looking = { sendStarted: () => ({ ended: () => undefined }) } as unknown as KafkaInstrumentation;
    const made = await chain([asynchronous, looking], { ...silentLog, error: (line) => void lines.push(line) });
    expect(made.sendStarted({ clientId: 'c', record: RECORD }).record).toBe(RECORD);
    made.received(PROCESS);
    await expect(made.processStarted(PROCESS).run(() => Promise.resolve(1))).resolves.toBe(1);
    made.commitStarted({ ...PROCESS, offsets: [], isTransactional: false }).ended(null);
    await new Promise(setImmediate);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toContain('it must not be asynchronous');
  });

  it('hands on what a handler rejects with, whatever an instrumentation makes of it', async () => {
    const swallowing: KafkaInstrumentation = {
      processStarted: () => ({
        run: async <T>(work: () => Promise<T>) => work().catch(() => undefined as T),
        ended: () => undefined,
      }),
    };
    const failure = new Error('handler');
    const observation = (await chain([swallowing])).processStarted(PROCESS);
    await expect(observation.run(() => Promise.reject(failure))).rejects.toBe(failure);
  });

  it('stops observing once', async () => {
    const notes: string[] = [];
    const stop = (await chain([noting('a', notes), {}])).observeProducer({
      clientId: 'c',
      name: null,
      metrics: () => ({}),
    });
    stop();
    stop();
    expect(notes).toEqual(['a stopped']);
  });
});
