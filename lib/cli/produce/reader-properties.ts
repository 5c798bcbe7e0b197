import { ConfigError } from '../../producer/errors.js';
import { booleanProperty } from '../../producer/kafka-properties/property-values.js';

/** How a line of text becomes a record: the properties of Kafka's `LineMessageReader`, with its defaults. */
export interface ReaderProperties {
  /** Default false: the line is the value. */
  readonly parseKey: boolean;
  /** Default a tab. */
  readonly keySeparator: string;
  /** Default false. */
  readonly parseHeaders: boolean;
  /** Behind the headers. Default a tab. */
  readonly headersDelimiter: string;
  /** Between headers. Default a comma. */
  readonly headersSeparator: string;
  /** Between name and value. Default a colon. */
  readonly headersKeySeparator: string;
  /** Default false: a line without a separator fails. true: it is taken as it is. */
  readonly ignoreError: boolean;
  /** What stands for null as key, value or header value. Default null: nothing does. */
  readonly nullMarker: string | null;
}

const NAMES: ReadonlyMap<string, keyof ReaderProperties> = new Map([
  ['parse.key', 'parseKey'],
  ['key.separator', 'keySeparator'],
  ['parse.headers', 'parseHeaders'],
  ['headers.delimiter', 'headersDelimiter'],
  ['headers.separator', 'headersSeparator'],
  ['headers.key.separator', 'headersKeySeparator'],
  ['ignore.error', 'ignoreError'],
  ['null.marker', 'nullMarker'],
]);
const DEFAULTS: ReaderProperties = {
  parseKey: false,
  keySeparator: '\t',
  parseHeaders: false,
  headersDelimiter: '\t',
  headersSeparator: ',',
  headersKeySeparator: ':',
  ignoreError: false,
  nullMarker: null,
};

/**
 * Reads the properties by Kafka's names, e.g. `parse.key`.
 * @throws ConfigError for an unknown name, a wrong value, and for separators that cannot be told apart
 */
export function readReaderProperties(given: Readonly<Record<string, string>>): ReaderProperties {
  const read: Record<string, string | boolean> = {};
  for (const [name, value] of Object.entries(given)) {
    const property = NAMES.get(name);
    if (property === undefined)
      throw wrong(name, `there is no such property. There are ${[...NAMES.keys()].join(', ')}.`);
    if (typeof DEFAULTS[property] === 'boolean') read[property] = booleanProperty(name, value);
    else if (value === '') throw wrong(name, 'it must not be empty.');
    else read[property] = value;
  }
  const properties: ReaderProperties = { ...DEFAULTS, ...read };
  checkApart(properties);
  return properties;
}

/** As in Kafka: only what is in use, and of the two behind headers and key only what stands beside it. */
function checkApart(properties: ReaderProperties): void {
  const { parseHeaders, parseKey } = properties;
  const pairs: [string, string][] = [];
  if (parseHeaders) {
    pairs.push(
      ['headers.delimiter', 'headers.separator'],
      ['headers.delimiter', 'headers.key.separator'],
      ['headers.separator', 'headers.key.separator'],
      ['null.marker', 'headers.delimiter'],
      ['null.marker', 'headers.separator'],
      ['null.marker', 'headers.key.separator'],
    );
  }
  if (parseKey) pairs.push(['null.marker', 'key.separator']);
  for (const [one, other] of pairs) {
    if (valueOf(properties, one) === valueOf(properties, other))
      throw wrong(one, `it must not be the same as ${other}.`);
  }
}

function valueOf(properties: ReaderProperties, name: string): unknown {
  const property = NAMES.get(name);
  return property === undefined ? undefined : properties[property];
}

function wrong(name: string, why: string): ConfigError {
  return new ConfigError(`Reader property ${name}: ${why}`, name, undefined, 'READER');
}
