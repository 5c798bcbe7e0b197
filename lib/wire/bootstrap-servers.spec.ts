import { InvalidBootstrapServersError, parseBootstrapServers } from './bootstrap-servers.js';

describe('parseBootstrapServers', () => {
  it.each([
    ['127.0.0.1:9092', { host: '127.0.0.1', port: 9092 }],
    ['kafka-1.example:1', { host: 'kafka-1.example', port: 1 }],
    ['  kafka:65535\t', { host: 'kafka', port: 65_535 }],
    ['[::1]:9092', { host: '::1', port: 9092 }],
    ['[fe80::1%eth0]:9092', { host: 'fe80::1%eth0', port: 9092 }],
    ['kafka:00092', { host: 'kafka', port: 92 }],
  ])('reads %j', (entry, address) => {
    expect(parseBootstrapServers([entry])).toEqual([address]);
  });

  it('keeps the order of the list', () => {
    expect(parseBootstrapServers(['c:3', 'a:1', 'b:2']).map(({ host }) => host)).toEqual(['c', 'a', 'b']);
  });

  it.each<[string, unknown]>([
    ['no port', 'kafka'],
    ['an empty port', 'kafka:'],
    ['port 0', 'kafka:0'],
    ['a port that does not fit 16 bits', 'kafka:65536'],
    ['a port of six digits', 'kafka:009092'],
    ['a negative port', 'kafka:-1'],
    ['a port in words', 'kafka:http'],
    ['no host', ':9092'],
    ['IPv6 without brackets', '::1:9092'],
    ['a URL', 'http://kafka:9092'],
    ['two addresses in one entry', 'a:1,b:2'],
    ['a blank inside', 'ka fka:9092'],
    ['an empty text', ''],
    ['null', null],
    ['undefined', undefined],
    ['a number', 9092],
    ['an object', { host: 'kafka', port: 9092 }],
  ])('refuses %s, and names the entry', (_, entry) => {
    const parse = (): unknown => parseBootstrapServers(['ok:1', entry as string]);
    expect(parse).toThrow(InvalidBootstrapServersError);
    expect(parse).toThrow(JSON.stringify(entry) ?? 'undefined');
  });

  it.each<[string, unknown]>([
    ['an empty list', []],
    ['undefined', undefined],
    ['null', null],
    ['a text instead of a list', 'kafka:9092'],
  ])('refuses %s', (_, brokers) => {
    expect(() => parseBootstrapServers(brokers as string[])).toThrow(InvalidBootstrapServersError);
  });
});
