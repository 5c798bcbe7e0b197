import type { ProducerOptions } from './producer-options.js';

/** Java's `Integer.MAX_VALUE`, and the longest delay a Node timer takes. */
export const INT_MAX = 2_147_483_647;

interface IntegerRule {
  readonly kind: 'integer';
  readonly unit: 'ms' | 'bytes' | '';
  readonly min: number;
  readonly max: number;
  /** null: has no default of its own. */
  readonly initial: number | null;
  /** The id of the rule that the limits belong to; default `RANGE`. */
  readonly rangeRule?: string;
}

interface BooleanRule {
  readonly kind: 'boolean';
  readonly initial: boolean;
}

/** Checked elsewhere: parts, and settings with a form of their own. */
interface OtherRule {
  readonly kind: 'other';
}

export type OptionRule = IntegerRule | BooleanRule | OtherRule;

/** `long` in Java: accepted beyond what a timer can wait, and cut to it (24.8 days), as Java does with `linger.ms`. */
const longMs = (initial: number, min = 0): IntegerRule => ({
  kind: 'integer',
  unit: 'ms',
  min,
  max: Number.MAX_SAFE_INTEGER,
  initial,
});
const intMs = (initial: number): IntegerRule => ({ kind: 'integer', unit: 'ms', min: 0, max: INT_MAX, initial });
const bytes = (initial: number, max: number): IntegerRule => ({ kind: 'integer', unit: 'bytes', min: 0, max, initial });
const socketBuffer: IntegerRule = {
  kind: 'integer',
  unit: 'bytes',
  min: -1,
  max: INT_MAX,
  initial: null,
  rangeRule: 'V11',
};
const flag = (initial: boolean): BooleanRule => ({ kind: 'boolean', initial });
const other: OtherRule = { kind: 'other' };

/** Every option of a producer with Kafka's type, limits and default (`ProducerConfig` of the Java client 4.x). */
export const OPTION_RULES = {
  acks: other,
  enableIdempotence: flag(true),
  maxInFlightRequestsPerConnection: { kind: 'integer', unit: '', min: 1, max: INT_MAX, initial: 5 },
  retries: { kind: 'integer', unit: '', min: 0, max: INT_MAX, initial: INT_MAX },
  retryBackoffMs: longMs(100),
  retryBackoffMaxMs: longMs(1000),
  reconnectBackoffMs: longMs(50),
  reconnectBackoffMaxMs: longMs(1000),
  requestTimeoutMs: intMs(30_000),
  deliveryTimeoutMs: intMs(120_000),
  maxBlockMs: longMs(60_000),
  lingerMs: longMs(5),
  batchSize: bytes(16_384, INT_MAX),
  bufferMemory: bytes(33_554_432, Number.MAX_SAFE_INTEGER),
  maxRequestSize: bytes(1_048_576, INT_MAX),
  compression: other,
  compressionLevel: other,
  partitionerIgnoreKeys: flag(false),
  partitionerAdaptivePartitioningEnable: flag(true),
  partitionerAvailabilityTimeoutMs: longMs(0),
  metadataMaxAgeMs: longMs(300_000),
  metadataMaxIdleMs: longMs(300_000, 5000),
  connectionsMaxIdleMs: longMs(540_000, -1),
  socketConnectionSetupTimeoutMs: longMs(10_000),
  socketConnectionSetupTimeoutMaxMs: longMs(30_000),
  receiveBufferBytes: socketBuffer,
  sendBufferBytes: socketBuffer,
  transactionalId: other,
  transactionTimeoutMs: intMs(60_000),
  keySerializer: other,
  valueSerializer: other,
  partitioner: other,
  interceptors: other,
} as const satisfies Record<keyof ProducerOptions, OptionRule>;

/** The options that are whole numbers. */
export type IntegerOption = {
  [Name in keyof typeof OPTION_RULES]: (typeof OPTION_RULES)[Name] extends IntegerRule ? Name : never;
}[keyof typeof OPTION_RULES];

/** The options that are true or false. */
export type BooleanOption = {
  [Name in keyof typeof OPTION_RULES]: (typeof OPTION_RULES)[Name] extends BooleanRule ? Name : never;
}[keyof typeof OPTION_RULES];

/** What other clients call an option, for the hint in the error. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['idempotent', 'enableIdempotence'],
  ['maxinflightrequests', 'maxInFlightRequestsPerConnection'],
  ['createpartitioner', 'partitioner'],
  ['partitionerclass', 'partitioner'],
  ['interceptorclasses', 'interceptors'],
  ['compressiontype', 'compression'],
  ['timeout', 'requestTimeoutMs'],
  ['retry', 'retries, retryBackoffMs and deliveryTimeoutMs'],
  ['clientid', 'client.clientId, beside producer'],
]);

const bare = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
const BY_BARE_NAME: ReadonlyMap<string, string> = new Map(
  Object.keys(OPTION_RULES).flatMap((name) => [
    [bare(name), name],
    [bare(name).replace(/(ms|bytes)$/, ''), name],
  ]),
);

/** The option a misspelt name most likely means, or null. */
export function suggestOption(name: string): string | null {
  return BY_BARE_NAME.get(bare(name)) ?? OTHER_NAMES.get(bare(name)) ?? null;
}
