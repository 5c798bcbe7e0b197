import { Injectable, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { ConfigError } from '../../producer/errors.js';
import { KafkaError } from '../../wire/kafka-error.js';
import type { CommitStrategy } from '../commit/commit-strategy.js';
import type { CommitStrategyOption, DeserializerOption } from '../consumer-options.js';
import type { RecordDeserializers } from '../deserializers/decode-record.js';
import type { Deserializer } from '../deserializers/deserializer.js';
import { createNamedDeserializer, DESERIALIZER_NAMES } from '../deserializers/named-deserializers.js';

/** Finds or makes the parts given as classes with Nest's injector. */
@Injectable()
export class ListenerPartsFactory {
  /** Made here, by class and the module it was made for: listeners that name the same class share it, as they share a provider. */
  private readonly made = new Map<ModuleRef, Map<Type<unknown>, Promise<unknown>>>();

  public constructor(private readonly moduleRef: ModuleRef) {}

  /**
   * @param where what the option was given to, for messages
   * @param near of the module whose providers the class may inject; null: those of the Kafka module
   * @throws (as a rejection) ConfigError
   */
  public async commitStrategy(
    given: CommitStrategyOption,
    where: string,
    near: ModuleRef | null,
  ): Promise<CommitStrategy> {
    const strategy = await this.instance('commitStrategy', given, where, near);
    if (hasMethod(strategy, 'start')) return strategy as unknown as CommitStrategy;
    throw wrongPart('commitStrategy', where, 'a class or object with start(offsets), e.g. SyncCommitStrategy');
  }

  /** @throws (as a rejection) ConfigError */
  public async deserializers(
    key: DeserializerOption,
    value: DeserializerOption,
    where: string,
    near: ModuleRef | null,
  ): Promise<RecordDeserializers> {
    return {
      key: await this.deserializer('keyDeserializer', key, where, near),
      value: await this.deserializer('valueDeserializer', value, where, near),
    };
  }

  private async deserializer(
    setting: string,
    given: DeserializerOption,
    where: string,
    near: ModuleRef | null,
  ): Promise<Deserializer> {
    const named = typeof given === 'string' ? createNamedDeserializer(given) : null;
    const deserializer = named ?? (await this.instance(setting, given, where, near));
    if (hasMethod(deserializer, 'deserialize')) return deserializer as unknown as Deserializer;
    throw wrongPart(
      setting,
      where,
      `one of ${DESERIALIZER_NAMES.join(', ')}, or a class or object with deserialize(topic, bytes, headers)`,
    );
  }

  private async instance(setting: string, given: unknown, where: string, near: ModuleRef | null): Promise<unknown> {
    if (!isClass(given)) return given;
    const provider = this.provider(given);
    if (provider !== null) return provider;
    try {
      return await this.makeOnce(given, near ?? this.moduleRef);
    } catch (cause) {
      if (cause instanceof KafkaError) throw cause;
      throw new ConfigError(
        `${where}: ${setting} ${given.name} could not be made: ${cause instanceof Error ? cause.message : 'its constructor has thrown'} ` +
          `Make ${given.name} a provider of a module that has what it injects, or pass an instance.`,
        setting,
        given.name,
        'DI',
      );
    }
  }

  private makeOnce(type: Type<unknown>, near: ModuleRef): Promise<unknown> {
    const made = this.made.get(near) ?? new Map<Type<unknown>, Promise<unknown>>();
    this.made.set(near, made);
    const instance = made.get(type) ?? near.create(type);
    made.set(type, instance);
    return instance;
  }

  /** One that the application has already; null for none, and for one in another scope, of which there is one for each request. */
  private provider(type: Type<unknown>): unknown {
    try {
      return this.moduleRef.get(type, { strict: false });
    } catch {
      return null;
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

function wrongPart(setting: string, where: string, expected: string): ConfigError {
  return new ConfigError(`${where}: ${setting} must be ${expected}.`, setting, undefined, 'TYPE');
}
