import type { KafkaClientOptions } from '../../lib/wire/kafka-client-options.js';

export const STRATEGIES = ['auto', 'sync-record', 'sync-batch', 'async', 'manual'] as const;
export type StrategyName = (typeof STRATEGIES)[number];

/** What an application of the tests consumes. */
export interface ConsumerTask {
  readonly client: KafkaClientOptions;
  readonly topic: string;
  /** Each strategy's group is `<group>-<strategy>`. */
  readonly group: string;
  /** Gets a line `<strategy> <partition> <offset>` for every record, before its handler ends. */
  readonly file: string;
  readonly autoCommitIntervalMs: number;
  readonly sessionTimeoutMs: number;
}
