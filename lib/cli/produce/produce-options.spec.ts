import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../common/usage-error.js';
import { createLineParser, parseHeader, producerOptions } from './produce-options.js';

const TOPIC = { topic: 'orders' };

describe('the options of produce', () => {
  it('are settings of the producer by the names of Kafka’s tool', () => {
    const options = producerOptions({
      ...TOPIC,
      requestRequiredAcks: '1',
      compressionCodec: 'ZSTD',
      timeout: 7,
      batchSize: 100,
      maxMemoryBytes: 1_000,
      maxBlockMs: 20,
      messageSendMaxRetries: 3,
      retryBackoffMs: 30,
      requestTimeoutMs: 40,
      metadataExpiryMs: 50,
    });
    expect(options).toEqual({
      acks: '1',
      compression: 'zstd',
      lingerMs: 7,
      batchSize: 100,
      bufferMemory: 1_000,
      maxBlockMs: 20,
      retries: 3,
      retryBackoffMs: 30,
      requestTimeoutMs: 40,
      metadataMaxAgeMs: 50,
    });
  });

  it('leave out what was not given, so that properties count', () => {
    expect(producerOptions(TOPIC)).toEqual({});
  });

  it('mean gzip with --compression-codec alone', () => {
    expect(producerOptions({ ...TOPIC, compressionCodec: true })).toEqual({ compression: 'gzip' });
  });

  it('have short names for reader properties', () => {
    const parser = createLineParser({ ...TOPIC, keySeparator: '=', nullMarker: '-' });
    expect(parser.parse(Buffer.from('-=v'))).toEqual({ key: null, value: Buffer.from('v'), headers: [] });
    const tab = createLineParser({ ...TOPIC, parseKey: true, readerProperty: { 'key.separator': ' ' } });
    expect(tab.parse(Buffer.from('k v'))?.key).toEqual(Buffer.from('k'));
  });

  it('exclude each other where they contradict', () => {
    expect(() => producerOptions({ ...TOPIC, acks: 'all', requestRequiredAcks: '1' })).toThrow(UsageError);
    expect(() => createLineParser({ ...TOPIC, jsonLines: true, nullMarker: '-' })).toThrow(/null\.marker/);
  });

  it('part a header at its first colon', () => {
    expect(parseHeader('a:b:c')).toEqual({ key: 'a', value: Buffer.from('b:c') });
    expect([parseHeader('a'), parseHeader(':b')]).toEqual([null, null]);
  });
});
