import { describe, expect, it } from '@jest/globals';
import { OPTION_RULES } from '../../lib/producer/option-rules.js';
import { PRODUCER_PROPERTIES } from '../../lib/producer/kafka-properties/property-table.js';
import { resolveProducerConfig } from '../../lib/producer/resolve-producer-config.js';
import { readMarkdown } from './markdown.js';

interface Row {
  readonly setting: string;
  readonly kafkaName: string;
  readonly defaultText: string;
}

/** The rows of the table behind the comment, without head and rule. */
function settingsTable(): Row[] {
  const [, text = ''] = readMarkdown('docs/guides/configure-the-producer.md').split('<!-- SETTINGS');
  const [section = ''] = text.split('\n## ');
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map(([, setting = '', kafkaName = '', defaultText = '']) => ({ setting, kafkaName, defaultText }));
}

/** As the table writes it: thousands parted by blanks, nothing where there is no default. */
function defaultOf(setting: string): string {
  if (setting === 'acks') return "'all'";
  if (setting === 'compression') return `'${resolveProducerConfig().config.compressionType}'`;
  const rule = new Map<string, (typeof OPTION_RULES)[keyof typeof OPTION_RULES]>(Object.entries(OPTION_RULES)).get(
    setting,
  );
  if (rule === undefined || rule.kind === 'other' || rule.initial === null) return '';
  return String(rule.initial);
}

describe('the table of settings', () => {
  it('has every setting there is, once', () => {
    expect(
      settingsTable()
        .map(({ setting }) => setting)
        .sort(),
    ).toEqual(Object.keys(OPTION_RULES).sort());
  });

  it('has the default of each', () => {
    const defaults = settingsTable().map(({ setting, defaultText }) => [
      setting,
      defaultText.replaceAll(/(?<=\d) (?=\d)/g, ''),
    ]);
    expect(Object.fromEntries(defaults)).toEqual(
      Object.fromEntries(settingsTable().map(({ setting }) => [setting, defaultOf(setting)])),
    );
  });

  it("has Kafka's name of each", () => {
    const names = new Map([...PRODUCER_PROPERTIES].map(([name, { option }]) => [option as string, name]));
    names.set('compressionLevel', 'compression.gzip.level and so on');
    expect(settingsTable().map(({ kafkaName }) => kafkaName)).toEqual(
      settingsTable().map(({ setting }) => names.get(setting)),
    );
  });
});
