import type { FetchedHeader, FetchedRecord } from '../wire/fetched-record.js';

/** A header of a consumed record. Names may repeat, and any name is data. */
export type ConsumedHeader = FetchedHeader;

/** A record as it was fetched; a `value` of null is a tombstone. Keys, values and headers may share memory with the whole response: copy what is kept for long. */
export type ConsumedRecord = FetchedRecord;
