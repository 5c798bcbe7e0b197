import { once } from 'node:events';
import { connect } from 'node:net';
import { NoneCodec } from '../../../lib/wire/compression/none-codec.js';
import { produceApi } from '../../../lib/wire/protocol/produce.js';
import { RecordBatchBuilder, type BatchRecord } from '../../../lib/wire/record-batch-builder.js';
import { BlindConnection } from './blind-connection.js';
import type { BenchClient, BenchTarget } from './bench-client.js';

/** The newest version without tagged fields; every broker from 2.4 on speaks it. */
const PRODUCE_VERSION = 8;
const CORRELATION_ID = 1;
const CLIENT_ID = 'bench';
/** As the engine's requests look under load: one batch of `batch.size` per partition. */
const BATCH_BYTES = 16_384;
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * What broker and loopback take at most in requests of this shape: one request is encoded once and written again and again, so nothing is
 * left of a client but its socket. Without idempotence, because the bytes never change.
 */
export async function connectCeiling(target: BenchTarget, partitions: number): Promise<BenchClient> {
  const [address = ''] = target.brokers;
  const colon = address.lastIndexOf(':');
  const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), noDelay: true });
  await once(socket, 'connect');
  const { request, records } = encodeRequest(target, partitions);
  const connection = new BlindConnection(socket, request, (body) => checkAnswer(body));
  return {
    recordsPerSend: records,
    send: () => connection.send(),
    close: () => connection.close(),
  };
}

function encodeRequest(
  target: BenchTarget,
  partitions: number,
): { readonly request: Buffer; readonly records: number } {
  const { records, batch } = encodeBatch(target.values);
  const body = produceApi.encodeRequest(PRODUCE_VERSION, {
    transactionalId: null,
    acks: -1,
    timeoutMs: REQUEST_TIMEOUT_MS,
    topics: [
      { name: target.topic, partitions: Array.from({ length: partitions }, (_, index) => ({ index, records: batch })) },
    ],
  });
  const header = Buffer.alloc(4 + 2 + 2 + 4 + 2 + CLIENT_ID.length);
  const bodyBytes = body.reduce((sum, piece) => sum + piece.length, 0);
  header.writeInt32BE(header.length - 4 + bodyBytes, 0);
  header.writeInt16BE(produceApi.key, 4);
  header.writeInt16BE(PRODUCE_VERSION, 6);
  header.writeInt32BE(CORRELATION_ID, 8);
  header.writeInt16BE(CLIENT_ID.length, 12);
  header.write(CLIENT_ID, 14, 'latin1');
  return { request: Buffer.concat([header, ...body]), records: records * partitions };
}

function encodeBatch(values: readonly Buffer[]): { readonly batch: Buffer; readonly records: number } {
  const builder = new RecordBatchBuilder(BATCH_BYTES, new NoneCodec(), 1);
  const timestamp = Date.now();
  for (let index = 0; ; index++) {
    const value = values[index % values.length];
    if (value === undefined) break;
    const record: BatchRecord = { timestamp, key: null, keySize: -1, value, valueSize: value.length, headers: null };
    if (builder.roomFor(record) < 0) break;
    builder.append(record);
  }
  const batch = builder.build({ producerId: -1n, producerEpoch: -1, baseSequence: -1, transactional: false });
  return { batch, records: builder.recordCount };
}

function checkAnswer(body: Buffer): void {
  for (const { partitions } of produceApi.decodeResponse(PRODUCE_VERSION, body).topics) {
    for (const { errorCode } of partitions) {
      if (errorCode !== 0) throw new Error(`The broker answered a pre-encoded request with error ${errorCode}.`);
    }
  }
}
