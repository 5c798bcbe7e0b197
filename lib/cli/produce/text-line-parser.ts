import { LineError } from './line-error.js';
import type { LineParser, ParsedLine } from './line-parser.js';
import type { ReaderProperties } from './reader-properties.js';

interface ParsedHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/**
 * Lines as Kafka's console producer reads them: headers, key and value, in this order and parted by separators; the value may hold any of them. What is in the line is
 * taken byte for byte.
 */
export class TextLineParser implements LineParser {
  private readonly keySeparator: Buffer;
  private readonly headersDelimiter: Buffer;
  private readonly headersSeparator: Buffer;
  private readonly headersKeySeparator: Buffer;
  private readonly nullMarker: Buffer | null;

  public constructor(private readonly properties: ReaderProperties) {
    this.keySeparator = Buffer.from(properties.keySeparator);
    this.headersDelimiter = Buffer.from(properties.headersDelimiter);
    this.headersSeparator = Buffer.from(properties.headersSeparator);
    this.headersKeySeparator = Buffer.from(properties.headersKeySeparator);
    this.nullMarker = properties.nullMarker === null ? null : Buffer.from(properties.nullMarker);
  }

  public parse(line: Buffer): ParsedLine {
    const { parseHeaders, parseKey } = this.properties;
    const headers = parseHeaders ? this.cut(line, this.headersDelimiter, 'headers.delimiter') : null;
    const behind = headers?.after ?? line;
    const key = parseKey ? this.cut(behind, this.keySeparator, 'key.separator') : null;
    return {
      key: this.nullable(key?.before ?? null),
      value: this.nullable(key?.after ?? behind),
      headers: this.headers(headers?.before ?? null),
    };
  }

  /** null when there is no separator, and that is to be ignored. */
  private cut(
    text: Buffer,
    separator: Buffer,
    name: string,
  ): { readonly before: Buffer; readonly after: Buffer } | null {
    const at = text.indexOf(separator);
    if (at >= 0) return { before: text.subarray(0, at), after: text.subarray(at + separator.length) };
    if (this.properties.ignoreError) return null;
    throw new LineError(
      `it has no ${name} ${JSON.stringify(separator.toString())}. Add it, name another one, or set ignore.error=true to take such lines as they are.`,
    );
  }

  private headers(text: Buffer | null): ParsedHeader[] {
    const given = this.nullable(text);
    if (given === null || given.length === 0) return [];
    return this.parts(given).map((part) => this.header(part));
  }

  private header(part: Buffer): ParsedHeader {
    const pair = this.cut(part, this.headersKeySeparator, 'headers.key.separator');
    if (pair === null) return { key: part.toString(), value: null };
    if (this.nullable(pair.before) === null) throw new LineError('a header has the null marker as its name.');
    return { key: pair.before.toString(), value: this.nullable(pair.after) };
  }

  private parts(text: Buffer): Buffer[] {
    const parts: Buffer[] = [];
    let start = 0;
    for (let at = text.indexOf(this.headersSeparator); at >= 0; at = text.indexOf(this.headersSeparator, start)) {
      parts.push(text.subarray(start, at));
      start = at + this.headersSeparator.length;
    }
    parts.push(text.subarray(start));
    return parts;
  }

  private nullable(bytes: Buffer | null): Buffer | null {
    return bytes === null || (this.nullMarker !== null && this.nullMarker.equals(bytes)) ? null : bytes;
  }
}
