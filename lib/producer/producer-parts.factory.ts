import { Injectable, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { KafkaInstrumentation } from '../instrumentation/kafka-instrumentation.js';
import { KafkaError } from '../wire/kafka-error.js';
import { ConfigError } from './errors.js';
import { isBuiltInPartitioner } from './partitioners/is-built-in-partitioner.js';
import type { Partitioner } from './partitioners/partitioner.js';
import type { KafkaProducerConfiguration } from './kafka-producer-module-options.js';
import type { ProducerInterceptor } from './producer-interceptor.js';
import type { ProducerOptions } from './producer-options.js';
import { DefaultKeySerializer } from './serializers/default-key.serializer.js';
import { DefaultValueSerializer } from './serializers/default-value.serializer.js';
import { createNamedSerializer, SERIALIZER_NAMES } from './serializers/named-serializers.js';
import type { Serializer } from './serializers/serializer.js';

/** The parts of a producer that a user may replace. */
export interface ProducerParts {
  readonly keySerializer: Serializer;
  readonly valueSerializer: Serializer;
  readonly partitioner: Partitioner | null;
  readonly interceptors: readonly ProducerInterceptor[];
}

/** Makes the parts given as classes with Nest's injector, as members of the producer's module. */
@Injectable()
export class ProducerPartsFactory {
  public constructor(private readonly moduleRef: ModuleRef) {}

  /** @throws ConfigError for a part that cannot be made, or is not what it should be */
  public async create(options: ProducerOptions): Promise<ProducerParts> {
    return {
      keySerializer: await this.serializer('keySerializer', options.keySerializer, DefaultKeySerializer),
      valueSerializer: await this.serializer('valueSerializer', options.valueSerializer, DefaultValueSerializer),
      partitioner: await this.partitioner(options.partitioner),
      interceptors: await this.interceptors(options.interceptors),
    };
  }

  /** @throws (as a rejection) ConfigError for one that cannot be made, or is no object */
  public async instrumentations(
    given: KafkaProducerConfiguration['instrumentation'] = [],
  ): Promise<KafkaInstrumentation[]> {
    if (!Array.isArray(given)) throw wrongPart('instrumentation', 'a list of classes or objects', 'TYPE');
    const instrumentations: KafkaInstrumentation[] = [];
    for (const entry of given as readonly unknown[]) {
      const instrumentation = await this.instance('instrumentation', entry);
      if (typeof instrumentation !== 'object' || instrumentation === null) {
        throw wrongPart('instrumentation', 'a list of classes or objects, e.g. [OpenTelemetryInstrumentation]', 'TYPE');
      }
      instrumentations.push(instrumentation);
    }
    return instrumentations;
  }

  private async serializer(
    setting: 'keySerializer' | 'valueSerializer',
    given: ProducerOptions['keySerializer'],
    fallback: Type<Serializer>,
  ): Promise<Serializer> {
    if (given === undefined) return new fallback();
    const named = typeof given === 'string' ? createNamedSerializer(given) : null;
    const serializer: unknown = named ?? (await this.instance(setting, given));
    if (hasMethod(serializer, 'serialize')) return serializer as unknown as Serializer;
    throw wrongPart(
      setting,
      `one of ${SERIALIZER_NAMES.join(', ')}, or a class or object with serialize(topic, data)`,
      'V10',
    );
  }

  private async partitioner(given: ProducerOptions['partitioner']): Promise<Partitioner | null> {
    if (isBuiltInPartitioner(given)) return null;
    const partitioner = await this.instance('partitioner', given);
    if (hasMethod(partitioner, 'partition')) return partitioner as unknown as Partitioner;
    throw wrongPart('partitioner', 'a class or object with partition(context), e.g. RoundRobinPartitioner', 'TYPE');
  }

  private async interceptors(given: ProducerOptions['interceptors'] = []): Promise<ProducerInterceptor[]> {
    if (!Array.isArray(given)) throw wrongPart('interceptors', 'a list of classes or objects', 'TYPE');
    const interceptors: ProducerInterceptor[] = [];
    for (const entry of given as readonly unknown[]) {
      const interceptor = await this.instance('interceptors', entry);
      if (!hasMethod(interceptor, 'onSend') && !hasMethod(interceptor, 'onAcknowledgement')) {
        throw wrongPart(
          'interceptors',
          'classes or objects with onSend(record) or onAcknowledgement(metadata, error)',
          'TYPE',
        );
      }
      interceptors.push(interceptor as ProducerInterceptor);
    }
    return interceptors;
  }

  private async instance(setting: string, given: unknown): Promise<unknown> {
    if (!isClass(given)) return given;
    try {
      return await this.moduleRef.create(given);
    } catch (cause) {
      if (cause instanceof KafkaError) throw cause;
      throw new ConfigError(
        `${setting}: ${given.name} could not be made: ${cause instanceof Error ? cause.message : 'its constructor has thrown'} ` +
          'Give the module that exports what it injects in imports of KafkaProducerModule.forRoot or forRootAsync, or pass an instance.',
        setting,
        given.name,
        'DI',
      );
    }
  }
}

/** Arrow functions have no prototype and cannot be made with `new`. */
function isClass(given: unknown): given is Type<unknown> {
  return typeof given === 'function' && typeof given.prototype === 'object';
}

function hasMethod(part: unknown, method: string): boolean {
  return typeof part === 'object' && part !== null && typeof (part as Record<string, unknown>)[method] === 'function';
}

function wrongPart(setting: string, expected: string, rule: string): ConfigError {
  return new ConfigError(`${setting} must be ${expected}.`, setting, undefined, rule);
}
