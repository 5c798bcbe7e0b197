import { RecordingLog } from '../../../test/support/recording-log.js';
import type { ProducerInterceptor } from '../producer-interceptor.js';
import type { ProducerRecord, RecordMetadata } from '../record.js';
import { InterceptorChain } from './interceptor-chain.js';

const RECORD: ProducerRecord = { topic: 't', value: 'secret payload' };
const METADATA: RecordMetadata = {
  topic: 't',
  partition: 0,
  offset: '1',
  timestamp: 0,
  serializedKeySize: -1,
  serializedValueSize: 1,
};

function appending(text: string): ProducerInterceptor {
  return { onSend: (record) => ({ ...record, value: `${String(record.value)}${text}` }) };
}

class Broken implements ProducerInterceptor {
  public onSend(): never {
    throw new Error('no luck');
  }

  public onAcknowledgement(): never {
    throw new Error('no luck either');
  }
}

describe('InterceptorChain', () => {
  it('hands each record on from one to the next', () => {
    const chain = new InterceptorChain([appending('1'), {}, appending('2')], new RecordingLog());
    expect(chain.onSend({ topic: 't', value: 'v' })).toEqual({ topic: 't', value: 'v12' });
  });

  it('goes on with the last good record when one throws, and logs that without the payload', () => {
    const log = new RecordingLog();
    const chain = new InterceptorChain([appending('1'), new Broken(), appending('2')], log);
    expect(chain.onSend(RECORD).value).toBe('secret payload12');
    expect(log.lines).toEqual(['warn Broken.onSend threw and was ignored: no luck']);
  });

  it('keeps the record when one returns nothing', () => {
    const forgetful = { onSend: () => undefined } as unknown as ProducerInterceptor;
    expect(new InterceptorChain([forgetful], new RecordingLog()).onSend(RECORD)).toBe(RECORD);
  });

  it('tells every interceptor of an outcome, also after one that throws', () => {
    const log = new RecordingLog();
    const seen: unknown[] = [];
    const watching: ProducerInterceptor = { onAcknowledgement: (metadata, error) => seen.push([metadata, error]) };
    const failure = new Error('lost');
    new InterceptorChain([watching, new Broken(), watching], log).onAcknowledgement(METADATA, failure);
    expect(seen).toEqual([
      [METADATA, failure],
      [METADATA, failure],
    ]);
    expect(log.lines).toEqual(['warn Broken.onAcknowledgement threw and was ignored: no luck either']);
  });

  it('logs what is thrown that is no error', () => {
    const log = new RecordingLog();
    const rude: ProducerInterceptor = {
      onSend: () => {
        // eslint-disable-next-line typescript/only-throw-error -- interceptors are users' code
        throw 'nonsense';
      },
    };
    expect(new InterceptorChain([rude], log).onSend(RECORD)).toBe(RECORD);
    expect(log.lines[0]).toContain('nonsense');
  });

  it('knows whether there is anything to do', () => {
    expect(new InterceptorChain([], new RecordingLog()).isEmpty).toBe(true);
    expect(new InterceptorChain([{}], new RecordingLog()).isEmpty).toBe(false);
  });
});
