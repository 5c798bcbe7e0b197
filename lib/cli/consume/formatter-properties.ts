import { ConfigError } from '../../producer/errors.js';
import { booleanProperty } from '../../producer/kafka-properties/property-values.js';

/** What is printed of a record: the properties of Kafka's `DefaultMessageFormatter`, with its defaults. */
export interface FormatterProperties {
  readonly printTimestamp: boolean;
  readonly printPartition: boolean;
  readonly printOffset: boolean;
  readonly printEpoch: boolean;
  readonly printHeaders: boolean;
  readonly printKey: boolean;
  /** Default true; the others false. */
  readonly printValue: boolean;
  /** Between all of these. Default a tab. */
  readonly keySeparator: string;
  /** Default a line feed. */
  readonly lineSeparator: string;
  /** Default a comma. */
  readonly headersSeparator: string;
  /** Default `null`. */
  readonly nullLiteral: string;
}

const NAMES: ReadonlyMap<string, keyof FormatterProperties> = new Map([
  ['print.timestamp', 'printTimestamp'],
  ['print.partition', 'printPartition'],
  ['print.offset', 'printOffset'],
  ['print.epoch', 'printEpoch'],
  ['print.headers', 'printHeaders'],
  ['print.key', 'printKey'],
  ['print.value', 'printValue'],
  ['key.separator', 'keySeparator'],
  ['line.separator', 'lineSeparator'],
  ['headers.separator', 'headersSeparator'],
  ['null.literal', 'nullLiteral'],
]);
const DEFAULTS: FormatterProperties = {
  printTimestamp: false,
  printPartition: false,
  printOffset: false,
  printEpoch: false,
  printHeaders: false,
  printKey: false,
  printValue: true,
  keySeparator: '\t',
  lineSeparator: '\n',
  headersSeparator: ',',
  nullLiteral: 'null',
};

/**
 * Reads the properties by Kafka's names, e.g. `print.key`.
 * @throws ConfigError for an unknown name or a wrong value
 */
export function readFormatterProperties(given: Readonly<Record<string, string>>): FormatterProperties {
  const read: Record<string, string | boolean> = {};
  for (const [name, value] of Object.entries(given)) {
    const property = NAMES.get(name);
    if (property === undefined) {
      const known = [...NAMES.keys()].join(', ');
      throw new ConfigError(
        `Formatter property ${name}: there is no such property. There are ${known}.`,
        name,
        value,
        'FORMATTER',
      );
    }
    read[property] = typeof DEFAULTS[property] === 'boolean' ? booleanProperty(name, value) : value;
  }
  return { ...DEFAULTS, ...read };
}
