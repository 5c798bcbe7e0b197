import { describe, expect, it } from '@jest/globals';
import { MalformedResponseError } from '../malformed-response-error.js';
import { bytesOf, hexOf, joined, versions } from '../spec-support/kafka-bytes.js';
import type { ApiDefinition } from './api-definition.js';
import { consumerGroupDescribeApi } from './consumer-group-describe.js';
import { createPartitionsApi } from './create-partitions.js';
import { createTopicsApi } from './create-topics.js';
import { deleteGroupsApi } from './delete-groups.js';
import { deleteTopicsApi } from './delete-topics.js';
import { ConfigResourceType } from './describe-configs.js';
import { describeGroupsApi } from './describe-groups.js';
import { AlterConfigOperation, incrementalAlterConfigsApi } from './incremental-alter-configs.js';
import { listGroupsApi } from './list-groups.js';
import { offsetFetchApi } from './offset-fetch.js';

const TOPIC = 'Zahlungen-äöü';
const GROUP = 'billing-äöü';

/** One API in all its versions: the bytes of a request, and what is read of a response. */
interface Case<Request, Response> {
  readonly api: ApiDefinition<Request, Response>;
  readonly request: Request;
  readonly response: (version: number) => Response;
}

function specify<Request, Response>({ api, request, response }: Case<Request, Response>): void {
  describe.each(versions(api))(`${api.name} v%i, against the bytes of Kafka’s own classes`, (version) => {
    it('writes the request', () => {
      expect(joined(api.encodeRequest(version, request))).toBe(hexOf(`${api.name}Request v${version}`));
    });

    it('reads the response', () => {
      expect(api.decodeResponse(version, bytesOf(`${api.name}Response v${version}`))).toEqual(response(version));
    });

    it('refuses a response that is cut off, and one that goes on', () => {
      const bytes = bytesOf(`${api.name}Response v${version}`);
      expect(() => api.decodeResponse(version, bytes.subarray(0, -1))).toThrow(MalformedResponseError);
      expect(() => api.decodeResponse(version, Buffer.concat([bytes, Buffer.from([0])]))).toThrow(
        MalformedResponseError,
      );
    });
  });
}

specify({
  api: createTopicsApi,
  request: {
    topics: [
      {
        name: TOPIC,
        partitions: 6,
        replicationFactor: 3,
        assignments: [],
        configs: [{ name: 'cleanup.policy', value: 'compact' }],
      },
      {
        name: 'placed',
        partitions: -1,
        replicationFactor: -1,
        assignments: [{ partition: 0, brokerIds: [2, 1] }],
        configs: [],
      },
    ],
    timeoutMs: 30_000,
    validateOnly: true,
  },
  response: (version) => ({
    throttleTimeMs: 31,
    topics: [
      {
        name: TOPIC,
        errorCode: 0,
        errorMessage: null,
        partitions: version >= 5 ? 6 : -1,
        replicationFactor: version >= 5 ? 3 : -1,
      },
      { name: 'placed', errorCode: 29, errorMessage: 'not allowed', partitions: -1, replicationFactor: -1 },
    ],
  }),
});

specify({
  api: deleteTopicsApi,
  request: { topics: [TOPIC, 'second'], timeoutMs: 30_000 },
  response: (version) => ({
    throttleTimeMs: 32,
    results: [
      { name: TOPIC, errorCode: 0, errorMessage: null },
      { name: 'second', errorCode: 3, errorMessage: version >= 5 ? 'not there' : null },
    ],
  }),
});

specify({
  api: createPartitionsApi,
  request: {
    topics: [
      { name: TOPIC, count: 6, assignments: null },
      { name: 'second', count: 2, assignments: [[1, 2]] },
    ],
    timeoutMs: 30_000,
    validateOnly: true,
  },
  response: () => ({
    throttleTimeMs: 33,
    results: [
      { name: TOPIC, errorCode: 0, errorMessage: null },
      { name: 'second', errorCode: 37, errorMessage: 'too few' },
    ],
  }),
});

specify({
  api: incrementalAlterConfigsApi,
  request: {
    resources: [
      {
        type: ConfigResourceType.TOPIC,
        name: TOPIC,
        configs: [
          { name: 'retention.ms', operation: AlterConfigOperation.SET, value: '1000' },
          { name: 'cleanup.policy', operation: AlterConfigOperation.DELETE, value: null },
        ],
      },
    ],
    validateOnly: false,
  },
  response: () => ({
    throttleTimeMs: 34,
    results: [{ name: TOPIC, errorCode: 40, errorMessage: 'no such setting' }],
  }),
});

specify({
  api: deleteGroupsApi,
  request: { groups: [GROUP, 'second'] },
  response: () => ({
    throttleTimeMs: 35,
    results: [
      { name: GROUP, errorCode: 0, errorMessage: null },
      { name: 'second', errorCode: 68, errorMessage: null },
    ],
  }),
});

specify({
  api: listGroupsApi,
  request: { states: ['Stable', 'Empty'] },
  response: (version) => ({
    throttleTimeMs: 36,
    errorCode: 14,
    groups: [
      {
        groupId: GROUP,
        protocolType: 'consumer',
        state: version >= 4 ? 'Stable' : '',
        type: version >= 5 ? 'classic' : '',
      },
    ],
  }),
});

specify({
  api: describeGroupsApi,
  request: { groups: [GROUP, 'second'] },
  response: (version) => ({
    throttleTimeMs: 37,
    groups: [
      {
        errorCode: 0,
        groupId: GROUP,
        state: 'Stable',
        protocolType: 'consumer',
        protocol: 'range',
        members: [
          {
            memberId: 'reader-1',
            groupInstanceId: version >= 4 ? 'rack-7' : null,
            clientId: 'client',
            clientHost: '/127.0.0.1',
            assignment: Buffer.from([2, 3]),
          },
        ],
      },
      { errorCode: 69, groupId: 'second', state: 'Dead', protocolType: '', protocol: '', members: [] },
    ],
  }),
});

specify({
  api: consumerGroupDescribeApi,
  request: { groups: [GROUP, 'second'] },
  response: () => ({
    throttleTimeMs: 38,
    groups: [
      {
        errorCode: 0,
        groupId: GROUP,
        state: 'Stable',
        assignorName: 'uniform',
        members: [
          {
            memberId: 'reader-1',
            instanceId: null,
            clientId: 'client',
            clientHost: '/127.0.0.1',
            assignment: [{ topic: TOPIC, partitions: [0, 1] }],
          },
        ],
      },
      { errorCode: 69, groupId: 'second', state: '', assignorName: '', members: [] },
    ],
  }),
});

describe.each(versions({ minVersion: 2, maxVersion: offsetFetchApi.maxVersion }))('OffsetFetch v%i', (version) => {
  it('asks for everything that a group has committed, as Kafka’s own classes do', () => {
    const request = { groupId: GROUP, topics: null, requireStable: version >= 7 };
    expect(joined(offsetFetchApi.encodeRequest(version, request))).toBe(hexOf(`OffsetFetchRequest all v${version}`));
  });
});
