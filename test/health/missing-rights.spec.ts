import { describe, expect, it } from '@jest/globals';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import { KafkaProducer } from 'nestjs-kafka-producer';
import { waitFor } from '../support/broker.js';
import { useTestCluster } from '../support/use-test-cluster.js';
import { HealthApplication } from './health-application.js';

const WRITER = { mechanism: 'plain', username: 'writer', password: 'writer-secret' } as const;
const NOBODY = { mechanism: 'plain', username: 'nobody', password: 'nobody-secret' } as const;
const TOPIC = 'orders';

describe('a broker that allows little', () => {
  const test = useTestCluster({
    brokers: 1,
    listeners: ['sasl_plaintext'],
    users: [WRITER, NOBODY],
    brokerProperties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // Brokers, and tests that use the plaintext listener.
      'super.users': 'User:ANONYMOUS',
    },
    topics: [{ name: TOPIC }],
  });

  it('lets durability say that it may not read the settings, and nothing is down for that', async () => {
    const admin = test.cluster.kafkaJs().admin();
    await admin.connect();
    const acl = [AclOperationTypes.WRITE, AclOperationTypes.DESCRIBE].map((operation) => ({
      resourceType: AclResourceTypes.TOPIC,
      resourceName: TOPIC,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: 'User:writer',
      host: '*',
      operation,
      permissionType: AclPermissionTypes.ALLOW,
    }));
    await admin.createAcls({ acl });
    await admin.disconnect();

    await using application = await HealthApplication.start([], {
      client: test.cluster.clientConfig('sasl_plaintext', WRITER),
    });
    const producer = application.get(KafkaProducer);
    const sent = (): Promise<boolean> =>
      producer.send({ topic: TOPIC, value: 1 }).then(
        () => true,
        () => false,
      );
    await waitFor(sent, { what: 'the rights' });
    const reported = async (): Promise<Readonly<Record<string, unknown>>> =>
      (await application.check('ready')).details['durability']?.clusters?.['KafkaProducer']?.topics[TOPIC] ?? {};
    await waitFor(async () => (await reported())['ageMs'] !== null, { what: 'the look at the topic' });
    expect(await reported()).toMatchObject({
      replicationFactor: 1,
      unknown: expect.stringMatching(/DescribeConfigs answered TOPIC_AUTHORIZATION_FAILED/),
    });
    const { code, status } = await application.check('ready');
    expect([code, status]).toEqual([200, 'ok']);
  });

  it('makes a producer fail for good that may not write at all, which fails liveness', async () => {
    await using application = await HealthApplication.start([], {
      client: test.cluster.clientConfig('sasl_plaintext', NOBODY),
    });
    const { details } = await application.until('live', 503, 'the refusal');
    expect(details['producer']).toMatchObject({
      problems: [expect.stringMatching(/It has failed for good: .*CLUSTER_AUTHORIZATION_FAILED/)],
      producers: { KafkaProducer: { state: 'failed' } },
    });
    expect((await application.check('ready')).code).toBe(503);
    expect((await application.check('start')).code).toBe(503);
  });
});
