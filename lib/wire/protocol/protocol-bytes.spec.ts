import { bytesOf, hexOf, joined, versions } from '../spec-support/kafka-bytes.js';
import { apiVersionsApi } from './api-versions.js';
import { initProducerIdApi } from './init-producer-id.js';
import { metadataApi } from './metadata.js';
import { produceApi, type ProduceRequest } from './produce.js';

const BROKER_1 = { nodeId: 1, host: 'kafka-1.example', port: 9092, rack: 'eu-a' };
const BROKER_2 = { nodeId: 2, host: 'kafka-2.example', port: 19092, rack: null };

describe.each(versions(metadataApi))('Metadata v%i, against the bytes of Kafka’s own classes', (version) => {
  it('asks for some topics, for none and for all', () => {
    const some = { topics: ['orders', 'Zahlungen-äöü'], allowAutoTopicCreation: false };
    expect(joined(metadataApi.encodeRequest(version, some))).toBe(hexOf(`MetadataRequest some v${version}`));
    const none = { topics: [], allowAutoTopicCreation: false };
    expect(joined(metadataApi.encodeRequest(version, none))).toBe(hexOf(`MetadataRequest none v${version}`));
    const all = { topics: null, allowAutoTopicCreation: true };
    expect(joined(metadataApi.encodeRequest(version, all))).toBe(hexOf(`MetadataRequest all v${version}`));
  });

  it('reads brokers, topics and partitions', () => {
    const offline = version >= 5 ? [2] : [];
    // The generator's Uuid(1, 2), and the zero id that it leaves where none is set.
    const topicId = version >= 10 ? '00000000000000010000000000000002' : null;
    const noTopicId = version >= 10 ? '00000000000000000000000000000000' : null;
    expect(metadataApi.decodeResponse(version, bytesOf(`MetadataResponse v${version}`))).toEqual({
      throttleTimeMs: 11,
      brokers: [BROKER_1, BROKER_2],
      clusterId: 'cluster-x',
      controllerId: 2,
      topics: [
        {
          name: 'orders',
          topicId,
          errorCode: 0,
          isInternal: false,
          partitions: [
            {
              partition: 0,
              leaderId: 1,
              leaderEpoch: version >= 7 ? 5 : -1,
              replicas: [1, 2],
              isr: [1],
              offlineReplicas: offline,
              errorCode: 0,
            },
            {
              partition: 1,
              leaderId: -1,
              leaderEpoch: version >= 7 ? 6 : -1,
              replicas: [2],
              isr: [],
              offlineReplicas: offline,
              errorCode: 5,
            },
          ],
        },
        { name: 'missing', topicId: noTopicId, errorCode: 3, isInternal: true, partitions: [] },
      ],
    });
  });
});

describe.each(versions(apiVersionsApi))('ApiVersions v%i, against the bytes of Kafka’s own classes', (version) => {
  it('says who asks', () => {
    const request = { clientSoftwareName: 'a-client', clientSoftwareVersion: '1.2.3' };
    expect(joined(apiVersionsApi.encodeRequest(version, request))).toBe(hexOf(`ApiVersionsRequest v${version}`));
  });

  it('reads ranges, and features where there are any', () => {
    const response = apiVersionsApi.decodeResponse(version, bytesOf(`ApiVersionsResponse v${version}`));
    expect(response.errorCode).toBe(0);
    expect(response.throttleTimeMs).toBe(version >= 1 ? 4 : 0);
    expect([...response.ranges.values()]).toEqual([
      { key: 0, minVersion: 0, maxVersion: 13 },
      { key: 18, minVersion: 0, maxVersion: 4 },
    ]);
    const features = version >= 3;
    expect(response.supportedFeatures).toEqual(
      features ? [{ name: 'metadata.version', minLevel: 7, maxLevel: 30 }] : [],
    );
    expect(response.finalizedFeatures).toEqual(
      features ? [{ name: 'transaction.version', minLevel: 1, maxLevel: 2 }] : [],
    );
    expect(response.finalizedFeaturesEpoch).toBe(features ? 77n : -1n);
  });

  it('reads the refusal of a version, which always has the layout of version 0', () => {
    const response = apiVersionsApi.decodeResponse(version, bytesOf('ApiVersionsResponse unsupported v0'));
    expect(response.errorCode).toBe(35);
    expect(response.ranges.get(18)).toEqual({ key: 18, minVersion: 0, maxVersion: 4 });
  });
});

