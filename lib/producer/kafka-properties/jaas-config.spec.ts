import { ConfigError } from '../errors.js';
import { parseJaasConfig } from './jaas-config.js';

const PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule';

function options(text: string): Record<string, string> {
  return Object.fromEntries(parseJaasConfig(text).options);
}

describe('parseJaasConfig', () => {
  it('reads the login module and its options', () => {
    const login = parseJaasConfig(`${PLAIN} required username="alice" password="pw";`);

    expect(login.loginModule).toBe('PlainLoginModule');
    expect(Object.fromEntries(login.options)).toEqual({ username: 'alice', password: 'pw' });
  });

  it('reads over lines, comments, single quotes and words without quotes', () => {
    expect(options(`${PLAIN} REQUIRED // who\n  username=alice /* and\n how */ password = 'p w' ;`)).toEqual({
      username: 'alice',
      password: 'p w',
    });
  });

  it('reads escapes, and signs inside quotes', () => {
    expect(options(`${PLAIN} required password="a\\"b\\\\c;d=e//f\\t" username="x";`)).toEqual({
      password: 'a"b\\c;d=e//f\t',
      username: 'x',
    });
  });

  it.each([
    ['no semicolon', `${PLAIN} required username="a" password="secret"`],
    ['no control flag', `${PLAIN} username="a" password="secret";`],
    ['an unclosed quote', `${PLAIN} required password="secret;`],
    ['an option without a value', `${PLAIN} required password=;`],
    ['an option without =', `${PLAIN} required password "secret";`],
    ['two login modules', `${PLAIN} required password="secret"; ${PLAIN} required;`],
    ['nothing', ''],
  ])('refuses %s without repeating what was given', (_name, text) => {
    let error: unknown;
    try {
      parseJaasConfig(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).setting).toBe('sasl.jaas.config');
    expect((error as ConfigError).value).toBeUndefined();
    expect((error as ConfigError).message).not.toContain('secret');
  });
});
