import { hex, until } from '../spec-support/frames.js';
import { kafkajsDecode, kafkajsRequest } from '../spec-support/kafkajs-protocol.js';
import { ProxyBench } from '../spec-support/proxy-bench.js';

const OFF = 'ffffffffffffffff';
const HEAD = '00  00 ffff 00007530';
// Topics "t" with partitions 0 and 5, "u" with partition 5; records aa, bb, cc.
const PRODUCE_ALL = `${HEAD} 03 02 74 03 00000000 02 aa 00 00000005 02 bb 00 00 02 75 02 00000005 02 cc 00 00 00`;
const produceV9 = { apiKey: 0, apiVersion: 9, correlationId: 1 };
const ok = (index: string, offset: string) => `${index} 0000 ${offset} ${OFF} 0000000000000000 01 00 00`;
const failed = (index: string, code: string) => `${index} ${code} ${OFF} ${OFF} ${OFF} 01 00 00`;

describe('an error for one partition of several', () => {
  let bench: ProxyBench;
  beforeEach(async () => {
    bench = await ProxyBench.start();
  });
  afterEach(() => bench.close());

  it('is withheld from the broker, which gets the others, and is in the answer', async () => {
    const rule = bench.proxy.on({
      api: 'Produce',
      phase: 'request',
      action: { errorCode: 6, topic: 't', partition: 5 },
    });
    // A broker answers in its own order.
    bench.broker.responder = () =>
      hex(`00  03 02 75 02 ${ok('00000005', '0000000000000007')} 00
        02 74 02 ${ok('00000000', '0000000000000008')} 00  00000000 00`);
    const client = await bench.client();
    const answer = await client.request({ ...produceV9, body: hex(PRODUCE_ALL) });
    expect(bench.broker.received.map(({ body }) => body.toString('hex'))).toEqual([
      hex(`${HEAD} 03 02 74 02 00000000 02 aa 00 00 02 75 02 00000005 02 cc 00 00 00`).toString('hex'),
    ]);
    const expected = hex(`00  03 02 75 02 ${ok('00000005', '0000000000000007')} 00
      02 74 03 ${ok('00000000', '0000000000000008')} ${failed('00000005', '0006')} 00  00000000 00`);
    expect(answer.toString('hex')).toBe(expected.toString('hex'));
    expect(rule.count).toBe(1);
    const again = await client.request({ ...produceV9, correlationId: 2, body: hex(PRODUCE_ALL) });
    expect(again.toString('hex')).toContain('0000000000000007');
    expect(bench.broker.received[1]?.body).toEqual(hex(PRODUCE_ALL));
  });

  it('leaves out a topic of which nothing is left, and names it in the answer again', async () => {
    bench.proxy.on({ api: 'Produce', phase: 'request', action: { errorCode: 3, topic: 'u' } });
    bench.broker.responder = () => hex(`00  02 02 74 03 ${ok('00000005', OFF)} ${ok('00000000', OFF)} 00  00000000 00`);
    const client = await bench.client();
    const answer = await client.request({ ...produceV9, body: hex(PRODUCE_ALL) });
    const forwarded = hex(`${HEAD} 02 02 74 03 00000000 02 aa 00 00000005 02 bb 00 00 00`);
    expect(bench.broker.received[0]?.body.toString('hex')).toBe(forwarded.toString('hex'));
    const expected = hex(`00  03 02 74 03 ${ok('00000005', OFF)} ${ok('00000000', OFF)} 00
      02 75 02 ${failed('00000005', '0003')} 00  00000000 00`);
    expect(answer.toString('hex')).toBe(expected.toString('hex'));
  });

  it('is answered without the broker where the request holds nothing else', async () => {
    bench.proxy.on({ api: 'Produce', phase: 'request', action: { errorCode: 6, partition: 5 } });
    const client = await bench.client();
    const body = hex(`${HEAD} 02 02 75 02 00000005 02 cc 00 00 00`);
    const answer = await client.request({ ...produceV9, body });
    expect(answer.toString('hex')).toBe(
      hex(`00  02 02 75 02 ${failed('00000005', '0006')} 00  00000000 00`).toString('hex'),
    );
    expect(bench.broker.received).toEqual([]);
  });

  it('does not match a request without that partition', async () => {
    const rule = bench.proxy.on({
      api: 'Produce',
      phase: 'request',
      action: { errorCode: 6, topic: 'u', partition: 0 },
    });
    const client = await bench.client();
    await client.request({ ...produceV9, body: hex(PRODUCE_ALL) });
    expect(rule.matches).toBe(0);
    expect(bench.broker.received[0]?.body).toEqual(hex(PRODUCE_ALL));
  });

  it('in phase response comes after the broker has stored all', async () => {
    bench.proxy.on({ api: 'Produce', phase: 'response', action: { errorCode: 7, topic: 't', partition: 5 } });
    bench.broker.responder = () => hex(`00  02 02 74 03 ${ok('00000005', OFF)} ${ok('00000000', OFF)} 00  00000000 00`);
    const client = await bench.client();
    const body = hex(`${HEAD} 02 02 74 03 00000000 02 aa 00 00000005 02 bb 00 00 00`);
    const answer = await client.request({ ...produceV9, body });
    expect(bench.broker.received[0]?.body).toEqual(body);
    const expected = hex(`00  02 02 74 03 ${ok('00000000', OFF)} ${failed('00000005', '0007')} 00  00000000 00`);
    expect(answer.toString('hex')).toBe(expected.toString('hex'));
  });

  it('works in classic versions, as kafkajs writes and reads them', async () => {
    const message = { key: 'k', value: 'v', timestamp: '1', headers: {} };
    const options = (partitions: number[]) => ({
      acks: -1,
      timeout: 1000,
      transactionalId: null,
      topicData: [{ topic: 'orders', partitions: partitions.map((partition) => ({ partition, messages: [message] })) }],
    });
    bench.proxy.on({ api: 'Produce', phase: 'request', action: { errorCode: 19, topic: 'orders', partition: 1 } });
    bench.broker.responder = () =>
      hex(`00000001 0006 6f7264657273 00000002
        00000000 0000 0000000000000005 ${OFF} 0000000000000000
        00000002 0000 0000000000000006 ${OFF} 0000000000000000  00000000`);
    const client = await bench.client();
    const request = await kafkajsRequest('produce', 7, options([0, 1, 2]));
    const answer = await client.request({ correlationId: 1, ...request });
    const forwarded = await kafkajsRequest('produce', 7, options([0, 2]));
    expect(bench.broker.received[0]?.body.toString('hex')).toBe(forwarded.body.toString('hex'));
    await expect(kafkajsDecode('produce', 7, answer)).resolves.toMatchObject({
      topics: [
        {
          topicName: 'orders',
          partitions: [
            { partition: 0, errorCode: 0, baseOffset: '5' },
            { partition: 2, errorCode: 0, baseOffset: '6' },
            { partition: 1, errorCode: 19, baseOffset: '-1' },
          ],
        },
      ],
    });
  });

  it('of AddPartitionsToTxn leaves the others not attempted', async () => {
    bench.proxy.on({ api: 'AddPartitionsToTxn', phase: 'request', action: { errorCode: 51, partition: 5 } });
    const client = await bench.client();
    const body = hex('00  03 7478 000000000000000a 0001 02 02 74 03 00000000 00000005 00 00');
    const answer = await client.request({ apiKey: 24, apiVersion: 3, correlationId: 1, body });
    const expected = hex('00  00000000 02 02 74 03 00000000 0037 00 00000005 0033 00 00 00');
    expect(answer.toString('hex')).toBe(expected.toString('hex'));
    expect(bench.broker.received).toEqual([]);
  });

  it('of TxnOffsetCommit lets the other offsets through', async () => {
    bench.proxy.on({ api: 'TxnOffsetCommit', phase: 'request', action: { errorCode: 14, partition: 5 } });
    bench.broker.responder = () => hex('00  00000000 02 02 74 02 00000000 0000 00 00 00');
    const client = await bench.client();
    const head = '00  03 7478 02 67 000000000000000a 0001 00000002 02 6d 00';
    const offset = (index: string) => `${index} 0000000000000009 ffffffff 00 00`;
    const body = hex(`${head} 02 02 74 03 ${offset('00000000')} ${offset('00000005')} 00 00`);
    const answer = await client.request({ apiKey: 28, apiVersion: 5, correlationId: 1, body });
    expect(bench.broker.received[0]?.body.toString('hex')).toBe(
      hex(`${head} 02 02 74 02 ${offset('00000000')} 00 00`).toString('hex'),
    );
    const expected = hex('00  00000000 02 02 74 03 00000000 0000 00 00000005 000e 00 00 00');
    expect(answer.toString('hex')).toBe(expected.toString('hex'));
  });

  describe('of Metadata', () => {
    const request = { apiKey: 3, apiVersion: 12, correlationId: 1 };
    const id = (byte: string) => byte.repeat(16);
    const body = hex(`00  03 ${id('00')} 02 74 00 ${id('00')} 02 75 00 00 00 00`);
    const partition = (code: string, leader: string, epoch: string) =>
      `${code} 00000000 ${leader} ${epoch} 02 00000001 02 00000001 01 00`;
    const response = (t: string, u: string) =>
      hex(`00  00000000 02 00000001 02 68 00002384 00 00 02 63 00000001 03 ${t} ${u} 00`);
    const topic = (name: string, byte: string, code: string, partitions: string) =>
      `${code} 02 ${name} ${id(byte)} 00 ${partitions} 80000000 00`;
    const healthy = `02 ${partition('0000', '00000001', '00000004')}`;

    beforeEach(() => {
      bench.broker.responder = () => response(topic('74', '01', '0000', healthy), topic('75', '02', '0000', healthy));
    });

    it('goes into the topic, which loses its partitions', async () => {
      bench.proxy.on({ api: 'Metadata', phase: 'request', action: { errorCode: 3, topic: 'u' } });
      const answer = await (await bench.client()).request({ ...request, body });
      const expected = response(topic('74', '01', '0000', healthy), topic('75', '02', '0003', '01'));
      expect(answer.toString('hex')).toBe(expected.toString('hex'));
    });

    it('goes into the partition, which loses its leader', async () => {
      bench.proxy.on({ api: 'Metadata', phase: 'response', action: { errorCode: 5, topic: 't', partition: 0 } });
      const answer = await (await bench.client()).request({ ...request, body });
      const lost = `02 ${partition('0005', 'ffffffff', 'ffffffff')}`;
      const expected = response(topic('74', '01', '0000', lost), topic('75', '02', '0000', healthy));
      expect(answer.toString('hex')).toBe(expected.toString('hex'));
    });
  });
});

