import { BatchRecordError } from './batch-record-error.js';

/** A record of a batch could not be handed to the handler, and so none of it was: those before it are not done. */
export class UnhandledBatchError extends BatchRecordError {}
