import { describe, expect, it } from '@jest/globals';
import { CONSUMER_OPTIONS } from '../../lib/consumer/consumer-option-rules.js';
import { checkListenerOptions } from '../../lib/consumer/nest/check-listener-options.js';
import { resolveRecovery } from '../../lib/consumer/recovery/resolve-recovery.js';
import { resolveConsumerConfig } from '../../lib/consumer/resolve-consumer-config.js';
import { ConfigError } from '../../lib/producer/errors.js';
import { OPTION_RULES } from '../../lib/producer/option-rules.js';
import { CONSUMER_PROPERTIES, PRODUCER_PROPERTIES } from '../../lib/producer/kafka-properties/property-table.js';
import { resolveProducerConfig } from '../../lib/producer/resolve-producer-config.js';
import { readMarkdown } from './markdown.js';

interface Row {
  readonly setting: string;
  /** As they are written, without the marks of code. */
  readonly cells: readonly string[];
}

/** The rows of the table behind a comment that begins with this word, without head and rule. */
function tableBehind(word: string, file: string): Row[] {
  const [, text = ''] = readMarkdown(file).split(`<!-- ${word}`);
  const [section = ''] = text.split(/\n## |\n[^|\n<-]/);
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map(([, setting = '', ...cells]) => ({ setting, cells }));
}

function settingsOf(rows: readonly Row[]): string[] {
  return rows.map(({ setting }) => setting).sort();
}

/** Thousands are parted by blanks in the tables. */
function withoutBlanks(number: string): string {
  return number.replaceAll(/(?<=\d) (?=\d)/g, '');
}

function defaultsOf(rows: readonly Row[], column: number): Record<string, string> {
  return Object.fromEntries(rows.map(({ setting, cells }) => [setting, withoutBlanks(cells[column] ?? '')]));
}

/** The names that an error about an unknown option gives. */
function namesIn(refused: () => unknown): string[] {
  try {
    refused();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [, names = ''] = /There are ([\w, ]+)/.exec(error.message) ?? [];
    return names.split(', ').sort();
  }
  throw new Error('it was not refused');
}

type Value = string | number | boolean | readonly string[] | null;

describe('the table of settings of the producer', () => {
  const rows = tableBehind('SETTINGS', 'docs/guides/configure-the-producer.md');

  /** As the table writes it: nothing where there is no default. */
  function defaultOf(setting: string): string {
    if (setting === 'acks') return "'all'";
    if (setting === 'compression') return `'${resolveProducerConfig().config.compressionType}'`;
    const rule = new Map<string, (typeof OPTION_RULES)[keyof typeof OPTION_RULES]>(Object.entries(OPTION_RULES)).get(
      setting,
    );
    if (rule === undefined || rule.kind === 'other' || rule.initial === null) return '';
    return String(rule.initial);
  }

  it('has every setting there is, once', () => {
    expect(settingsOf(rows)).toEqual(Object.keys(OPTION_RULES).sort());
  });

  it('has the default of each', () => {
    expect(defaultsOf(rows, 1)).toEqual(Object.fromEntries(rows.map(({ setting }) => [setting, defaultOf(setting)])));
  });

  it("has Kafka's name of each", () => {
    const names = new Map([...PRODUCER_PROPERTIES].map(([name, { option }]) => [option as string, name]));
    names.set('compressionLevel', 'compression.gzip.level and so on');
    expect(rows.map(({ cells }) => cells[0])).toEqual(rows.map(({ setting }) => names.get(setting)));
  });
});

describe('the table of settings of the consumer', () => {
  const rows = tableBehind('SETTINGS', 'docs/guides/configure-the-consumer.md');
  /** Settings whose default is made elsewhere, and is told in words. */
  const TOLD = new Set(['groupId', 'commitStrategy', 'enableAutoCommit', 'recovery', 'concurrency']);
  /** Of the listeners. */
  const DESERIALIZERS = { valueDeserializer: 'json', keyDeserializer: 'string' };
  const OWN = new Set(['commitStrategy', 'recovery', 'concurrency', 'drainTimeoutMs']);

  function defaultOf(setting: string): string {
    if (TOLD.has(setting)) return '';
    const { config, ...rest } = resolveConsumerConfig();
    const values: Readonly<Record<string, Value>> = { ...rest, ...config, ...DESERIALIZERS };
    const given = values[setting] ?? '';
    const value = typeof given === 'object' ? given[0] : given;
    return typeof value === 'string' && value !== '' ? `'${value}'` : String(value ?? '');
  }

  it('has every setting there is, once', () => {
    expect(settingsOf(rows)).toEqual([...CONSUMER_OPTIONS].sort());
  });

  it('has the default of each', () => {
    expect(defaultsOf(rows, 1)).toEqual(Object.fromEntries(rows.map(({ setting }) => [setting, defaultOf(setting)])));
  });

  it("has Kafka's name of each", () => {
    const known = new Map([...CONSUMER_PROPERTIES].map(([name, { option }]) => [option as string, name]));
    // Those that producers have too are in their table; the rest follow the same rule.
    const nameOf = (setting: string): string =>
      OWN.has(setting)
        ? ''
        : (known.get(setting) ?? setting.replaceAll(/[A-Z]/g, (letter) => `.${letter.toLowerCase()}`));
    expect(rows.map(({ cells }) => cells[0])).toEqual(rows.map(({ setting }) => nameOf(setting)));
  });
});

describe('the tables of other options', () => {
  it('have all of @KafkaListener()', () => {
    const known = namesIn(() => checkListenerOptions({ unknown: 1 } as object, 'a listener'));
    expect(settingsOf(tableBehind('LISTENER', 'docs/guides/configure-the-consumer.md'))).toEqual(known);
  });

  it('have all of recovery, with the defaults', () => {
    const rows = tableBehind('RECOVERY', 'docs/guides/recover-from-failures.md');
    expect(settingsOf(rows)).toEqual(namesIn(() => resolveRecovery({ unknown: 1 } as object, 'a listener')));
    const { attempts, backoff } = resolveRecovery(undefined, 'a listener');
    const pauses = Object.entries(backoff).map(([name, value]) => `${name}: ${value}`);
    expect(defaultsOf(rows, 0)).toMatchObject({
      attempts: String(attempts),
      backoff: `{ ${['initialMs', 'multiplier', 'maxMs', 'jitter'].map((name) => pauses.find((pause) => pause.startsWith(name))).join(', ')} }`,
    });
  });
});
