import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { partitionedErrorAnswer } from './partitioned-error-answer.js';

const NO_OFFSET = -1n;
const OPERATION_NOT_ATTEMPTED = 55;
const PRODUCER_ID_AND_EPOCH_BYTES = 10;

function skipRecordErrors(reader: ByteReader, flexible: boolean): void {
  for (let left = reader.arrayLength(flexible); left > 0; left -= 1) {
    reader.int32();
    reader.string(flexible);
    reader.skipTags(flexible);
  }
}

/** Produce, versions that name topics (13 and later carry topic ids). */
export const produceErrorAnswer = partitionedErrorAnswer({
  versions: [3, 12],
  divisible: true,
  otherCode: (errorCode) => errorCode,
  requestBefore(reader, version) {
    reader.string(version >= 9);
    reader.skip(2 + 4);
  },
  requestPartition(reader, version) {
    const index = reader.int32();
    reader.skipBytes(version >= 9);
    reader.skipTags(version >= 9);
    return index;
  },
  throttleFirst: false,
  responsePartition(reader, version) {
    const index = reader.int32();
    reader.skip(2 + 8 + 8 + (version >= 5 ? 8 : 0));
    if (version >= 8) {
      skipRecordErrors(reader, version >= 9);
      reader.string(version >= 9);
    }
    reader.skipTags(version >= 9);
    return index;
  },
  writeResponsePartition(writer, version, index, errorCode) {
    writer.int32(index).int16(errorCode).int64(NO_OFFSET).int64(NO_OFFSET);
    if (version >= 5) writer.int64(NO_OFFSET);
    if (version >= 8) writer.arrayLength(0, version >= 9).string(null, version >= 9);
    writer.tags(version >= 9);
  },
});

function writePartitionAndCode(writer: ByteWriter, flexible: boolean, index: number, errorCode: number): void {
  writer.int32(index).int16(errorCode).tags(flexible);
}

function skipPartitionAndCode(reader: ByteReader, flexible: boolean): number {
  const index = reader.int32();
  reader.int16();
  reader.skipTags(flexible);
  return index;
}

/** AddPartitionsToTxn as clients send it (4 and later are for brokers); the coordinator adds all partitions or none. */
export const addPartitionsToTxnErrorAnswer = partitionedErrorAnswer({
  versions: [0, 3],
  divisible: false,
  otherCode: () => OPERATION_NOT_ATTEMPTED,
  requestBefore(reader, version) {
    reader.string(version >= 3);
    reader.skip(PRODUCER_ID_AND_EPOCH_BYTES);
  },
  requestPartition: (reader) => reader.int32(),
  throttleFirst: true,
  responsePartition: (reader, version) => skipPartitionAndCode(reader, version >= 3),
  writeResponsePartition: (writer, version, index, errorCode) =>
    writePartitionAndCode(writer, version >= 3, index, errorCode),
});

export const txnOffsetCommitErrorAnswer = partitionedErrorAnswer({
  versions: [0, 5],
  divisible: true,
  otherCode: (errorCode) => errorCode,
  requestBefore(reader, version) {
    const flexible = version >= 3;
    reader.string(flexible);
    reader.string(flexible);
    reader.skip(PRODUCER_ID_AND_EPOCH_BYTES);
    if (version < 3) return;
    reader.int32();
    reader.string(flexible);
    reader.string(flexible);
  },
  requestPartition(reader, version) {
    const index = reader.int32();
    reader.skip(8 + (version >= 2 ? 4 : 0));
    reader.string(version >= 3);
    reader.skipTags(version >= 3);
    return index;
  },
  throttleFirst: true,
  responsePartition: (reader, version) => skipPartitionAndCode(reader, version >= 3),
  writeResponsePartition: (writer, version, index, errorCode) =>
    writePartitionAndCode(writer, version >= 3, index, errorCode),
});
