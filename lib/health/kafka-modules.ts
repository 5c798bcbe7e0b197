import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { getKafkaListenerRegistryToken } from '../consumer/nest/get-kafka-listener-registry-token.js';
import type { KafkaListenerRegistry } from '../consumer/nest/kafka-listener-registry.js';
import { getKafkaProducerToken } from '../producer/get-kafka-producer-token.js';
import { KAFKA_PRODUCER_NAME } from '../producer/kafka-producer.constants.js';
import type { KafkaProducer } from '../producer/kafka-producer.js';

/** What one call of `KafkaProducerModule.forRoot` has made. */
export interface KafkaModuleParts {
  /** null for the unnamed one. */
  readonly name: string | null;
  readonly producer: KafkaProducer;
  readonly registry: KafkaListenerRegistry;
}

/** Finds the Kafka modules of the application, whatever their names, and knows whether its Terminus knows degraded results. */
@Injectable()
export class KafkaModules {
  private found: readonly KafkaModuleParts[] | null = null;
  private degraded: boolean | null = null;

  public constructor(private readonly discovery: DiscoveryService) {}

  /** @param name undefined for all of them, null for the unnamed one */
  public find(name: string | null | undefined): readonly KafkaModuleParts[] {
    const found = this.found ?? this.explore();
    return name === undefined ? found : found.filter((module) => module.name === name);
  }

  /** Told by the application's own Terminus, as that need not be the one which could be imported from here. */
  public get knowsDegraded(): boolean {
    this.degraded ??= this.discovery.getProviders().some(({ instance, name }) => {
      if (name !== 'HealthIndicatorService') return false;
      const session: unknown = check(instance);
      return typeof session === 'object' && session !== null && 'degraded' in session;
    });
    return this.degraded;
  }

  /** Not kept as long as Nest is still making some of them. */
  private explore(): readonly KafkaModuleParts[] {
    const all = this.candidates();
    const made = all.filter(isMade);
    if (made.length === all.length && made.length > 0) this.found = made;
    return made;
  }

  private candidates(): readonly Candidate[] {
    return this.discovery.getProviders().flatMap(({ host, instance, token }) => {
      if (token !== KAFKA_PRODUCER_NAME || host === undefined) return [];
      const name: string | null = instance;
      const producer = host.getProviderByKey<KafkaProducer | null>(getKafkaProducerToken(name ?? undefined)).instance;
      const registry = host.getProviderByKey<KafkaListenerRegistry | null>(
        getKafkaListenerRegistryToken(name ?? undefined),
      ).instance;
      return [{ name, producer, registry }];
    });
  }
}

/** Whose providers may not be there yet. */
type Candidate = { readonly [Part in keyof KafkaModuleParts]: KafkaModuleParts[Part] | null };

function isMade(candidate: Candidate): candidate is KafkaModuleParts {
  return (candidate.producer ?? null) !== null && (candidate.registry ?? null) !== null;
}

/** As in the logs. */
export function producerLabel({ name }: Pick<KafkaModuleParts, 'name'>): string {
  return name === null ? 'KafkaProducer' : `KafkaProducer:${name}`;
}

function check(service: unknown): unknown {
  if (typeof service !== 'object' || service === null || !('check' in service)) return null;
  return typeof service.check === 'function' ? service.check('kafka') : null;
}
