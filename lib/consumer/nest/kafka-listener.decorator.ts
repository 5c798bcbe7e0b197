import { EventPattern, Transport } from '@nestjs/microservices';
import { PATTERN_HANDLER_METADATA } from '@nestjs/microservices/constants.js';
import 'reflect-metadata';
import { ConfigError } from '../../producer/errors.js';
import { checkListenerOptions } from './check-listener-options.js';
import { KAFKA_LISTENER, type KafkaListenerMetadata } from './kafka-listener-metadata.js';
import type { KafkaListenerOptions } from './kafka-listener-options.js';
import { readTopics } from './topic-patterns.js';

/**
 * Makes a method of a controller consume topics, with settings of its own. Guards, pipes, interceptors, filters and parameter decorators work as with Nest's
 * `@EventPattern()`, which this one stands for. The application has to connect the transport:
 * `app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) })`.
 *
 * The offset of a record is committed when the method has returned and its promise or Observable has ended, by the commit strategy. With `@Transactional()` on the same method
 * it is committed in the transaction, together with what the method sends: exactly once.
 *
 * ```ts
 * @KafkaListener(['orders', /^orders-.+-eu$/], { groupId: 'billing', commitStrategy: SyncCommitStrategy, recovery: { deadLetter: true } })
 * async onOrder(@Payload() order: Order, @Ctx() context: KafkaContext): Promise<void> {}
 * ```
 * @param topics names, or RegExps that find a match anywhere in a name. One that matches `orders` may match its dead letters as well: `/^orders(?!.*-dlt$)/` does not
 * @throws ConfigError when the class is declared, naming class and method, for anything but a method of an object, for names that no topic can have, and wrong options;
 * at the start of the application for a class that is no controller, and for options that contradict each other, the module or `@Transactional()`
 */
export function KafkaListener(
  topics: string | RegExp | readonly (string | RegExp)[],
  options: KafkaListenerOptions = {},
): MethodDecorator {
  return (target: object, method: string | symbol, descriptor: PropertyDescriptor | undefined): void => {
    const where = `@KafkaListener() of ${nameOf(target, method)}`;
    const handler = requireMethod(target, descriptor, where);
    checkListenerOptions(options, where);
    const metadata: KafkaListenerMetadata = { topics: readTopics(topics, where), options: { ...options } };
    EventPattern([...metadata.topics], Transport.KAFKA, { [KAFKA_LISTENER]: metadata })(target, method, {
      value: handler,
    });
  };
}

function requireMethod(target: object, descriptor: PropertyDescriptor | undefined, where: string): object {
  const refuse = (reason: string): never => {
    throw new ConfigError(`${where}: ${reason}.`, 'KafkaListener', undefined, 'DECORATOR');
  };
  if (typeof target === 'function') return refuse('it is for methods of objects, not for a class or a static method');
  if (descriptor === undefined) return refuse('it is for methods, not for properties');
  if (descriptor.get !== undefined || descriptor.set !== undefined)
    return refuse('it is for methods, not for accessors');
  const value: unknown = descriptor.value;
  if (typeof value !== 'function') return refuse('it is for methods, and this is no function');
  if (/Generator/.test(Object.prototype.toString.call(value))) {
    return refuse('a generator does nothing until its values are read, and nobody reads them; use an async method');
  }
  if (Reflect.getOwnMetadata(PATTERN_HANDLER_METADATA, value) !== undefined) {
    return refuse(
      'the method has another @KafkaListener(), @EventPattern() or @MessagePattern() already; name all topics in one, or call one method from two',
    );
  }
  return value;
}

function nameOf(target: object, method: string | symbol | undefined): string {
  const constructor = typeof target === 'function' ? target : target.constructor;
  return method === undefined ? constructor.name : `${constructor.name}.${String(method)}`;
}
