import type { ApiDefinition } from '../../lib/wire/protocol/api-definition.js';
import { ProtocolReader } from '../../lib/wire/protocol/protocol-reader.js';
import { ProtocolWriter } from '../../lib/wire/protocol/protocol-writer.js';

interface FetchRequest {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** How long the broker may wait for records. */
  readonly maxWaitMs: number;
}

interface FetchResponse {
  readonly errorCode: number;
  readonly highWatermark: bigint;
  /** Record batches as they are stored. */
  readonly records: Buffer;
}

const MAX_BYTES = 50 * 1024 * 1024;

/** Fetch version 4, one partition, uncommitted: only to look at what a broker has stored. */
export const fetchApi = {
  key: 1,
  name: 'Fetch',
  minVersion: 4,
  maxVersion: 4,
  firstFlexibleVersion: 12,
  encodeRequest(_version: number, request: FetchRequest): Buffer[] {
    const writer = new ProtocolWriter();
    writer.int32(-1).int32(request.maxWaitMs).int32(1).int32(MAX_BYTES).int8(0);
    writer.array([request], ({ topic, partition, offset }) => {
      writer.string(topic).array([partition], (index) => writer.int32(index).int64(offset).int32(MAX_BYTES));
    });
    return [writer.toBuffer()];
  },
  decodeResponse(_version: number, body: Buffer): FetchResponse {
    const reader = new ProtocolReader(body, 'Fetch response');
    reader.int32();
    const partitions = reader.array((topic) => {
      topic.string();
      return topic.array((partition) => {
        partition.int32();
        const errorCode = partition.int16();
        const highWatermark = partition.int64();
        partition.int64();
        partition.nullableArray((aborted) => aborted.skip(16));
        return { errorCode, highWatermark, records: partition.nullableBytes() ?? Buffer.alloc(0) };
      });
    });
    reader.expectEnd();
    const [first] = partitions.flat();
    if (first === undefined) throw new Error('The broker answered without any partition');
    return first;
  },
} satisfies ApiDefinition<FetchRequest, FetchResponse>;
