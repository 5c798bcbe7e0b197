import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes, type AclEntry } from 'kafkajs';
import { KafkaTestCluster } from '../../lib/testing/index.js';
import { cli, type CliResult } from '../support/cli.js';

jest.setTimeout(60_000);

const USER = 'eve';
const PASSWORD = 'eve-secret';

let cluster: KafkaTestCluster;
let directory: string;

/** A broker that lets nobody do anything without an ACL, except for who comes over the plaintext listener. */
beforeAll(async () => {
  cluster = await KafkaTestCluster.start({
    bootstrapServers: [],
    listeners: ['sasl_plaintext'],
    users: [{ mechanism: 'plain', username: USER, password: PASSWORD }],
    brokerProperties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    },
    topics: [{ name: 'orders' }, { name: 'seen' }],
  });
  directory = await mkdtemp(join(tmpdir(), 'cli-rights-'));
  await writeFile(join(directory, 'eve.properties'), properties(PASSWORD));
  await writeFile(join(directory, 'wrong.properties'), properties('not-it'));
  await allow(AclResourceTypes.TOPIC, 'seen', AclOperationTypes.DESCRIBE);
  for (const group of ['seen-group', 'described'])
    await allow(AclResourceTypes.GROUP, group, AclOperationTypes.DESCRIBE);
});

afterAll(async () => {
  await cluster.stop();
  await rm(directory, { recursive: true, force: true });
});

function properties(password: string): string {
  return [
    `bootstrap.servers=${cluster.bootstrapServers('sasl_plaintext').join(',')}`,
    'security.protocol=SASL_PLAINTEXT',
    'sasl.mechanism=PLAIN',
    `sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="${USER}" password="${password}";`,
  ].join('\n');
}

async function allow(resourceType: number, resourceName: string, operation: number): Promise<void> {
  const admin = cluster.kafkaJs().admin();
  await admin.connect();
  const acl: AclEntry = {
    principal: `User:${USER}`,
    host: '*',
    operation,
    permissionType: AclPermissionTypes.ALLOW,
    resourceType,
    resourceName,
    resourcePatternType: ResourcePatternTypes.LITERAL,
  };
  await admin.createAcls({ acl: [acl] });
  await admin.disconnect();
}

function asEve(args: readonly string[], input = '', file = 'eve.properties'): Promise<CliResult> {
  return cli([...args, '--command-config', join(directory, file)], { input });
}

describe('a user without the right', () => {
  it.each<[string[], string, string]>([
    [['topics', 'describe', '--topic', 'orders'], 'Describe', "topic 'orders'"],
    [['topics', 'create', '--topic', 'new'], 'Create', "topic 'new'"],
    [['topics', 'alter', '--topic', 'seen', '--partitions', '3'], 'Alter', "topic 'seen'"],
    [['topics', 'alter', '--topic', 'seen', '--config', 'retention.ms=1'], 'AlterConfigs', "topic 'seen'"],
    [['topics', 'delete', '--topic', 'seen'], 'Delete', "topic 'seen'"],
    [['topics', 'describe', '--topics-with-overrides', '--topic', 'seen'], 'DescribeConfigs', "topic 'seen'"],
    [['groups', 'describe', '--group', 'billing'], 'Describe', "group 'billing'"],
    [['groups', 'delete', '--group', 'described'], 'Delete', "group 'described'"],
    [
      ['groups', 'reset-offsets', '--group', 'seen-group', '--topic', 'seen', '--to-earliest', '--execute'],
      'Read',
      "group 'seen-group'",
    ],
  ])('learns from "%j" that %s is missing', async (args, operation, resource) => {
    const { exitCode, stderr, stdout } = await asEve(args);
    const errors = stderr.split('\n').filter((line) => line.startsWith('error: '));
    expect({ exitCode, stdout, errors: errors.length }).toEqual({ exitCode: 1, stdout: '', errors: 1 });
    expect(errors[0]).toContain(`User:eve may not ${operation} on ${resource}`);
    expect(errors[0]).toContain(`--allow-principal User:eve --operation ${operation} --`);
    expect(stderr).not.toContain(PASSWORD);
  });

  it.each<[string[], string, string]>([
    [['produce', '--topic', 'orders'], 'Describe', "topic 'orders'"],
    [['produce', '--topic', 'seen'], 'Write', "topic 'seen'"],
    [['produce', '--topic', 'seen', '--transactional-id', 'x'], 'Describe', "transactional-id 'x'"],
    [['consume', '--topic', 'orders'], 'Describe', "topic 'orders'"],
    [['consume', '--topic', 'seen', '--from-beginning'], 'Read', "topic 'seen'"],
    [['consume', '--topic', 'seen', '--group', 'billing'], 'Describe', "group 'billing'"],
    [['consume', '--topic', 'seen', '--group', 'described'], 'Read', "group 'described'"],
    [['dead-letters', 'list', '--topic', 'orders'], 'Describe', "topic 'orders'"],
    [['dead-letters', 'replay', '--topic', 'seen'], 'Describe', "group 'nest-kafka-replay.seen'"],
    [
      ['dead-letters', 'replay', '--topic', 'seen', '--execute'],
      'Describe',
      "transactional-id 'nest-kafka-replay.seen'",
    ],
  ])('learns from "%j", which is about records, that %s is missing', async (args, operation, resource) => {
    const { exitCode, stderr, stdout } = await asEve(args, 'a\nb\n');
    expect({ exitCode, stdout, told: stderr.trim().split('\n') }).toEqual({
      exitCode: 1,
      stdout: '',
      told: [expect.stringContaining(`error: User:eve may not ${operation} on ${resource}`)],
    });
  });

  it('sees partitions, and a warning instead of the settings it may not see', async () => {
    const { exitCode, stderr, stdout } = await asEve(['topics', 'describe', '--topic', 'seen', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ topic: 'seen', minInsyncReplicas: null, partitionCount: 1 }]);
    expect(stderr).toContain("warning: Settings are not shown. User:eve may not DescribeConfigs on topic 'seen'");
  });

  it('lists only what it may see', async () => {
    expect((await asEve(['topics', 'list'])).stdout).toBe('seen\n');
  });

  it('can do it when the right is there', async () => {
    await allow(AclResourceTypes.TOPIC, 'seen', AclOperationTypes.ALTER);
    const { exitCode, stdout } = await asEve(['topics', 'alter', '--topic', 'seen', '--partitions', '2']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'Altered: seen\n' });
  });
});

describe('a login that is refused', () => {
  it('is told in one line, without the password', async () => {
    const { exitCode, stderr } = await asEve(['topics', 'list'], '', 'wrong.properties');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: The broker 127\.0\.0\.1:\d+ refused the SASL login.*sasl\.jaas\.config.*\n$/);
    expect(stderr).not.toContain('not-it');
  });
});
