import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrokerConnection } from '../../lib/wire/broker-connection.js';
import { ErrorCode } from '../../lib/wire/error-codes.js';
import { NoneCodec } from '../../lib/wire/compression/none-codec.js';
import { apiVersionsApi, type ApiVersionsResponse } from '../../lib/wire/protocol/api-versions.js';
import { initProducerIdApi } from '../../lib/wire/protocol/init-producer-id.js';
import { metadataApi } from '../../lib/wire/protocol/metadata.js';
import { produceApi } from '../../lib/wire/protocol/produce.js';
import { versions } from '../../lib/wire/spec-support/kafka-bytes.js';
import { sharedCluster, waitFor } from '../support/broker.js';
import { buildBatch } from './build-batch.js';
import { createReadyTopic } from './create-ready-topic.js';
import { openConnection, REQUEST_TIMEOUT_MS } from './open-connection.js';

describe('a real broker', () => {
  let opened: Awaited<ReturnType<typeof openConnection>>;
  let connection: BrokerConnection;
  let offered: ApiVersionsResponse;
  const address = (): string => sharedCluster().bootstrapServers()[0] ?? '';
  /** The oldest broker of the tests, 3.9, knows less than the newest. */
  const isOffered = (key: number, version: number): boolean => {
    const range = offered.ranges.get(key);
    return range !== undefined && version >= range.minVersion && version <= range.maxVersion;
  };

  beforeAll(async () => {
    opened = await openConnection(address());
    connection = opened.connection;
    const request = { clientSoftwareName: 'wire-test', clientSoftwareVersion: '1.0' };
    offered = await connection.send(apiVersionsApi, request, REQUEST_TIMEOUT_MS, 3);
  });
  afterAll(() => opened[Symbol.dispose]());

  it.each(versions(apiVersionsApi))('answers ApiVersions v%i with the same ranges', async (version) => {
    const request = { clientSoftwareName: 'wire-test', clientSoftwareVersion: '1.0' };
    const response = await connection.send(apiVersionsApi, request, REQUEST_TIMEOUT_MS, version);
    expect(response.errorCode).toBe(0);
    expect(response.ranges).toEqual(offered.ranges);
    expect(response.ranges.get(metadataApi.key)?.maxVersion).toBeGreaterThanOrEqual(metadataApi.maxVersion);
  });

  it('tells the finalized features of the cluster', () => {
    const metadataVersion = offered.finalizedFeatures.find(({ name }) => name === 'metadata.version');
    expect(metadataVersion?.maxLevel).toBeGreaterThanOrEqual(21);
    expect(metadataVersion?.minLevel).toBeLessThanOrEqual(metadataVersion?.maxLevel ?? 0);
    expect(offered.finalizedFeaturesEpoch).toBeGreaterThanOrEqual(0n);
  });

  it.each(versions(metadataApi))(
    'answers Metadata v%i for a topic, for all, and for one that is missing',
    async (version) => {
      const topic = await createReadyTopic(connection, 3);
      const request = { topics: [topic, `${topic}-missing`], allowAutoTopicCreation: false };
      const response = await connection.send(metadataApi, request, REQUEST_TIMEOUT_MS, version);

      const [broker] = response.brokers;
      expect(`${broker?.host}:${broker?.port}`).toBe(address());
      expect(response.clusterId).toEqual(expect.any(String));
      const found = response.topics.find(({ name }) => name === topic);
      const ascending = [...(found?.partitions ?? [])].sort((one, other) => one.partition - other.partition);
      expect(ascending).toEqual(
        [0, 1, 2].map((partition) => ({
          partition,
          leaderId: broker?.nodeId,
          leaderEpoch: version >= 7 ? expect.any(Number) : -1,
          replicas: [broker?.nodeId],
          isr: [broker?.nodeId],
          offlineReplicas: [],
          errorCode: 0,
        })),
      );
      expect(response.topics.find(({ name }) => name === `${topic}-missing`)).toMatchObject({
        errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        partitions: [],
      });

      const all = { topics: null, allowAutoTopicCreation: false };
      const allTopics = (await connection.send(metadataApi, all, REQUEST_TIMEOUT_MS, version)).topics;
      expect(allTopics.map(({ name }) => name)).toContain(topic);
      const none = { topics: [], allowAutoTopicCreation: false };
      expect((await connection.send(metadataApi, none, REQUEST_TIMEOUT_MS, version)).topics).toEqual([]);
    },
  );

  it.each(versions(initProducerIdApi))('hands out producer ids by InitProducerId v%i', async (version) => {
    const request = { transactionalId: null, transactionTimeoutMs: 60_000, producerId: -1n, producerEpoch: -1 };
    const ids = new Set<bigint>();
    await waitFor(
      async () => {
        const answer = await connection.send(initProducerIdApi, request, REQUEST_TIMEOUT_MS, version);
        if (answer.errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) return false;
        expect(answer).toMatchObject({ errorCode: 0, producerEpoch: 0 });
        ids.add(answer.producerId);
        return ids.size === 2;
      },
      { what: 'two producer ids' },
    );
    expect([...ids].every((id) => id >= 0n)).toBe(true);
  });

  it.each(versions(produceApi))(
    'stores what Produce v%i brings, for several topics and partitions',
    async (version) => {
      if (!isOffered(produceApi.key, version)) return;
      const topics = [await createReadyTopic(connection, 2), await createReadyTopic(connection, 2)];
      const request = {
        transactionalId: null,
        acks: -1,
        timeoutMs: REQUEST_TIMEOUT_MS,
        topics: topics.map((name) => ({
          name,
          partitions: [0, 1, 9].map((index) => ({ index, records: batchOf(`${name}-${index}`) })),
        })),
      };
      const response = await connection.send(produceApi, request, REQUEST_TIMEOUT_MS, version);
      expect(response.topics.map(({ name }) => name).sort()).toEqual([...topics].sort());
      for (const { partitions } of response.topics) {
        const ascending = [...partitions].sort((one, other) => one.index - other.index);
        expect(ascending.map(({ index, errorCode }) => [index, errorCode])).toEqual([
          [0, 0],
          [1, 0],
          [9, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
        ]);
        const stored = { baseOffset: 0n, logAppendTime: -1, logStartOffset: version >= 5 ? 0n : -1n };
        expect(ascending[0]).toMatchObject({ ...stored, recordErrors: [], errorMessage: null, currentLeader: null });
      }
      for (const topic of topics) {
        const values = (await sharedCluster().readTopic(topic)).map(({ value }) => String(value));
        expect(values.sort()).toEqual([`${topic}-0`, `${topic}-1`]);
      }
    },
  );

  it.each([8, 9, 12])('names the records it refuses, by Produce v%i', async (version) => {
    if (!isOffered(produceApi.key, version)) return;
    const topic = await createReadyTopic(connection, 1, { 'cleanup.policy': 'compact' });
    const request = {
      transactionalId: null,
      acks: -1,
      timeoutMs: REQUEST_TIMEOUT_MS,
      topics: [{ name: topic, partitions: [{ index: 0, records: batchOf('without a key') }] }],
    };
    const { topics } = await connection.send(produceApi, request, REQUEST_TIMEOUT_MS, version);
    expect(topics[0]?.partitions[0]).toMatchObject({
      errorCode: ErrorCode.INVALID_RECORD,
      baseOffset: -1n,
      recordErrors: [{ index: 0, message: expect.stringContaining('key') }],
      errorMessage: expect.any(String),
    });
  });
});

function batchOf(value: string): Buffer {
  return buildBatch([Buffer.from(value)], new NoneCodec(), Date.now());
}
