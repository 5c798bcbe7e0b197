import { kafkajsDecode, kafkajsRequest } from '../spec-support/kafkajs-protocol.js';
import { ProxyBench } from '../spec-support/proxy-bench.js';
import type { KafkaApiName } from '../kafka-api.js';

const CODE = 51;
const PRODUCER = { transactionalId: 'tx', producerId: '7', producerEpoch: 3 };
const message = { key: 'k', value: 'v', timestamp: '1', headers: {} };
const produce = (transactionalId: string | null) => ({
  acks: -1,
  timeout: 1000,
  transactionalId,
  topicData: [
    { topic: 'orders', partitions: [0, 4].map((partition) => ({ partition, messages: [message] })) },
    { topic: 'events', partitions: [{ partition: 1, messages: [message] }] },
  ],
});
const noOffsets = (version: number) => ({
  baseOffset: '-1',
  logAppendTime: '-1',
  ...(version >= 5 && { logStartOffset: '-1' }),
});

interface Case {
  api: KafkaApiName;
  folder: string;
  versions: number[];
  options: object;
  expected: (version: number) => object;
}

const cases: Case[] = [
  {
    api: 'Produce',
    folder: 'produce',
    versions: [3, 4, 5, 6, 7],
    options: produce('tx'),
    expected: (version) => ({
      topics: [
        {
          topicName: 'orders',
          partitions: [0, 4].map((partition) => ({ partition, errorCode: CODE, ...noOffsets(version) })),
        },
        { topicName: 'events', partitions: [{ partition: 1, errorCode: CODE, ...noOffsets(version) }] },
      ],
      throttleTime: 0,
    }),
  },
  {
    api: 'Metadata',
    folder: 'metadata',
    versions: [4, 5, 6],
    options: { topics: ['orders', 'events'] },
    expected: () => ({
      throttleTime: 0,
      clusterId: null,
      controllerId: 1,
      brokers: [
        { nodeId: 1, host: '127.0.0.1', port: expect.any(Number), rack: null },
        { nodeId: 2, host: '127.0.0.1', port: expect.any(Number), rack: null },
      ],
      topicMetadata: ['orders', 'events'].map((topic) => ({
        topicErrorCode: CODE,
        topic,
        isInternal: false,
        partitionMetadata: [],
      })),
    }),
  },
  {
    api: 'ApiVersions',
    folder: 'apiVersions',
    versions: [0, 1, 2],
    options: {},
    expected: () => ({ errorCode: CODE, apiVersions: [] }),
  },
  {
    api: 'InitProducerId',
    folder: 'initProducerId',
    versions: [0, 1],
    options: { transactionalId: 'tx', transactionTimeout: 1000 },
    expected: () => ({ throttleTime: 0, errorCode: CODE, producerId: '-1', producerEpoch: -1 }),
  },
  {
    api: 'FindCoordinator',
    folder: 'findCoordinator',
    versions: [0, 1, 2],
    options: { coordinatorKey: 'tx', coordinatorType: 1, groupId: 'tx' },
    expected: () => ({ errorCode: CODE, coordinator: { nodeId: -1, host: '', port: -1 } }),
  },
  {
    api: 'AddPartitionsToTxn',
    folder: 'addPartitionsToTxn',
    versions: [0, 1],
    options: { ...PRODUCER, topics: [{ topic: 'orders', partitions: [0, 4] }] },
    expected: () => ({
      errors: [{ topic: 'orders', partitionErrors: [0, 4].map((partition) => ({ partition, errorCode: CODE })) }],
    }),
  },
  {
    api: 'AddOffsetsToTxn',
    folder: 'addOffsetsToTxn',
    versions: [0, 1],
    options: { ...PRODUCER, groupId: 'group' },
    expected: () => ({ throttleTime: 0, errorCode: CODE }),
  },
  {
    api: 'EndTxn',
    folder: 'endTxn',
    versions: [0, 1],
    options: { ...PRODUCER, transactionResult: true },
    expected: () => ({ throttleTime: 0, errorCode: CODE }),
  },
  {
    api: 'TxnOffsetCommit',
    folder: 'txnOffsetCommit',
    versions: [0, 1],
    options: {
      ...PRODUCER,
      groupId: 'group',
      topics: [
        { topic: 'orders', partitions: [0, 4].map((partition) => ({ partition, offset: '9', metadata: null })) },
      ],
    },
    expected: () => ({
      topics: [{ topic: 'orders', partitions: [0, 4].map((partition) => ({ partition, errorCode: CODE })) }],
    }),
  },
];

describe('answers with an error code, as kafkajs reads them', () => {
  let bench: ProxyBench;
  beforeAll(async () => {
    bench = await ProxyBench.start();
  });
  afterAll(() => bench.close());

  const rows = cases.flatMap((entry) => entry.versions.map((version) => ({ ...entry, version })));

  it.each(rows)('$api v$version without the broker', async ({ api, folder, version, options, expected }) => {
    const rule = bench.proxy.on({ api, phase: 'request', action: { errorCode: CODE } });
    const before = bench.broker.received.length;
    const client = await bench.client();
    const body = await client.request({ correlationId: 1, ...(await kafkajsRequest(folder, version, options)) });
    await expect(kafkajsDecode(folder, version, body)).resolves.toMatchObject(expected(version));
    expect(rule.count).toBe(1);
    expect(bench.broker.received).toHaveLength(before);
  });

  it('asks for all topics: Metadata names the brokers and no topic', async () => {
    bench.proxy.on({ api: 'Metadata', phase: 'request', action: { errorCode: CODE } });
    const client = await bench.client();
    const body = await client.request({ correlationId: 1, ...(await kafkajsRequest('metadata', 6, { topics: [] })) });
    const brokers = [1, 2].map((nodeId) => ({ nodeId, ...bench.proxy.address(nodeId), rack: null }));
    await expect(kafkajsDecode('metadata', 6, body)).resolves.toMatchObject({ brokers, topicMetadata: [] });
  });
});