const PRODUCE_REQUEST: ProduceRequest = {
  transactionalId: 'pay-1',
  acks: -1,
  timeoutMs: 30_000,
  topics: [
    {
      name: 'orders',
      partitions: [
        { index: 0, records: Buffer.alloc(5, 0xaa) },
        { index: 3, records: Buffer.alloc(200, 0xbb) },
      ],
    },
    { name: 'b', partitions: [{ index: 1, records: Buffer.alloc(1, 0xcc) }] },
  ],
};

describe.each(versions(produceApi))('Produce v%i, against the bytes of Kafka’s own classes', (version) => {
  it('writes several topics and partitions', () => {
    expect(joined(produceApi.encodeRequest(version, PRODUCE_REQUEST))).toBe(hexOf(`ProduceRequest v${version}`));
  });

  it('hands on the record buffers themselves, in order, between pieces of its own', () => {
    const chunks = produceApi.encodeRequest(version, PRODUCE_REQUEST);
    const records = PRODUCE_REQUEST.topics.flatMap((topic) => topic.partitions.map((partition) => partition.records));
    expect(chunks.filter((chunk) => records.some((buffer) => buffer === chunk))).toEqual(records);
    expect(chunks[1]).toBe(records[0]);
  });

  it('reads offsets, errors and leader hints', () => {
    const details = version >= 8;
    const hints = version >= 10;
    const response = produceApi.decodeResponse(version, bytesOf(`ProduceResponse v${version}`));
    expect(response).toEqual({
      throttleTimeMs: 21,
      topics: [
        {
          name: 'orders',
          partitions: [
            {
              index: 3,
              errorCode: 0,
              baseOffset: 9007199254740995n,
              logAppendTime: 1_700_000_000_123,
              logStartOffset: version >= 5 ? 12n : -1n,
              recordErrors: [],
              errorMessage: null,
              currentLeader: null,
            },
            {
              index: 0,
              errorCode: 87,
              baseOffset: -1n,
              logAppendTime: -1,
              logStartOffset: -1n,
              recordErrors: details
                ? [
                    { index: 2, message: 'no key' },
                    { index: 4, message: null },
                  ]
                : [],
              errorMessage: details ? 'refused' : null,
              currentLeader: null,
            },
            {
              index: 1,
              errorCode: 6,
              baseOffset: -1n,
              logAppendTime: -1,
              logStartOffset: -1n,
              recordErrors: [],
              errorMessage: null,
              currentLeader: hints ? { leaderId: 2, leaderEpoch: 8 } : null,
            },
          ],
        },
      ],
      nodeEndpoints: hints ? [{ nodeId: 2, host: 'kafka-2.example', port: 19092, rack: 'eu-b' }] : [],
    });
  });
});

describe.each(versions(initProducerIdApi))(
  'InitProducerId v%i, against the bytes of Kafka’s own classes',
  (version) => {
    it('asks for a plain id, and to go on with an id and epoch', () => {
      const plain = { transactionalId: null, transactionTimeoutMs: 60_000, producerId: -1n, producerEpoch: -1 };
      expect(joined(initProducerIdApi.encodeRequest(version, plain))).toBe(
        hexOf(`InitProducerIdRequest plain v${version}`),
      );
      const again = {
        transactionalId: 'pay-1',
        transactionTimeoutMs: 60_000,
        producerId: 123_456_789_012n,
        producerEpoch: 7,
      };
      expect(joined(initProducerIdApi.encodeRequest(version, again))).toBe(hexOf(`InitProducerIdRequest v${version}`));
    });

    it('reads id and epoch', () => {
      expect(initProducerIdApi.decodeResponse(version, bytesOf(`InitProducerIdResponse v${version}`))).toEqual({
        throttleTimeMs: 9,
        errorCode: 0,
        producerId: 123_456_789_012n,
        producerEpoch: 8,
      });
    });
  },
);
