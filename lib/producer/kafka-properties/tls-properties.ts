import { readFileSync } from 'node:fs';
import type { ConnectionOptions, SecureVersion } from 'node:tls';
import { ConfigError } from '../errors.js';
import { parsePem } from './pem.js';
import { listProperty, secretProperty, textProperty, wordProperty } from './property-values.js';

const TLS_VERSIONS: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/** The `ssl.*` names that `readTls` understands. */
export const TLS_PROPERTIES: readonly string[] = [
  'ssl.truststore.type',
  'ssl.truststore.certificates',
  'ssl.truststore.location',
  'ssl.truststore.password',
  'ssl.keystore.type',
  'ssl.keystore.certificate.chain',
  'ssl.keystore.key',
  'ssl.keystore.location',
  'ssl.keystore.password',
  'ssl.key.password',
  'ssl.endpoint.identification.algorithm',
  'ssl.enabled.protocols',
];

type Properties = ReadonlyMap<string, unknown>;

/**
 * Node's TLS options for Kafka's `ssl.*`. Trust is PEM; a client's own certificate is PEM or PKCS#12. Java's key stores (JKS) cannot be
 * read by Node: the error says how to convert them.
 * @throws ConfigError; never with a password or key in it
 */
export function readTls(properties: Properties): ConnectionOptions {
  return {
    ...readTrust(properties),
    ...readIdentity(properties),
    ...readHostNameCheck(properties),
    ...readVersions(properties),
  };
}

function readTrust(properties: Properties): ConnectionOptions {
  const inline = properties.get('ssl.truststore.certificates');
  const location = properties.get('ssl.truststore.location');
  if (inline === undefined && location === undefined) return {};
  requireType(properties, 'ssl.truststore.type', ['PEM'], inline === undefined);
  if (properties.get('ssl.truststore.password') !== undefined) {
    throw new ConfigError(
      'ssl.truststore.password has no meaning for PEM. Remove it.',
      'ssl.truststore.password',
      undefined,
      'TLS',
    );
  }
  const { certificates } = readPem(properties, 'ssl.truststore.certificates', 'ssl.truststore.location');
  if (certificates.length === 0)
    throw noPemBlock(inline === undefined ? 'ssl.truststore.location' : 'ssl.truststore.certificates', 'certificate');
  return { ca: certificates };
}

function readIdentity(properties: Properties): ConnectionOptions {
  const chain = properties.get('ssl.keystore.certificate.chain');
  const key = properties.get('ssl.keystore.key');
  const location = properties.get('ssl.keystore.location');
  if (chain === undefined && key === undefined && location === undefined) return {};
  const type = requireType(properties, 'ssl.keystore.type', ['PEM', 'PKCS12'], location !== undefined);
  if (type === 'PKCS12') return readPkcs12(properties, location);
  if (properties.get('ssl.keystore.password') !== undefined) {
    throw new ConfigError(
      'ssl.keystore.password has no meaning for PEM. Remove it; the password of an encrypted key is ssl.key.password.',
      'ssl.keystore.password',
      undefined,
      'TLS',
    );
  }
  const certificates = readPem(properties, 'ssl.keystore.certificate.chain', 'ssl.keystore.location').certificates;
  const { privateKeys } = readPem(properties, 'ssl.keystore.key', 'ssl.keystore.location');
  const from = location === undefined ? '' : 'ssl.keystore.location';
  if (certificates.length === 0) throw noPemBlock(from === '' ? 'ssl.keystore.certificate.chain' : from, 'certificate');
  const [privateKey] = privateKeys;
  if (privateKey === undefined) throw noPemBlock(from === '' ? 'ssl.keystore.key' : from, 'private key');
  return { cert: certificates.join(''), key: privateKey, ...passphrase(properties, 'ssl.key.password') };
}

function readPkcs12(properties: Properties, location: unknown): ConnectionOptions {
  const name = 'ssl.keystore.location';
  return { pfx: readFile(name, textProperty(name, location)), ...passphrase(properties, 'ssl.keystore.password') };
}

function readHostNameCheck(properties: Properties): ConnectionOptions {
  const name = 'ssl.endpoint.identification.algorithm';
  const value = properties.get(name);
  if (value === undefined || wordProperty(name, value, ['https', '']) === 'https') return {};
  return { checkServerIdentity: () => undefined };
}

function readVersions(properties: Properties): ConnectionOptions {
  const name = 'ssl.enabled.protocols';
  const value = properties.get(name);
  if (value === undefined) return {};
  const enabled = listProperty(name, value).map((entry) =>
    TLS_VERSIONS.indexOf(wordProperty(name, entry, TLS_VERSIONS)),
  );
  const minVersion = TLS_VERSIONS[Math.min(...enabled)];
  const maxVersion = TLS_VERSIONS[Math.max(...enabled)];
  return minVersion === undefined || maxVersion === undefined ? {} : { minVersion, maxVersion };
}

/** Java's default type is JKS, so a file without a type is one; PEM given as text speaks for itself. */
function requireType(properties: Properties, name: string, readable: readonly string[], fromFile: boolean): string {
  const given = properties.get(name);
  const type = given === undefined ? (fromFile ? 'JKS' : 'PEM') : textProperty(name, given).toUpperCase();
  if (readable.includes(type)) return type;
  throw new ConfigError(
    `${name} is ${type}, which Node cannot read. Set ${name}=${readable.join(' or ')} and convert the store, e.g. ` +
      'keytool -importkeystore -srckeystore store.jks -destkeystore store.p12 -deststoretype PKCS12, then ' +
      'openssl pkcs12 -in store.p12 -out store.pem.',
    name,
    given,
    'TLS',
  );
}

function readPem(properties: Properties, inlineName: string, locationName: string): ReturnType<typeof parsePem> {
  const inline = properties.get(inlineName);
  if (inline !== undefined) return parsePem(secretProperty(inlineName, inline));
  const location = properties.get(locationName);
  if (location === undefined) return { certificates: [], privateKeys: [] };
  return parsePem(readFile(locationName, textProperty(locationName, location)).toString('utf8'));
}

function readFile(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'no reason given';
    throw new ConfigError(
      `${name}: cannot read ${path} (${code}). Check the path and its permissions.`,
      name,
      path,
      'TLS',
    );
  }
}

function passphrase(properties: Properties, name: string): ConnectionOptions {
  const value = properties.get(name);
  return value === undefined ? {} : { passphrase: secretProperty(name, value) };
}

function noPemBlock(name: string, what: string): ConfigError {
  return new ConfigError(
    `${name} holds no PEM ${what} ("-----BEGIN ..."). Check that it is PEM.`,
    name,
    undefined,
    'TLS',
  );
}
