import type { ConsumedRecord } from '../../consumer/consumed-record.js';
import { decodeParts, type RecordDeserializers } from '../../consumer/deserializers/decode-record.js';
import type { FormatterProperties } from './formatter-properties.js';
import type { RecordFormatter } from './record-formatter.js';

type Part = Buffer | string;

/** Text by the rules of Kafka's `DefaultMessageFormatter`: timestamp, partition, offset, epoch, headers, key, value, as far as they are wanted. */
export class TextFormatter implements RecordFormatter {
  public constructor(
    private readonly properties: FormatterProperties,
    private readonly deserializers: RecordDeserializers<Part, Part>,
  ) {}

  public format(record: ConsumedRecord): readonly Part[] {
    const { key, value } = decodeParts(record, this.deserializers);
    const { keySeparator, lineSeparator, nullLiteral, ...print } = this.properties;
    const columns: Part[][] = [];
    if (print.printTimestamp) columns.push([`${record.timestampType}:${record.timestamp}`]);
    if (print.printPartition) columns.push([`Partition:${record.partition}`]);
    if (print.printOffset) columns.push([`Offset:${record.offset}`]);
    if (print.printEpoch) columns.push([`Epoch:${record.leaderEpoch < 0 ? 'NOT_PRESENT' : record.leaderEpoch}`]);
    if (print.printHeaders) columns.push(this.headers(record));
    if (print.printKey) columns.push([key ?? nullLiteral]);
    if (print.printValue) columns.push([value ?? nullLiteral]);
    return [...columns.flatMap((column, index) => (index === 0 ? column : [keySeparator, ...column])), lineSeparator];
  }

  private headers({ headers }: ConsumedRecord): Part[] {
    const { headersSeparator, nullLiteral } = this.properties;
    if (headers.length === 0) return ['NO_HEADERS'];
    return headers.flatMap(({ key, value }, index) => [
      ...(index === 0 ? [] : [headersSeparator]),
      `${key}:`,
      value ?? nullLiteral,
    ]);
  }
}
