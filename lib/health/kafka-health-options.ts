import { inspect } from 'node:util';
import { ConfigError } from '../producer/errors.js';
import type { DurabilityOutcome } from './durability/topic-durability.js';

/** What the three indicators have in common. */
export interface HealthSelection {
  /** Only the module of that name (`KafkaProducerModule.forRoot({ name })`), null for the unnamed one. Default: all of the application. */
  readonly producer?: string | null | undefined;
}

/** When a producer is well. */
export interface ProducerHealthOptions extends HealthSelection {
  /** Not ready while a record has waited so many milliseconds to be stored. Default: half of the producer's `deliveryTimeoutMs`. */
  readonly maxOldestRecordAgeMs?: number | undefined;
  /** Not ready when the cluster has not told of its brokers for so many milliseconds. Default: twice the producer's `metadataMaxAgeMs`. */
  readonly maxMetadataAgeMs?: number | undefined;
  /**
   * Not started before these topics exist and each of their partitions has a leader, in the cluster of the unnamed producer or of the one that `producer` names. They are
   * looked for in the background from the start of the application on. Default none.
   */
  readonly topics?: readonly string[] | undefined;
}

/** What a single check of producers may say otherwise; `topics` are looked for from the start on, so they are options of the module. */
export type ProducerCheckOptions = Omit<ProducerHealthOptions, 'topics'>;

/** When one listener is well. */
export interface ListenerHealthOptions {
  /**
   * Not alive while a call of its handler goes on for longer, in milliseconds, or with manual acknowledgement a record waits for its own. Time in which brokers are
   * awaited does not count. 0 or less: no limit. Default 60 000.
   */
  readonly maxUnackedAgeMs?: number | undefined;
  /** So many records behind the end of its partitions are too many, over all that this process has. Default: no limit. */
  readonly maxLag?: number | undefined;
}

/** When consumers are well. */
export interface ConsumerHealthOptions extends HealthSelection, ListenerHealthOptions {
  /** How long a group may rebalance, and its coordinator be silent, before its listeners are not ready; milliseconds. Default 30 000. */
  readonly rebalanceGraceMs?: number | undefined;
  /** What a lag above `maxLag` makes of readiness. Default `degraded`. */
  readonly lagStatus?: 'degraded' | 'down' | undefined;
  /** true: the application starts failed listeners again by itself (`KafkaListenerRegistry`), so that they do not fail liveness. Default false. */
  readonly restartsFailedListeners?: boolean | undefined;
  /** For single listeners, by their id. */
  readonly listeners?: Readonly<Record<string, ListenerHealthOptions>> | undefined;
}

/** When records are kept well enough. */
export interface DurabilityHealthOptions extends HealthSelection {
  /**
   * Not ready when the failure of one broker could cost that, or worse, for a topic in use. Default: never, it is only told (`degraded`).
   */
  readonly downWhenOneFailureCosts?: Exclude<DurabilityOutcome, 'no-loss'> | undefined;
}

/** The options of `KafkaHealthModule.forRoot`. All but `producer.topics` can be given to a single check as well. */
export interface KafkaHealthOptions {
  readonly producer?: ProducerHealthOptions | undefined;
  readonly consumer?: ConsumerHealthOptions | undefined;
  readonly durability?: DurabilityHealthOptions | undefined;
}

export const DEFAULT_MAX_UNACKED_AGE_MS = 60_000;
export const DEFAULT_REBALANCE_GRACE_MS = 30_000;

const NUMBERS = ['maxOldestRecordAgeMs', 'maxMetadataAgeMs', 'maxUnackedAgeMs', 'maxLag', 'rebalanceGraceMs'] as const;

/** @throws ConfigError for a limit that is no number: every comparison with it would hold its tongue */
export function checkHealthOptions({ consumer, durability, producer }: KafkaHealthOptions): void {
  const listeners = Object.entries(consumer?.listeners ?? {});
  for (const [name, options] of [
    ['producer', producer],
    ['consumer', consumer],
    ['durability', durability],
    ...listeners.map(([id, limits]) => [`consumer.listeners['${id}']`, limits] as const),
  ] as const) {
    for (const [option, value] of Object.entries(options ?? {})) {
      const isLimit = (NUMBERS as readonly string[]).includes(option);
      if (!isLimit || value === undefined || (typeof value === 'number' && !Number.isNaN(value))) continue;
      throw new ConfigError(
        `KafkaHealthModule: ${name}.${option} must be a number, not ${inspect(value)}.`,
        `${name}.${option}`,
        value,
        'TYPE',
      );
    }
  }
}
