import { inspect } from 'node:util';
import { Injectable, Optional } from '@nestjs/common';
import { ConfigError } from '../../producer/errors.js';
import type { CommitSession, CommitStrategy, ListenerOffsets } from './commit-strategy.js';
import { checkStrategyOptions } from './strategy-options.js';

export interface ManualCommitOptions {
  /** true: a record that is acknowledged while its handler runs holds back the next one until it is committed; a commit that fails stops the listener. Default false. */
  readonly sync?: boolean | undefined;
}

/**
 * A record is done when the handler says so with `context.ack()`, within the handler or later, in any order; the commit follows at once. Acknowledgements that come
 * while a commit is under way share the next one.
 *
 * At least once. After a crash all records from the first one on are handled again that was not acknowledged, or whose commit was under way. A record that is never
 * acknowledged keeps its partition from moving on for good, and in the end from being fetched.
 *
 * @example
 * consumer: { commitStrategy: ManualCommitStrategy }
 */
@Injectable()
export class ManualCommitStrategy implements CommitStrategy {
  public readonly acknowledgement = 'manual';
  private readonly sync: boolean;

  /** @throws ConfigError */
  public constructor(@Optional() options: ManualCommitOptions = {}) {
    checkStrategyOptions(ManualCommitStrategy.name, options, ['sync']);
    const { sync = false }: { sync?: unknown } = options;
    if (typeof sync !== 'boolean') {
      throw new ConfigError(
        `${ManualCommitStrategy.name}: sync must be true or false, not ${inspect(sync)}.`,
        'sync',
        sync,
        'TYPE',
      );
    }
    this.sync = sync;
  }

  public start(offsets: ListenerOffsets): CommitSession {
    return { afterRecord: this.sync ? () => offsets.commitSync() : () => offsets.commitAsync() };
  }
}
