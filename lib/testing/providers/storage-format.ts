import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { formatProperties } from '../cluster/server-properties.js';
import type { TestUser } from '../kafka-test-cluster-options.js';
import { cacheRoot, cachedDirectory } from './cache-directory.js';
import { classpathOf, type KafkaJars } from './kafka-jars.js';

const run = promisify(execFile);
const CHECKPOINT = 'bootstrap.checkpoint';

/** A cluster, node or directory id: 16 bytes in Kafka's text form. A leading hyphen would look like an option to Kafka's tools. */
export function randomUuid(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? randomUuid() : id;
}

/** Arguments of Kafka's storage tool that create the SCRAM users. */
export function scramArguments(users: readonly TestUser[]): string[] {
  return users
    .filter((user) => user.mechanism !== 'plain')
    .flatMap((user) => [
      '--add-scram',
      `${user.mechanism.toUpperCase()}=[name=${user.username},password=${user.password}]`,
    ]);
}

/**
 * Makes formatted, empty data directories without a JVM for each of them: what the storage tool writes depends on the Kafka version
 * and the SCRAM users alone, apart from `meta.properties`, so it runs once and its result is cached.
 */
export class StorageFormat {
  private readonly clusterId = randomUuid();

  private constructor(private readonly template: string) {}

  public static async prepare(java: string, jars: KafkaJars, users: readonly TestUser[]): Promise<StorageFormat> {
    const scram = scramArguments(users);
    const key = createHash('sha256')
      .update(JSON.stringify([jars.kafkaVersion, scram]))
      .digest('hex')
      .slice(0, 16);
    const directory = join(cacheRoot(), `format-${jars.kafkaVersion}-${key}`);
    const template = await cachedDirectory(directory, (temporary) => formatOnce(java, jars, scram, temporary));
    return new StorageFormat(template);
  }

  public async format(dataDirectory: string, nodeId: number): Promise<void> {
    await mkdir(dataDirectory, { recursive: true });
    await copyFile(join(this.template, CHECKPOINT), join(dataDirectory, CHECKPOINT));
    const meta = {
      version: '1',
      'cluster.id': this.clusterId,
      'node.id': String(nodeId),
      'directory.id': randomUuid(),
    };
    await writeFile(join(dataDirectory, 'meta.properties'), formatProperties(meta));
  }
}

async function formatOnce(java: string, jars: KafkaJars, scram: readonly string[], directory: string): Promise<void> {
  const data = join(directory, 'data');
  const properties = join(directory, 'format.properties');
  await writeFile(
    properties,
    formatProperties({
      'process.roles': 'broker,controller',
      'node.id': '1',
      'controller.quorum.voters': '1@127.0.0.1:9093',
      'controller.listener.names': 'CONTROLLER',
      listeners: 'PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093',
      'log.dirs': data,
    }),
  );
  const tool = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', classpathOf(jars), 'kafka.tools.StorageTool'];
  await run(java, [...tool, 'format', '-t', randomUuid(), '-c', properties, ...scram], { timeout: 60_000 });
  await copyFile(join(data, CHECKPOINT), join(directory, CHECKPOINT));
}
