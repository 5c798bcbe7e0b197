import type { KafkaClientOptions } from '../../wire/kafka-client-options.js';
import { ConfigError } from '../errors.js';
import { parseJaasConfig } from './jaas-config.js';
import { secretProperty, textProperty, wordProperty } from './property-values.js';
import { readTls, TLS_PROPERTIES } from './tls-properties.js';

/** The names that `readSecurity` understands. */
export const SECURITY_PROPERTIES: ReadonlySet<string> = new Set([
  'security.protocol',
  'sasl.mechanism',
  'sasl.jaas.config',
  ...TLS_PROPERTIES,
]);

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;

type Security = Pick<KafkaClientOptions, 'ssl' | 'sasl'>;

/**
 * `client.ssl` and `client.sasl` for Kafka's `security.protocol`, `sasl.*` and `ssl.*`.
 * @throws ConfigError; never with a password in it
 */
export function readSecurity(properties: ReadonlyMap<string, unknown>, warnings: string[]): Security {
  const given = properties.get('security.protocol');
  const protocol = given === undefined ? 'PLAINTEXT' : wordProperty('security.protocol', given, PROTOCOLS);
  const usesTls = protocol === 'SSL' || protocol === 'SASL_SSL';
  const usesSasl = protocol === 'SASL_PLAINTEXT' || protocol === 'SASL_SSL';
  warnOfUnused(properties, protocol, usesTls, usesSasl, warnings);
  return {
    ...(usesTls ? { ssl: nonEmpty(readTls(properties)) } : {}),
    ...(usesSasl ? readSasl(properties, warnings) : {}),
  };
}

function nonEmpty(tls: object): object | true {
  return Object.keys(tls).length === 0 ? true : tls;
}

/** Java is silent here, and the broker then refuses a client that everybody believes to be configured. */
function warnOfUnused(
  properties: ReadonlyMap<string, unknown>,
  protocol: string,
  usesTls: boolean,
  usesSasl: boolean,
  warnings: string[],
): void {
  const unused = [...properties.keys()].filter(
    (name) => (name.startsWith('ssl.') && !usesTls) || (name.startsWith('sasl.') && !usesSasl),
  );
  if (unused.length === 0) return;
  warnings.push(
    `${unused.join(', ')} not used, because security.protocol is ${protocol}. Set it to SSL, SASL_PLAINTEXT or SASL_SSL.`,
  );
}

function readSasl(properties: ReadonlyMap<string, unknown>, warnings: string[]): Pick<KafkaClientOptions, 'sasl'> {
  const given = properties.get('sasl.mechanism');
  const mechanism = given === undefined ? 'GSSAPI' : textProperty('sasl.mechanism', given).toUpperCase();
  switch (mechanism) {
    case 'PLAIN':
      return { sasl: { mechanism: 'plain', ...readLogin(properties, 'PlainLoginModule') } };
    case 'SCRAM-SHA-256':
      return { sasl: { mechanism: 'scram-sha-256', ...readLogin(properties, 'ScramLoginModule') } };
    case 'SCRAM-SHA-512':
      return { sasl: { mechanism: 'scram-sha-512', ...readLogin(properties, 'ScramLoginModule') } };
    case 'OAUTHBEARER':
      warnings.push(
        "sasl.mechanism OAUTHBEARER needs code: set client.sasl to { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: token }) }.",
      );
      return {};
    default:
      throw new ConfigError(
        `sasl.mechanism ${given === undefined ? 'is not set, and its default GSSAPI' : mechanism} is not available in Node. ` +
          'Use PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER, or give client.sasl a mechanism of your own.',
        'sasl.mechanism',
        given,
        'SASL',
      );
  }
}

function readLogin(properties: ReadonlyMap<string, unknown>, expected: string): { username: string; password: string } {
  const given = properties.get('sasl.jaas.config');
  if (given === undefined) {
    throw new ConfigError(
      `sasl.jaas.config is missing. Set it to: ${expected} required username="..." password="...";`,
      'sasl.jaas.config',
      undefined,
      'SASL',
    );
  }
  const { loginModule, options } = parseJaasConfig(secretProperty('sasl.jaas.config', given));
  const username = options.get('username');
  const password = options.get('password');
  if (
    loginModule !== expected ||
    username === undefined ||
    password === undefined ||
    options.get('tokenauth') === 'true'
  ) {
    throw new ConfigError(
      `sasl.jaas.config must hold ${expected} with username and password for this sasl.mechanism (delegation tokens are not supported).`,
      'sasl.jaas.config',
      undefined,
      'SASL',
    );
  }
  return { username, password };
}
