import { createRequire } from 'node:module';
import { decodeRecordBatches } from '../record-batch-decoder.js';
import { produceApi } from './produce.js';
import { ProtocolReader } from './protocol-reader.js';

const require = createRequire(import.meta.url);

interface KafkaJsRequest {
  encode(): Promise<{ readonly buffer: Buffer }>;
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

describe('Produce requests', () => {
  it.each([3, 4, 5, 6, 7])('are, in version %i, byte for byte what kafkajs sends', async (version) => {
    const createRequest = require(`kafkajs/src/protocol/requests/produce/v${version}/request.js`) as (
      options: object,
    ) => KafkaJsRequest;
    const message = (value: string): object => ({ key: null, value, timestamp: 1_700_000_000_000, headers: {} });
    const { buffer } = await createRequest({
      acks: -1,
      timeout: 30_000,
      transactionalId: 'pay-1',
      producerId: 5,
      producerEpoch: 1,
      topicData: [
        { topic: 'orders', partitions: [{ partition: 2, firstSequence: 0, messages: [message('first')] }] },
        { topic: 'invoices', partitions: [{ partition: 0, firstSequence: 9, messages: [message('second')] }] },
      ],
    }).encode();

    const [orders, invoices] = recordsIn(buffer);
    const chunks = produceApi.encodeRequest(version, {
      transactionalId: 'pay-1',
      acks: -1,
      timeoutMs: 30_000,
      topics: [
        { name: 'orders', partitions: [{ index: 2, records: orders ?? Buffer.alloc(0) }] },
        { name: 'invoices', partitions: [{ index: 0, records: invoices ?? Buffer.alloc(0) }] },
      ],
    });
    expect(Buffer.concat(chunks).toString('hex')).toBe(buffer.toString('hex'));
    expect(decodeRecordBatches(orders ?? Buffer.alloc(0))).toMatchObject([{ producerId: 5n, producerEpoch: 1 }]);
  });

  it.each([9, 10, 11, 12])('are, in version %i, what a broker accepted', (version) => {
    const records = Buffer.alloc(70, 0xee);
    const [head, data, tail, ...others] = produceApi.encodeRequest(version, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 30_000,
      topics: [{ name: 't4-312390', partitions: [{ index: 0, records }] }],
    });
    expect(head).toEqual(hex('00 ffff 00007530 02 0a 74342d333132333930 02 00000000 47'));
    expect(data).toBe(records);
    expect(tail).toEqual(hex('00 00 00'));
    expect(others).toEqual([]);
  });
});

describe('Produce responses', () => {
  it('name the new leader, as a follower answered with version 12', () => {
    const body = hex(
      '02 0a 74342d333132333930 02 00000000 0006 ffffffffffffffff ffffffffffffffff ffffffffffffffff 01 00' +
        '01 00 09 00000001 00000000 00 00 00000000 01 00 15 02 00000001 0a 3132372e302e302e31 00005dc1 00 00',
    );
    const response = produceApi.decodeResponse(12, body);
    expect(response.topics[0]?.partitions[0]).toMatchObject({
      errorCode: 6,
      baseOffset: -1n,
      currentLeader: { leaderId: 1, leaderEpoch: 0 },
    });
    expect(response.nodeEndpoints).toEqual([{ nodeId: 1, host: '127.0.0.1', port: 24001, rack: null }]);
  });

  it('give no leader where the broker does not know one', () => {
    const body = hex(
      '02 02 61 02 00000000 0006 ffffffffffffffff ffffffffffffffff ffffffffffffffff 01 00' +
        '01 00 09 ffffffff ffffffff 00 00 00000000 00',
    );
    expect(produceApi.decodeResponse(12, body).topics[0]?.partitions[0]?.currentLeader).toBeNull();
  });

  it('may carry tagged fields of later versions', () => {
    const body = hex(
      '02 02 61 02 00000000 0000 0000000000000007 ffffffffffffffff 0000000000000000 01 00' +
        '01 05 02 abcd 01 09 01 aa 00000000 01 07 00',
    );
    expect(produceApi.decodeResponse(9, body).topics[0]?.partitions[0]).toMatchObject({ baseOffset: 7n });
  });
});

describe('Produce versions', () => {
  it.each([2, 13, 9.5, -1])('out of range are refused: %d', (version) => {
    const request = { transactionalId: null, acks: 1, timeoutMs: 1, topics: [] };
    expect(() => produceApi.encodeRequest(version, request)).toThrow(/versions 3 to 12/);
    expect(() => produceApi.decodeResponse(version, Buffer.alloc(0))).toThrow(/versions 3 to 12/);
  });
});

/** The record batches in the body of a Produce request of a version that is not flexible. */
function recordsIn(body: Buffer): Buffer[] {
  const reader = new ProtocolReader(body);
  reader.nullableString();
  reader.int16();
  reader.int32();
  const topics = reader.array((topic) => {
    topic.string();
    return topic.array((partition) => {
      partition.int32();
      return partition.bytes();
    });
  });
  return topics.flat();
}
