import type { KafkaApiName } from '../kafka-api.js';
import { hex } from '../spec-support/frames.js';
import { ProxyBench } from '../spec-support/proxy-bench.js';

/** Bodies after the client id: the request's begin with the header's tags, and so do the answers'. */
interface Case {
  api: KafkaApiName;
  key: number;
  version: number;
  request: string;
  answer: string;
}

const OFF = 'ffffffffffffffff';
// Topic "t" (02 74) with partitions 0 and 5, one byte of records each (02 aa).
const PRODUCE = '00  00 ffff 00007530 02 02 74 03 00000000 02 aa 00 00000005 02 bb 00 00 00';
const TXN = `03 7478 000000000000000a 0001`; // "tx", producer 10, epoch 1

const cases: Case[] = [
  ...[9, 10, 11, 12].map((version) => ({
    api: 'Produce' as const,
    key: 0,
    version,
    request: PRODUCE,
    answer: `00  02 02 74 03
      00000000 0033 ${OFF} ${OFF} ${OFF} 01 00 00
      00000005 0033 ${OFF} ${OFF} ${OFF} 01 00 00 00  00000000 00`,
  })),
  ...[3, 4].map((version) => ({
    api: 'ApiVersions' as const,
    key: 18,
    version,
    request: '00  02 61 02 62 00',
    answer: '0033 01 00000000 00', // no header tags
  })),
  ...[2, 3, 4, 5].map((version) => ({
    api: 'InitProducerId' as const,
    key: 22,
    version,
    request: `00  00 0000ea60 ${version >= 3 ? `${OFF} ffff` : ''} 00`,
    answer: `00  00000000 0033 ${OFF} ffff 00`,
  })),
  {
    api: 'FindCoordinator',
    key: 10,
    version: 3,
    request: '00  03 7478 01 00',
    answer: '00  00000000 0033 00 ffffffff 01 ffffffff 00',
  },
  ...[4, 5, 6].map((version) => ({
    api: 'FindCoordinator' as const,
    key: 10,
    version,
    request: '00  01 03 03 7478 02 75 00',
    answer: '00  00000000 03 03 7478 ffffffff 01 ffffffff 0033 00 00  02 75 ffffffff 01 ffffffff 0033 00 00  00',
  })),
  {
    api: 'AddPartitionsToTxn',
    key: 24,
    version: 3,
    request: `00  ${TXN} 02 02 74 03 00000000 00000005 00 00`,
    answer: '00  00000000 02 02 74 03 00000000 0033 00 00000005 0033 00 00 00',
  },
  ...[3, 4].map((version) => ({
    api: 'AddOffsetsToTxn' as const,
    key: 25,
    version,
    request: `00  ${TXN} 02 67 00`,
    answer: '00  00000000 0033 00',
  })),
  ...[3, 4, 5].map((version) => ({
    api: 'EndTxn' as const,
    key: 26,
    version,
    request: `00  ${TXN} 01 00`,
    answer: `00  00000000 0033 ${version === 5 ? `${OFF} ffff` : ''} 00`,
  })),
  ...[3, 4, 5].map((version) => ({
    api: 'TxnOffsetCommit' as const,
    key: 28,
    version,
    request: `00  03 7478 02 67 000000000000000a 0001 00000002 02 6d 00 02 02 74 02 00000005 0000000000000009 ffffffff 00 00 00 00`,
    answer: '00  00000000 02 02 74 02 00000005 0033 00 00 00',
  })),
];

describe('answers with an error code in flexible versions', () => {
  let bench: ProxyBench;
  beforeAll(async () => {
    bench = await ProxyBench.start();
  });
  afterAll(() => bench.close());

  it.each(cases)('$api v$version', async ({ api, key, version, request, answer }) => {
    bench.proxy.on({ api, phase: 'request', action: { errorCode: 51 } });
    const before = bench.broker.received.length;
    const client = await bench.client();
    const received = await client.request({ apiKey: key, apiVersion: version, correlationId: 3, body: hex(request) });
    expect(received.toString('hex')).toBe(hex(answer).toString('hex'));
    expect(bench.broker.received).toHaveLength(before);
  });

  it('classic Produce v8 carries record errors and a message', async () => {
    bench.proxy.on({ api: 'Produce', phase: 'request', action: { errorCode: 19 } });
    const client = await bench.client();
    const body = hex('ffff ffff 00007530 00000001 0001 74 00000001 00000002 00000001 aa');
    const received = await client.request({ apiKey: 0, apiVersion: 8, correlationId: 3, body });
    const answer = hex(`00000001 0001 74 00000001 00000002 0013 ${OFF} ${OFF} ${OFF} 00000000 ffff  00000000`);
    expect(received.toString('hex')).toBe(answer.toString('hex'));
  });

  it.each([9, 10, 11, 12])('Metadata v%i', async (version) => {
    bench.proxy.on({ api: 'Metadata', phase: 'request', action: { errorCode: 5 } });
    const id = version >= 10 ? '00'.repeat(16) : '';
    const operations = version <= 10 ? '00' : '';
    const client = await bench.client();
    const body = hex(`00  02 ${id} 02 74 00 00 ${operations} 00 00`);
    const received = await client.request({ apiKey: 3, apiVersion: version, correlationId: 3, body });
    const host = '0a 3132372e302e302e31';
    const port = (nodeId: number) => bench.proxy.address(nodeId).port.toString(16).padStart(8, '0');
    const answer = hex(`00  00000000 03 00000001 ${host} ${port(1)} 00 00 00000002 ${host} ${port(2)} 00 00
      00 00000001 02 0005 02 74 ${id} 00 01 80000000 00 ${version <= 10 ? '80000000' : ''} 00`);
    expect(received.toString('hex')).toBe(answer.toString('hex'));
  });

  it('ApiVersions with UNSUPPORTED_VERSION falls back to version 0, as brokers do', async () => {
    bench.proxy.on({ api: 'ApiVersions', phase: 'request', action: { errorCode: 35 } });
    const client = await bench.client();
    const body = hex('00  02 61 02 62 00');
    const received = await client.request({ apiKey: 18, apiVersion: 4, correlationId: 3, body });
    expect(received.toString('hex')).toBe(hex('0023 00000001 0012 0000 0004').toString('hex'));
  });
});
