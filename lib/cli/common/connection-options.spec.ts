import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConnection, type ConnectionOptions, type ConnectionSettings } from './connection-options.js';
import { UsageError } from './usage-error.js';

const directory = mkdtempSync(join(tmpdir(), 'cli-config-'));
const file = (name: string): string => join(directory, name);

beforeAll(() => {
  writeFileSync(
    file('client.properties'),
    [
      'bootstrap.servers=file:1',
      'security.protocol=SASL_PLAINTEXT',
      'sasl.mechanism=SCRAM-SHA-256',
      'sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="eve" password="s3cret";',
      'linger.ms=7',
    ].join('\n'),
  );
  writeFileSync(file('odd.properties'), 'bootstrap.servers=file:1\nlinger.mss=7\nmisspelt=1\n');
  writeFileSync(file('security.properties'), 'security.protocol=TLS\n');
  writeFileSync(file('malformed.properties'), 'client.id=\\u12\n');
  writeFileSync(file('key.pem'), '-----BEGIN PRIVATE KEY-----\nMIIEvQ\n');
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function read(
  options: ConnectionOptions,
  env: Readonly<Record<string, string>> = {},
): { readonly settings: ConnectionSettings; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  return { settings: readConnection(options, { env }, (text) => warnings.push(text)), warnings };
}

describe('where the brokers come from', () => {
  const env = { KAFKA_BROKERS: 'variable:1' };

  it.each<[string, ConnectionOptions, string]>([
    [
      'the option first',
      { bootstrapServer: 'option:1, option:2', config: file('client.properties') },
      'option:1,option:2',
    ],
    [
      'then a single property',
      { commandProperty: { 'bootstrap.servers': 'property:1' }, config: file('client.properties') },
      'property:1',
    ],
    ['then the file', { config: file('client.properties') }, 'file:1'],
    ['then the variable', {}, 'variable:1'],
  ])('is %s', (_, options, address) => {
    const { settings } = read(options, env);
    expect(settings.address).toBe(address);
    expect(settings.client.brokers).toEqual(address.split(','));
  });

  it('has to be said', () => {
    expect(() => read({})).toThrow(/--bootstrap-server.*KAFKA_BROKERS.*broker up/);
  });

  it.each(['foo', 'host:port', 'host:99999', ','])('refuses %j', (bootstrapServer) => {
    expect(() => read({ bootstrapServer })).toThrow(UsageError);
  });
});

describe('the properties file', () => {
  it('gives login and settings, under both names of the option', () => {
    for (const options of [{ config: file('client.properties') }, { commandConfig: file('client.properties') }]) {
      const { settings, warnings } = read(options);
      expect(settings.client.sasl).toEqual({ mechanism: 'scram-sha-256', username: 'eve', password: 's3cret' });
      expect(settings.producer.lingerMs).toBe(7);
      expect(warnings).toEqual([]);
    }
  });

  it('yields to single properties', () => {
    const { settings } = read({ config: file('client.properties'), commandProperty: { 'linger.ms': '9' } });
    expect(settings.producer.lingerMs).toBe(9);
  });

  it('is warned about once for all names that nobody knows', () => {
    const { warnings } = read({ config: file('odd.properties') });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/odd\.properties.*linger\.mss, misspelt/);
  });

  it.each([
    ['missing.properties', 'there is no such file'],
    ['.', 'it is a directory'],
    ['security.properties', 'security.protocol'],
    ['malformed.properties', 'malformed'],
    ['key.pem', 'no name=value'],
  ])('that cannot be used is named: %s', (name, reason) => {
    const use = (): unknown => read({ config: file(name), bootstrapServer: 'a:1' });
    expect(use).toThrow(UsageError);
    expect(use).toThrow(file(name));
    expect(use).toThrow(reason);
  });

  it('is given once', () => {
    const twice = { config: file('client.properties'), commandConfig: file('client.properties') };
    expect(() => read(twice)).toThrow('the same option');
  });
});
