import type { MessageHandler } from '@nestjs/microservices';
import { ConfigError } from '../../producer/errors.js';
import { ErrorWitness } from './error-witness.js';
import type { HandlerSite } from './handler-site.js';

/** A handler as Nest has registered it. */
export interface HandlerRegistration {
  readonly site: HandlerSite;
  readonly callback: MessageHandler;
  readonly isEventHandler: boolean;
  /** In the order of registration. Names are not checked yet. */
  readonly patterns: readonly (string | RegExp)[];
}

interface OpenRegistration extends HandlerRegistration {
  readonly patterns: (string | RegExp)[];
}

/** Collects the handlers that Nest registers, one call for each pattern, and finds out whose they are. */
export class HandlerRegistrations {
  private readonly registrations: OpenRegistration[] = [];
  private readonly bySite = new Map<HandlerSite, OpenRegistration>();

  public constructor(private readonly sites: ReadonlyMap<object, readonly HandlerSite[]>) {}

  public get all(): readonly HandlerRegistration[] {
    return this.registrations;
  }

  /** @throws ConfigError when the same method is registered a second time */
  public add(pattern: string | RegExp, callback: MessageHandler, isEventHandler: boolean, extras: unknown): void {
    const known = typeof extras === 'object' && extras !== null ? this.sites.get(extras) : undefined;
    const site = known === undefined ? byHand(pattern) : this.nextOf(known);
    const open = this.bySite.get(site);
    if (open !== undefined) {
      open.patterns.push(pattern);
      return;
    }
    const registration: OpenRegistration = { site, callback, isEventHandler, patterns: [pattern] };
    this.bySite.set(site, registration);
    this.registrations.push(registration);
  }

  /** A method that subclasses inherit is registered for each of them, in the order in which they were found. */
  private nextOf(sites: readonly HandlerSite[]): HandlerSite {
    const next = sites.find((site) => (this.bySite.get(site)?.patterns.length ?? 0) < site.patternCount);
    if (next !== undefined) return next;
    throw new ConfigError(
      `${sites[0]?.where ?? 'A handler'} is registered a second time: connectMicroservice was called twice with the same KafkaTransportStrategy. Call it once; ` +
        'listeners choose their groups with groupId.',
      'strategy',
      undefined,
      'CONNECT',
    );
  }
}

/** By `strategy.addHandler`, from code that is no controller. */
function byHand(pattern: string | RegExp): HandlerSite {
  return {
    name: `handler(${String(pattern)})`,
    where: `The handler of ${String(pattern)}`,
    listener: null,
    patternCount: 1,
    isForKafka: true,
    transactionalUses: [],
    witness: ErrorWitness.none(),
    moduleRef: null,
  };
}
