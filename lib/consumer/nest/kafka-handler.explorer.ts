import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import {
  PATTERN_EXTRAS_METADATA,
  PATTERN_HANDLER_METADATA,
  PATTERN_METADATA,
  TRANSPORT_METADATA,
} from '@nestjs/microservices/constants.js';
import 'reflect-metadata';
import { ConfigError } from '../../producer/errors.js';
import { transactionalUses } from '../../transactions/transactional-metadata.js';
import { ErrorWitness } from './error-witness.js';
import type { HandlerSite } from './handler-site.js';
import { listenerMetadata } from './kafka-listener-metadata.js';

type Wrapper = ReturnType<DiscoveryService['getControllers']>[number];

/** Finds the handlers of the application: Nest tells a transport their patterns, but not whose they are. */
@Injectable()
export class KafkaHandlerExplorer {
  public constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /**
   * All handlers of controllers that a Kafka transport gets, by the extras object that Nest passes on with their patterns, in Nest's order. To be called while
   * the application is built: it has to be before Nest looks at the methods itself.
   */
  public explore(): ReadonlyMap<object, readonly HandlerSite[]> {
    const sites = new Map<object, HandlerSite[]>();
    for (const wrapper of this.discovery.getControllers()) {
      const prototype = prototypeOf(wrapper);
      if (prototype === null) continue;
      for (const name of this.scanner.getAllMethodNames(prototype)) {
        const method: unknown = Reflect.get(prototype, name);
        if (!isHandler(method)) continue;
        const transport: unknown = Reflect.getMetadata(TRANSPORT_METADATA, method);
        const extras: unknown = Reflect.getMetadata(PATTERN_EXTRAS_METADATA, method);
        if (typeof extras !== 'object' || extras === null) continue;
        if (transport !== undefined && transport !== Transport.KAFKA) continue;
        const known = sites.get(extras) ?? [];
        sites.set(extras, [...known, siteOf(wrapper, prototype, name, method, extras, transport)]);
      }
    }
    return sites;
  }

  /** @throws ConfigError for a `@KafkaListener()` where Nest never looks */
  public checkPlaces(): void {
    const controllers = new Set(this.discovery.getControllers().map(prototypeOf));
    for (const wrapper of this.discovery.getProviders()) {
      const prototype = prototypeOf(wrapper);
      if (prototype === null || controllers.has(prototype)) continue;
      for (const name of this.scanner.getAllMethodNames(prototype)) {
        const method: unknown = Reflect.get(prototype, name);
        if (!isHandler(method) || listenerMetadata(Reflect.getMetadata(PATTERN_EXTRAS_METADATA, method)) === null)
          continue;
        throw new ConfigError(
          `@KafkaListener() of ${prototype.constructor.name}.${name}: ${prototype.constructor.name} is a provider, and Nest looks for handlers in controllers only. ` +
            'Put @Controller() on it, and name it in controllers of its module.',
          'KafkaListener',
          undefined,
          'DECORATOR',
        );
      }
    }
  }
}

function siteOf(
  wrapper: Wrapper,
  prototype: object,
  name: string,
  method: object,
  extras: object,
  transport: unknown,
): HandlerSite {
  const listener = listenerMetadata(extras);
  const patterns: unknown = Reflect.getMetadata(PATTERN_METADATA, method);
  const fullName = `${prototype.constructor.name}.${name}`;
  return {
    name: fullName,
    where: `${listener === null ? 'The handler' : '@KafkaListener() of'} ${fullName}`,
    listener,
    patternCount: Array.isArray(patterns) ? patterns.length : 1,
    isForKafka: transport === Transport.KAFKA,
    transactionalUses: transactionalUses(prototype, name),
    witness: ErrorWitness.of(prototype, name, method),
    moduleRef: moduleRefOf(wrapper),
  };
}

/** Of a value or the product of a factory it is that of the object; classes have one before they have an object. */
function prototypeOf({ instance, isNotMetatype, metatype }: Wrapper): object | null {
  if (!isNotMetatype && typeof metatype === 'function') return metatype.prototype ?? null;
  return typeof instance === 'object' && instance !== null ? Reflect.getPrototypeOf(instance) : null;
}

function isHandler(method: unknown): method is object {
  return typeof method === 'function' && Reflect.getMetadata(PATTERN_HANDLER_METADATA, method) !== undefined;
}

function moduleRefOf({ host }: Wrapper): ModuleRef | null {
  const instance: unknown = host?.getProviderByKey(ModuleRef)?.instance;
  return instance instanceof ModuleRef ? instance : null;
}
