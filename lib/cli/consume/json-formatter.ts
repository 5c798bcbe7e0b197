import type { ConsumedRecord } from '../../consumer/consumed-record.js';
import { decodeParts, type RecordDeserializers } from '../../consumer/deserializers/decode-record.js';
import { type JsonField, toJsonLine } from '../records/json-record.js';
import type { RecordFormatter } from './record-formatter.js';

/** A JSON line for each record. */
export class JsonFormatter implements RecordFormatter {
  public constructor(private readonly deserializers: RecordDeserializers<JsonField, JsonField>) {}

  public format(record: ConsumedRecord): readonly string[] {
    return [toJsonLine(record, decodeParts(record, this.deserializers)), '\n'];
  }
}
