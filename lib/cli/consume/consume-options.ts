import type { IsolationLevel } from '../../consumer/consumer-config.js';
import type { ConnectionOptions } from '../common/connection-options.js';
import { UsageError } from '../common/usage-error.js';
import { readFormatterProperties } from './formatter-properties.js';
import { JsonFormatter } from './json-formatter.js';
import { jsonDeserializer, textDeserializer } from './printed-parts.js';
import type { RecordFormatter } from './record-formatter.js';
import { TextFormatter } from './text-formatter.js';

export type CommitMode = 'auto' | 'sync' | 'async';

/** The options of `nest-kafka consume`, as commander hands them over. */
export interface ConsumeOptions extends ConnectionOptions {
  readonly topic?: readonly string[];
  readonly include?: string;
  readonly fromBeginning?: boolean;
  readonly partition?: number;
  readonly offset?: 'earliest' | 'latest' | bigint;
  /** Milliseconds since the epoch. */
  readonly fromTimestamp?: number;
  readonly group?: string;
  readonly commit?: CommitMode;
  readonly isolationLevel?: IsolationLevel;
  readonly maxMessages?: number;
  readonly timeoutMs?: number;
  readonly print?: readonly string[];
  readonly json?: boolean;
  readonly formatterProperty?: Readonly<Record<string, string>>;
  readonly keyDeserializer: string;
  readonly valueDeserializer: string;
  readonly skipMessageOnError?: boolean;
}

/** What `--print` may name. */
export const PRINTABLE: readonly string[] = ['timestamp', 'partition', 'offset', 'epoch', 'headers', 'key', 'value'];

/**
 * What is to be read: topics by their names, or those that match.
 * @throws UsageError unless it is one or the other
 */
export function wantedTopics({ include, topic = [] }: ConsumeOptions): readonly (string | RegExp)[] {
  if (include === undefined && topic.length > 0) return [...new Set(topic)];
  if (include === undefined || topic.length > 0)
    throw new UsageError('Give either --topic (may be repeated) or --include <regex>.');
  try {
    // As in Kafka, the whole name has to match; a comma means "or".
    return [new RegExp(`^(?:${include.replaceAll(',', '|')})$`)];
  } catch (cause) {
    throw new UsageError(`--include is no regular expression: ${include}`, { cause });
  }
}

/** @throws UsageError for options that exclude each other */
export function checkStart(options: ConsumeOptions): void {
  const { commit, fromBeginning, fromTimestamp, group, offset, partition, topic = [] } = options;
  const places = [
    ...(fromBeginning === true ? ['--from-beginning'] : []),
    ...(offset === undefined ? [] : ['--offset']),
    ...(fromTimestamp === undefined ? [] : ['--from-timestamp']),
  ];
  if (places.length > 1)
    throw new UsageError(`${places.join(' and ')} say different places to begin: give one of them.`);
  if (partition !== undefined && topic.length !== 1) throw new UsageError('--partition needs one --topic.');
  if (offset !== undefined && partition === undefined) throw new UsageError('--offset needs --partition.');
  if (commit !== undefined && group === undefined)
    throw new UsageError('--commit needs --group: without one nothing is committed.');
  if (group === undefined) return;
  if (partition !== undefined)
    throw new UsageError('--partition and --group exclude each other: a group assigns partitions itself.');
  if (fromTimestamp !== undefined) {
    throw new UsageError(
      '--from-timestamp and --group exclude each other: a group begins at its committed offsets. To move them: nest-kafka groups reset-offsets --to-datetime',
    );
  }
}

/** @throws UsageError, ConfigError */
export function createFormatter(options: ConsumeOptions): RecordFormatter {
  const { formatterProperty = {}, json, keyDeserializer, print = [], valueDeserializer } = options;
  const properties = readFormatterProperties({
    ...Object.fromEntries(print.map((name) => [`print.${name}`, 'true'])),
    ...formatterProperty,
  });
  if (json !== true) {
    return new TextFormatter(properties, {
      key: textDeserializer(keyDeserializer),
      value: textDeserializer(valueDeserializer),
    });
  }
  if (print.length > 0 || Object.keys(formatterProperty).length > 0) {
    throw new UsageError('--json prints everything: leave out --print and --formatter-property.');
  }
  return new JsonFormatter({ key: jsonDeserializer(keyDeserializer), value: jsonDeserializer(valueDeserializer) });
}
