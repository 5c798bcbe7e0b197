import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ConfigError } from '../errors.js';
import { OPTION_RULES } from '../option-rules.js';
import { DefaultPartitioner } from '../partitioners/default.partitioner.js';
import { RoundRobinPartitioner } from '../partitioners/round-robin.partitioner.js';
import { resolveProducerConfig } from '../resolve-producer-config.js';
import { fromKafkaProperties } from './from-kafka-properties.js';
import { parseProperties } from './parse-properties.js';
import { CONSUMER_PROPERTIES, PRODUCER_PROPERTIES } from './property-table.js';
import { SECURITY_PROPERTIES } from './security-properties.js';

const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="alice" password="hunter2";';
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n';
const KEY = '-----BEGIN PRIVATE KEY-----\nREVG\n-----END PRIVATE KEY-----\n';

function failure(properties: Record<string, unknown>): ConfigError {
  try {
    fromKafkaProperties(properties);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect(inspect(error)).not.toContain('hunter2');
    return error as ConfigError;
  }
  throw new Error('the properties were accepted');
}

describe('fromKafkaProperties', () => {
  it('turns text into the types of the options', () => {
    const { client, producer, warnings } = fromKafkaProperties({
      'bootstrap.servers': 'a:9092, b:9093',
      'client.id': 'orders',
      'linger.ms': ' 20 ',
      acks: 'all',
      'enable.idempotence': 'TRUE',
      'compression.type': 'GZIP',
      'compression.gzip.level': '9',
      'compression.zstd.level': '3',
      'transactional.id': 'tx-1',
    });

    expect(client).toEqual({ brokers: ['a:9092', 'b:9093'], clientId: 'orders' });
    expect(producer).toEqual({
      lingerMs: 20,
      acks: 'all',
      enableIdempotence: true,
      compression: 'gzip',
      compressionLevel: 9,
      transactionalId: 'tx-1',
    });
    expect(warnings).toEqual([]);
    expect(resolveProducerConfig(producer).config).toMatchObject({ lingerMs: 20, compressionLevel: 9 });
  });

  it('takes values of their own type, and passes over those that are not given', () => {
    const { producer } = fromKafkaProperties({
      'linger.ms': 20,
      'enable.idempotence': false,
      acks: 1,
      retries: undefined,
      'batch.size': null,
    });

    expect(producer).toEqual({ lingerMs: 20, enableIdempotence: false, acks: 1 });
  });

  it('reads a properties text', () => {
    const text = 'bootstrap.servers=a:1,\\\n  b:2\nlinger.ms = 7\n';

    expect(fromKafkaProperties(parseProperties(text))).toMatchObject({
      client: { brokers: ['a:1', 'b:2'] },
      producer: { lingerMs: 7 },
    });
  });

  it('knows every setting of the producer by a Kafka name', () => {
    const options = new Set<string>([...PRODUCER_PROPERTIES.values()].map((target) => target.option));
    const without = Object.keys(OPTION_RULES).filter((name) => !options.has(name));

    expect(without).toEqual(['compressionLevel']);
  });

  it('knows every setting that the design names', () => {
    const names =
      `key.serializer value.serializer acks max.block.ms delivery.timeout.ms request.timeout.ms retries retry.backoff.ms
      retry.backoff.max.ms linger.ms buffer.memory compression.type batch.size max.in.flight.requests.per.connection max.request.size
      receive.buffer.bytes send.buffer.bytes enable.idempotence partitioner.class partitioner.ignore.keys
      partitioner.adaptive.partitioning.enable partitioner.availability.timeout.ms interceptor.classes metadata.max.age.ms
      connections.max.idle.ms reconnect.backoff.ms transactional.id transaction.timeout.ms group.id fetch.min.bytes fetch.max.bytes
      fetch.max.wait.ms max.partition.fetch.bytes max.poll.records session.timeout.ms heartbeat.interval.ms max.poll.interval.ms
      enable.auto.commit auto.commit.interval.ms auto.offset.reset isolation.level partition.assignment.strategy client.rack
      allow.auto.create.topics security.protocol sasl.mechanism sasl.jaas.config`.split(/\s+/);

    expect(
      names.filter(
        (name) => !PRODUCER_PROPERTIES.has(name) && !CONSUMER_PROPERTIES.has(name) && !SECURITY_PROPERTIES.has(name),
      ),
    ).toEqual([]);
  });

  it('gathers the settings of a consumer only if there are any', () => {
    expect(fromKafkaProperties({ 'linger.ms': 1 })).not.toHaveProperty('consumer');
    expect(
      fromKafkaProperties({
        'group.id': 'g',
        'max.poll.records': '10',
        'enable.auto.commit': 'false',
        'isolation.level': 'READ_COMMITTED',
        'partition.assignment.strategy': 'a.B, c.D',
      }).consumer,
    ).toEqual({
      groupId: 'g',
      maxPollRecords: 10,
      enableAutoCommit: false,
      isolationLevel: 'read_committed',
      partitionAssignmentStrategy: ['a.B', 'c.D'],
    });
  });

  it('warns once for all unknown names, and once for those without a counterpart', () => {
    const lines: string[] = [];
    const log = {
      debug: () => undefined,
      info: () => undefined,
      error: () => undefined,
      warn: (line: string) => void lines.push(line),
    };
    const { warnings } = fromKafkaProperties(
      { lingerms: '1', 'foo.bar': 'hunter2', 'metric.reporters': 'x', 'sasl.login.class': 'y' },
      log,
    );

    expect(warnings).toEqual([
      'sasl.login.class not used, because security.protocol is PLAINTEXT. Set it to SSL, SASL_PLAINTEXT or SASL_SSL.',
      'Unknown Kafka setting(s), ignored: lingerms, foo.bar. Check the spelling.',
      'Kafka setting(s) without a counterpart in Node, ignored: metric.reporters, sasl.login.class.',
    ]);
    expect(lines).toEqual(warnings);
  });

  it('takes __proto__ for an unknown name', () => {
    expect(fromKafkaProperties(parseProperties('__proto__=1')).warnings).toEqual([
      expect.stringContaining('__proto__'),
    ]);
  });

  it.each([
    ['linger.ms', '5ms'],
    ['linger.ms', '1.5'],
    ['linger.ms', ''],
    ['linger.ms', Number.NaN],
    ['enable.idempotence', 'yes'],
    ['client.id', 5],
    ['isolation.level', 'committed'],
    ['security.protocol', 'TLS'],
    ['bootstrap.servers', 'a:1,,b:2'],
    ['bootstrap.servers', ''],
  ])('refuses %s=%p by its Kafka name', (name, value) => {
    expect(failure({ [name]: value })).toMatchObject({ setting: name });
  });

  it('drops a broker named twice, with a warning', () => {
    const { client, warnings } = fromKafkaProperties({ 'bootstrap.servers': 'a:1,a:1' });

    expect(client.brokers).toEqual(['a:1']);
    expect(warnings).toEqual([expect.stringContaining('more than once')]);
  });

  describe('classes', () => {
    it("knows Kafka's own by their Java names", () => {
      expect(
        fromKafkaProperties({
          'key.serializer': 'org.apache.kafka.common.serialization.StringSerializer',
          'value.serializer': 'json',
          'partitioner.class': 'org.apache.kafka.clients.producer.RoundRobinPartitioner',
          'interceptor.classes': '',
        }).producer,
      ).toEqual({
        keySerializer: 'string',
        valueSerializer: 'json',
        partitioner: RoundRobinPartitioner,
        interceptors: [],
      });
    });

    it('hands on classes and instances', () => {
      const instance = new DefaultPartitioner();
      const interceptor = { onSend: (record: unknown) => record };
      class Own {}
      const { producer } = fromKafkaProperties({
        'partitioner.class': instance,
        'value.serializer': Own,
        'interceptor.classes': [interceptor],
      });

      expect(producer.partitioner).toBe(instance);
      expect(producer.valueSerializer).toBe(Own);
      expect(producer.interceptors).toEqual([interceptor]);
    });

    it.each(['key.serializer', 'partitioner.class', 'interceptor.classes'])(
      'refuses a Java class for %s that Node does not have',
      (name) => {
        expect(failure({ [name]: 'com.acme.Custom' })).toMatchObject({
          setting: name,
          value: 'com.acme.Custom',
          rule: 'CLASS',
        });
      },
    );
  });

  describe('security', () => {
    it.each([
      ['SCRAM-SHA-512', SCRAM, 'scram-sha-512'],
      ['SCRAM-SHA-256', SCRAM, 'scram-sha-256'],
      ['PLAIN', SCRAM.replace('ScramLoginModule', 'PlainLoginModule'), 'plain'],
    ])('reads %s', (mechanism, jaas, expected) => {
      const { client } = fromKafkaProperties({
        'security.protocol': 'SASL_SSL',
        'sasl.mechanism': mechanism,
        'sasl.jaas.config': jaas,
      });

      expect(client).toMatchObject({
        ssl: true,
        sasl: { mechanism: expected, username: 'alice', password: 'hunter2' },
      });
    });

    it('leaves TLS off for SASL_PLAINTEXT and SASL off for SSL', () => {
      const sasl = { 'sasl.mechanism': 'SCRAM-SHA-512', 'sasl.jaas.config': SCRAM };

      expect(fromKafkaProperties({ 'security.protocol': 'sasl_plaintext', ...sasl }).client).not.toHaveProperty('ssl');
      expect(fromKafkaProperties({ 'security.protocol': 'SSL', ...sasl }).client).not.toHaveProperty('sasl');
    });

    it.each([
      [{ 'sasl.mechanism': 'GSSAPI' }, 'sasl.mechanism'],
      [{}, 'sasl.mechanism'],
      [{ 'sasl.mechanism': 'PLAIN' }, 'sasl.jaas.config'],
      [{ 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': SCRAM }, 'sasl.jaas.config'],
      [
        { 'sasl.mechanism': 'SCRAM-SHA-512', 'sasl.jaas.config': SCRAM.replace('username', 'user') },
        'sasl.jaas.config',
      ],
      [
        { 'sasl.mechanism': 'SCRAM-SHA-512', 'sasl.jaas.config': SCRAM.replace(';', ' tokenauth="true";') },
        'sasl.jaas.config',
      ],
    ])('refuses %j', (properties, setting) => {
      expect(failure({ 'security.protocol': 'SASL_PLAINTEXT', ...properties })).toMatchObject({ setting });
    });

    it('asks for code where OAUTHBEARER needs it', () => {
      const { client, warnings } = fromKafkaProperties({
        'security.protocol': 'SASL_SSL',
        'sasl.mechanism': 'OAUTHBEARER',
      });

      expect(client).not.toHaveProperty('sasl');
      expect(warnings).toEqual([expect.stringContaining('oauthBearerProvider')]);
    });
  });

  describe('TLS', () => {
    let folder: string;
    const tls = (properties: Record<string, unknown>): unknown =>
      fromKafkaProperties({ 'security.protocol': 'SSL', ...properties }).client.ssl;

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'kafka-properties-'));
      writeFileSync(join(folder, 'ca.pem'), `Issuer: someone\n${CERTIFICATE}${CERTIFICATE}`);
      writeFileSync(join(folder, 'client.pem'), KEY + CERTIFICATE);
      writeFileSync(join(folder, 'client.p12'), 'p12');
    });

    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it('trusts the certificates given as text, also on one line', () => {
      expect(
        tls({ 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': CERTIFICATE.replaceAll('\n', ' ') }),
      ).toEqual({ ca: [CERTIFICATE] });
    });

    it('trusts the certificates of a PEM file', () => {
      expect(tls({ 'ssl.truststore.type': 'pem', 'ssl.truststore.location': join(folder, 'ca.pem') })).toEqual({
        ca: [CERTIFICATE, CERTIFICATE],
      });
    });

    it('shows the certificate given as text, with the password of its key', () => {
      expect(
        tls({
          'ssl.keystore.type': 'PEM',
          'ssl.keystore.certificate.chain': CERTIFICATE,
          'ssl.keystore.key': KEY,
          'ssl.key.password': 'hunter2',
        }),
      ).toEqual({ cert: CERTIFICATE, key: KEY, passphrase: 'hunter2' });
    });

    it('shows the certificate of one PEM file with key and chain', () => {
      expect(tls({ 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': join(folder, 'client.pem') })).toEqual({
        cert: CERTIFICATE,
        key: KEY,
      });
    });

    it('shows the certificate of a PKCS#12 file', () => {
      expect(
        tls({
          'ssl.keystore.type': 'PKCS12',
          'ssl.keystore.location': join(folder, 'client.p12'),
          'ssl.keystore.password': 'hunter2',
        }),
      ).toEqual({ pfx: Buffer.from('p12'), passphrase: 'hunter2' });
    });

    it('does not compare the host name when told so, and still checks the certificate', () => {
      const ssl = tls({ 'ssl.endpoint.identification.algorithm': '' }) as { checkServerIdentity: () => undefined };

      expect(ssl.checkServerIdentity()).toBeUndefined();
      expect(ssl).not.toHaveProperty('rejectUnauthorized');
      expect(tls({ 'ssl.endpoint.identification.algorithm': 'HTTPS' })).toBe(true);
    });

    it('takes the lowest and highest of the enabled versions', () => {
      expect(tls({ 'ssl.enabled.protocols': 'TLSv1.3,TLSv1.2' })).toEqual({
        minVersion: 'TLSv1.2',
        maxVersion: 'TLSv1.3',
      });
    });

    it.each([
      [
        'a Java trust store',
        { 'ssl.truststore.location': '/x.jks', 'ssl.truststore.password': 'hunter2' },
        'ssl.truststore.type',
        /keytool/,
      ],
      [
        'a Java key store',
        { 'ssl.keystore.type': 'JKS', 'ssl.keystore.location': '/x.jks' },
        'ssl.keystore.type',
        /keytool/,
      ],
      [
        'a missing file',
        { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': '/no/such.pem' },
        'ssl.truststore.location',
        /ENOENT/,
      ],
      [
        'text that is no PEM',
        { 'ssl.truststore.certificates': 'hunter2' },
        'ssl.truststore.certificates',
        /no PEM certificate/,
      ],
      [
        'a key that is none',
        { 'ssl.keystore.certificate.chain': CERTIFICATE, 'ssl.keystore.key': 'hunter2' },
        'ssl.keystore.key',
        /private key/,
      ],
      [
        'a store password for PEM',
        { 'ssl.truststore.certificates': CERTIFICATE, 'ssl.truststore.password': 'hunter2' },
        'ssl.truststore.password',
        /no meaning/,
      ],
      ['an unknown version', { 'ssl.enabled.protocols': 'SSLv3' }, 'ssl.enabled.protocols', /TLSv1.2/],
    ])('refuses %s', (_name, properties, setting, message) => {
      const error = failure({ 'security.protocol': 'SSL', ...properties });

      expect(error.setting).toBe(setting);
      expect(error.message).toMatch(message);
    });
  });
});
