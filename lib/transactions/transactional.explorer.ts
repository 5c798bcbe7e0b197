import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { ConfigError } from '../producer/errors.js';
import type { TransactionsSettings } from '../producer/producer-transactions.js';
import { checkTimeoutLimit } from './transaction-options.js';
import {
  isServerSentEvents,
  producerProperty,
  SERVER_SENT_EVENTS,
  type TransactionalUse,
  transactionalUses,
} from './transactional-metadata.js';

/** Finds the `@Transactional()` methods of the application, and refuses at the start those that could only fail later. */
@Injectable()
export class TransactionalExplorer {
  public constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /**
   * @param producerName only methods that name this producer are looked at; null: those that name none
   * @throws ConfigError naming class and method
   */
  public check(producerName: string | null, settings: TransactionsSettings | null): void {
    for (const wrapper of [...this.discovery.getControllers(), ...this.discovery.getProviders()]) {
      const instance: unknown = wrapper.instance;
      const prototype = prototypeOf(instance);
      if (prototype === null) continue;
      for (const method of this.scanner.getAllMethodNames(prototype)) {
        const uses = transactionalUses(prototype, method).filter(({ producer }) => producer === producerName);
        const where = `@Transactional() of ${prototype.constructor.name}.${method}`;
        for (const use of uses) checkUse(use, Reflect.get(prototype, method), settings, where);
        // Of a provider in another scope there is nothing yet but its prototype.
        if (uses.length > 0 && wrapper.isDependencyTreeStatic()) checkInjected(instance, producerName, where);
      }
    }
  }
}

/** Not by the provider's class: a value has none, and that of a factory is the factory. */
function prototypeOf(instance: unknown): object | null {
  return typeof instance === 'object' && instance !== null ? Reflect.getPrototypeOf(instance) : null;
}

function checkInjected(instance: unknown, producerName: string | null, where: string): void {
  const property = producerProperty(producerName);
  if (typeof instance === 'object' && instance !== null && Reflect.get(instance, property) !== undefined) return;
  throw new ConfigError(
    `${where} has no producer: the object was made by useFactory or given as useValue, and Nest injects nothing into those. Make it with useClass, or call ` +
      'KafkaProducer.transaction in place of the decorator.',
    'Transactional',
    undefined,
    'DI',
  );
}

function checkUse(
  { options, producer }: TransactionalUse,
  handler: unknown,
  settings: TransactionsSettings | null,
  where: string,
): void {
  if (settings === null) {
    const which = producer === null ? 'the producer' : `the producer '${producer}'`;
    throw new ConfigError(
      `${where}: ${which} has no transactions. Set transactions: { transactionalIdPrefix: 'orders-' } in its KafkaProducerModule.forRoot.`,
      'transactions',
      undefined,
      'TRANSACTIONS',
    );
  }
  if (isServerSentEvents(handler)) {
    throw new ConfigError(`${where}: ${SERVER_SENT_EVENTS}.`, 'Transactional', undefined, 'DECORATOR');
  }
  checkTimeoutLimit(options, settings, where);
}
