import { Inject } from '@nestjs/common';
import { ConfigError } from '../producer/errors.js';
import { getKafkaProducerToken } from '../producer/get-kafka-producer-token.js';
import type { KafkaProducer } from '../producer/kafka-producer.js';
import type { TransactionOptions } from '../producer/transaction.js';
import { checkTransactionOptions } from './transaction-options.js';
import {
  addTransactionalUse,
  isServerSentEvents,
  producerProperty,
  SERVER_SENT_EVENTS,
} from './transactional-metadata.js';

/** The options of `@Transactional()`. */
export interface TransactionalOptions extends TransactionOptions {
  /** The name given to `KafkaProducerModule.forRoot({ name })`. Default: the unnamed producer. */
  readonly producer?: string | undefined;
}

/**
 * Runs a method in a Kafka transaction, as `KafkaProducer.transaction` does: what is sent through the producer meanwhile, by whatever the method calls,
 * is committed when the method returns or its promise resolves, and aborted when it throws or rejects; the caller gets the result or the error after that.
 *
 * For methods of controllers (HTTP and message handlers) and of providers in any scope, in any order with other decorators. Guards, pipes and what
 * interceptors do before the handler run before the transaction; filters and the rest of interceptors after it. The decorated method always returns a
 * promise. An Observable is run to its end before the commit, and its values are handed on afterwards, so it has to end and to fit into memory.
 *
 * ```ts
 * @Post()
 * @Transactional()
 * async create(@Body() order: Order): Promise<void> {
 *   await this.kafka.send({ topic: 'orders', key: order.id, value: order });
 *   await this.stock.take(order.item); // sends through the same producer, hence in the same transaction
 * }
 * ```
 * @throws ConfigError when the class is declared, naming class and method, for anything but a method of an object, for a generator, a handler of
 * `@Sse()`, and wrong options. At the start of the application for a producer without the option `transactions`, and a `timeoutMs` beyond its limit
 */
export function Transactional(options: TransactionalOptions = {}, ...more: readonly never[]): MethodDecorator {
  if (more.length > 0) throw withoutParentheses(options, more);
  return (target: object, method: string | symbol, descriptor: PropertyDescriptor | undefined): PropertyDescriptor => {
    const where = `@Transactional() of ${nameOf(target, method)}`;
    checkTransactionOptions(options, where, ['producer']);
    const { producer, ...transactionOptions } = options;
    checkProducer(producer, where);
    const original = requireMethod(target, descriptor, where);
    const property = injectProducer(target, producer ?? '');
    addTransactionalUse(target, method, {
      producer: producer === undefined || producer === '' ? null : producer,
      options: transactionOptions,
    });
    return {
      ...descriptor,
      value: wrap(original, (self) => producerOf(self, property, where), transactionOptions),
    };
  };
}

/** TypeScript refuses it; JavaScript would take the class for the options, and leave the method as it is. */
function withoutParentheses(target: object, [method]: readonly unknown[]): ConfigError {
  return new ConfigError(
    `@Transactional of ${nameOf(target, typeof method === 'symbol' ? method : String(method))} needs its parentheses: @Transactional().`,
    'Transactional',
    undefined,
    'DECORATOR',
  );
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** A Proxy keeps name, length and properties of the method; Nest's metadata hangs on the function itself and has to follow. */
function wrap(original: Method, producerOf: (self: unknown) => KafkaProducer, options: TransactionOptions): Method {
  const wrapped = new Proxy(original, {
    apply: (method, self: unknown, args: unknown[]): Promise<unknown> => {
      try {
        return producerOf(self).transaction(() => Reflect.apply(method, self, args), options);
      } catch (error) {
        return Promise.reject(error);
      }
    },
  });
  for (const key of Reflect.getOwnMetadataKeys(original)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), wrapped);
  }
  return wrapped;
}

/** Injected, not looked up: so each application, and each test that overrides the producer, has its own. */
function injectProducer(target: object, name: string): symbol {
  const property = producerProperty(name);
  Inject(getKafkaProducerToken(name))(target, property);
  return property;
}

function producerOf(self: unknown, property: symbol, where: string): KafkaProducer {
  const producer: unknown = typeof self === 'object' && self !== null ? Reflect.get(self, property) : undefined;
  if (isProducer(producer)) return producer;
  const reason =
    self === undefined
      ? 'the method was called without its object; call it on the object, or bind it'
      : producer !== undefined
        ? 'what was injected for KafkaProducer has no transaction(); in a test use RecordingKafkaProducer of nestjs-kafka-producer/testing'
        : "the object was not made by Nest's injector, but with new or by a factory; name the class as a provider or controller, in a test with Test.createTestingModule";
  throw new ConfigError(`${where} has no producer: ${reason}.`, 'producer', undefined, 'DI');
}

function isProducer(value: unknown): value is KafkaProducer {
  return (
    typeof value === 'object' && value !== null && 'transaction' in value && typeof value.transaction === 'function'
  );
}

function requireMethod(target: object, descriptor: PropertyDescriptor | undefined, where: string): Method {
  const refuse = (reason: string): never => {
    throw new ConfigError(`${where}: ${reason}.`, 'Transactional', undefined, 'DECORATOR');
  };
  if (typeof target === 'function') return refuse('it is for methods of objects, not for a class or a static method');
  if (descriptor === undefined) return refuse('it is for methods, not for properties');
  if (descriptor.get !== undefined || descriptor.set !== undefined)
    return refuse('it is for methods, not for accessors');
  const value: unknown = descriptor.value;
  if (!isMethod(value)) return refuse('it is for methods, and this is no function');
  if (/Generator/.test(Object.prototype.toString.call(value))) {
    return refuse(
      'a generator runs when its values are read, which is after the commit; collect them and return a list',
    );
  }
  if (isServerSentEvents(value)) return refuse(SERVER_SENT_EVENTS);
  return value;
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

function checkProducer(producer: unknown, where: string): void {
  if (producer === undefined || typeof producer === 'string') return;
  throw new ConfigError(
    `${where}: producer must be the name of a producer, as given to KafkaProducerModule.forRoot({ name }).`,
    'producer',
    undefined,
    'TYPE',
  );
}

function nameOf(target: object, method: string | symbol | undefined): string {
  const constructor = typeof target === 'function' ? target : target.constructor;
  return method === undefined ? constructor.name : `${constructor.name}.${String(method)}`;
}
