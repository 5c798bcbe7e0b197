import { ConfigError } from '../../producer/errors.js';
import type { KafkaProducer } from '../../producer/kafka-producer.js';
import type { ListenerDefinition } from '../listener-definition.js';
import { conflict } from './check-listener-options.js';
import type { HandlerSite } from './handler-site.js';

/**
 * The transaction that a listener runs in; null without `@Transactional()` on its method.
 *
 * @param module the name of the module that the listener belongs to, null for the unnamed one
 * @throws ConfigError for a `@Transactional()` that could not hold the offsets
 */
export function listenerTransaction(
  { transactionalUses, where }: HandlerSite,
  producer: KafkaProducer,
  module: string | null,
  hasTransactions: boolean,
): ListenerDefinition['transaction'] {
  const use = transactionalUses.at(-1);
  if (use === undefined) return null;
  const stranger = transactionalUses.find((candidate) => candidate.producer !== module);
  if (stranger !== undefined) {
    throw conflict(
      where,
      '@Transactional()',
      `is about ${named(stranger.producer)}, but the listener belongs to ${named(module)}, so its offsets would be committed by themselves. Give both decorators the same producer, ` +
        'or begin the transaction inside, with KafkaProducer.transaction',
    );
  }
  const { propagation = 'REQUIRED', ...options } = use.options;
  if (propagation !== 'REQUIRED' && propagation !== 'MANDATORY') {
    throw conflict(
      where,
      '@Transactional()',
      `has the propagation ${propagation}, but the offsets of a listener belong to the same transaction as what it sends: REQUIRED (the default) or MANDATORY`,
    );
  }
  if (options.commitOn !== undefined && options.commitOn.length > 0) {
    throw conflict(
      where,
      '@Transactional()',
      'has commitOn, but an error of a listener means that its record is not done: its offset could not be committed with it. Catch the error in the method and return instead',
    );
  }
  if (!hasTransactions) {
    throw new ConfigError(
      `${where}: @Transactional() needs transactions: { transactionalIdPrefix: 'orders-' } in KafkaProducerModule.forRoot.`,
      'transactions',
      undefined,
      'TRANSACTIONS',
    );
  }
  return { producer, options };
}

function named(module: string | null): string {
  return module === null ? 'the unnamed producer' : `the producer '${module}'`;
}
