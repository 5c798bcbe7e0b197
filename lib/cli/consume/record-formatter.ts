import type { ConsumedRecord } from '../../consumer/consumed-record.js';

/** Turns records into what is printed, line end included. */
export interface RecordFormatter {
  /** @throws UndecodableRecordError */
  format(record: ConsumedRecord): readonly (Buffer | string)[];
}
