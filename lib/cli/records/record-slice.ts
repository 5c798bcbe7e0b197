import type { ConsumedRecord } from '../../consumer/consumed-record.js';
import type { AssignedPartition } from '../../consumer/consumer-engine-api.js';

/** Some records of one partition, in order. */
export interface RecordSlice {
  readonly partition: AssignedPartition;
  /** Empty when there was nothing to deliver (markers, aborted records, a compacted gap). */
  readonly records: readonly ConsumedRecord[];
  /** Where reading goes on: everything below it has been handed out or is not there. */
  readonly nextOffset: bigint;
}
