import { describe, expect, it } from '@jest/globals';
import { MalformedResponseError } from '../malformed-response-error.js';
import { bytesOf, hexOf, joined, versions } from '../spec-support/kafka-bytes.js';
import { ConfigResourceType, ConfigSource, describeConfigsApi } from './describe-configs.js';

describe.each(versions(describeConfigsApi))(
  'DescribeConfigs v%i, against the bytes of Kafka’s own classes',
  (version) => {
    it('asks for some settings of a topic, and for all of a broker', () => {
      const resources = [
        { type: ConfigResourceType.TOPIC, name: 'Zahlungen-äöü', keys: ['min.insync.replicas', 'cleanup.policy'] },
        { type: ConfigResourceType.BROKER, name: '1', keys: null },
      ];
      expect(joined(describeConfigsApi.encodeRequest(version, { resources }))).toBe(
        hexOf(`DescribeConfigsRequest v${version}`),
      );
    });

    it('reads settings, and why there are none', () => {
      expect(describeConfigsApi.decodeResponse(version, bytesOf(`DescribeConfigsResponse v${version}`))).toEqual({
        throttleTimeMs: 31,
        resources: [
          {
            errorCode: 0,
            errorMessage: null,
            type: ConfigResourceType.TOPIC,
            name: 'Zahlungen-äöü',
            configs: [
              {
                name: 'min.insync.replicas',
                value: '2',
                isReadOnly: false,
                source: ConfigSource.TOPIC_CONFIG,
                isSensitive: false,
              },
              {
                name: 'sasl.secret',
                value: null,
                isReadOnly: true,
                source: ConfigSource.STATIC_BROKER_CONFIG,
                isSensitive: true,
              },
            ],
          },
          {
            errorCode: 29,
            errorMessage: 'not allowed',
            type: ConfigResourceType.TOPIC,
            name: 'secret',
            configs: [],
          },
        ],
      });
    });

    it('does not take an answer that is cut off', () => {
      const bytes = bytesOf(`DescribeConfigsResponse v${version}`);
      expect(() => describeConfigsApi.decodeResponse(version, bytes.subarray(0, -1))).toThrow(MalformedResponseError);
    });
  },
);

describe('DescribeConfigs', () => {
  it('refuses versions whose layout it does not know', () => {
    for (const version of [0, 5]) {
      expect(() => describeConfigsApi.encodeRequest(version, { resources: [] })).toThrow(RangeError);
      expect(() => describeConfigsApi.decodeResponse(version, Buffer.alloc(0))).toThrow(RangeError);
    }
  });
});