describe('an answer of the proxy’s own', () => {
  let bench: ProxyBench;
  beforeEach(async () => {
    bench = await ProxyBench.start();
  });
  afterEach(() => bench.close());

  const endTxn = { apiKey: 26, apiVersion: 1, body: hex('0001 74 000000000000000a 0001 01') };

  it('waits for the answers to the requests before it, and comes before those after it', async () => {
    const answers: (() => void)[] = [];
    bench.broker.responder = ({ correlationId }) => {
      answers.push(() => {
        for (const socket of bench.broker.sockets) socket.write(hex(`00000004 0000000${correlationId}`));
      });
      return undefined;
    };
    const rule = bench.proxy.on({ api: 'EndTxn', phase: 'request', action: { errorCode: 51 } });
    const client = await bench.client();
    client.send({ apiKey: 1, apiVersion: 11, correlationId: 1 }, { ...endTxn, correlationId: 2 });
    client.send({ apiKey: 1, apiVersion: 11, correlationId: 3 });
    await rule.triggered();
    await until(() => answers.length === 2, 'the broker has the other two');
    expect(client.answers).toEqual([]);
    answers.forEach((answer) => answer());
    await client.answerTo(3);
    expect(client.correlationIds).toEqual([1, 2, 3]);
  });

  it('is not blocked by a request that the broker passed over', async () => {
    bench.broker.responder = ({ correlationId, body }) => (correlationId === 1 ? undefined : body);
    bench.proxy.on({ api: 'EndTxn', phase: 'request', action: { errorCode: 51 } });
    const client = await bench.client();
    client.send({ apiKey: 1, apiVersion: 11, correlationId: 1 }, { ...endTxn, correlationId: 2 });
    client.send({ apiKey: 1, apiVersion: 11, correlationId: 3 });
    await client.answerTo(3);
    expect(client.correlationIds).toEqual([2, 3]);
  });

  it('replaces the broker’s in phase response: the broker has acted', async () => {
    bench.broker.responder = () => hex('00000000 0000');
    bench.proxy.on({ api: 'EndTxn', phase: 'response', action: { errorCode: 51 } });
    const client = await bench.client();
    await expect(client.request({ ...endTxn, correlationId: 1 })).resolves.toEqual(hex('00000000 0033'));
    expect(bench.broker.correlationIds).toEqual([1]);
  });

  it('cannot be given to Produce with acks=0: the connection is closed, as by a broker', async () => {
    bench.proxy.on({ api: 'Produce', phase: 'request', action: { errorCode: 6 } });
    const client = await bench.client();
    const body = hex('00  00 0000 00007530 02 02 74 02 00000000 02 aa 00 00 00');
    client.send({ apiKey: 1, apiVersion: 11, correlationId: 1 }, { apiKey: 0, apiVersion: 9, correlationId: 2, body });
    await expect(client.ended()).resolves.toBe('FIN');
    expect(client.correlationIds).toEqual([1]);
    expect(bench.broker.correlationIds).toEqual([1]);
  });

  it.each([
    ['a version without a known layout', 13, '00  00 ffff 00007530 01 00', 'the request has version 13'],
    ['a malformed request', 9, '00  00 ffff 00007530 7f 7f', 'bytes wanted'],
  ])('is not made for %s: the rule fails, the request passes', async (_what, apiVersion, body, reason) => {
    const rule = bench.proxy.on({ api: 'Produce', phase: 'request', action: { errorCode: 6 } });
    const client = await bench.client();
    await client.request({ apiKey: 0, apiVersion, correlationId: 1, body: hex(body) });
    await expect(rule.triggered()).rejects.toThrow(reason);
    expect(rule.count).toBe(0);
    expect(bench.broker.received[0]?.body).toEqual(hex(body));
  });
});
