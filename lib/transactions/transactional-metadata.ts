import 'reflect-metadata';
import type { TransactionOptions } from '../producer/transaction.js';

const TRANSACTIONAL_METADATA = Symbol('TRANSACTIONAL_METADATA');

/** One `@Transactional()` of a method. */
export interface TransactionalUse {
  /** The name of the producer; null for the unnamed one. */
  readonly producer: string | null;
  readonly options: TransactionOptions;
}

/** Kept by class and method name, as another decorator may put a function of its own in the method's place. */
export function addTransactionalUse(prototype: object, method: string | symbol, use: TransactionalUse): void {
  const uses = [...ownUses(prototype, method), use];
  Reflect.defineMetadata(TRANSACTIONAL_METADATA, uses, prototype, method);
}

/** Every `@Transactional()` of the method that an object of this class has by that name; none where a subclass has replaced it by one without. */
export function transactionalUses(prototype: object, method: string | symbol): readonly TransactionalUse[] {
  let owner: object | null = prototype;
  while (owner !== null && !Object.hasOwn(owner, method)) owner = Reflect.getPrototypeOf(owner);
  return owner === null ? [] : ownUses(owner, method);
}

function ownUses(prototype: object, method: string | symbol): readonly TransactionalUse[] {
  const uses: readonly TransactionalUse[] | undefined = Reflect.getOwnMetadata(
    TRANSACTIONAL_METADATA,
    prototype,
    method,
  );
  return uses ?? [];
}

/** Where an object keeps the producer of its transactional methods. */
export function producerProperty(name: string | null): symbol {
  return Symbol.for(`nestjs-kafka-producer:KafkaProducer:${name ?? ''}`);
}

/** Why `@Transactional()` cannot be on such a handler. */
export const SERVER_SENT_EVENTS =
  'a stream of server-sent events ends when the client leaves, too late for a transaction; begin one inside, with KafkaProducer.transaction';

/** Whether `@Sse()` is on the method. */
export function isServerSentEvents(method: unknown): boolean {
  // The key of Nest's SSE_METADATA, which its public entry does not export.
  return typeof method === 'function' && Reflect.getMetadata('__sse__', method) === true;
}
