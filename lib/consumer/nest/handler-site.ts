import type { ModuleRef } from '@nestjs/core';
import type { TransactionalUse } from '../../transactions/transactional-metadata.js';
import type { ErrorWitness } from './error-witness.js';
import type { KafkaListenerMetadata } from './kafka-listener-metadata.js';

/** A method that Nest is going to register, or something that was registered by hand. */
export interface HandlerSite {
  /** `Class.method`. */
  readonly name: string;
  /** How messages call it, e.g. `@KafkaListener() of Orders.onOrder`. */
  readonly where: string;
  /** null for handlers of Nest's own decorators. */
  readonly listener: KafkaListenerMetadata | null;
  /** How many patterns it has; Nest registers each of them by itself. */
  readonly patternCount: number;
  /** Whether the decorator names Kafka; without a name it may be meant for another transport. */
  readonly isForKafka: boolean;
  readonly transactionalUses: readonly TransactionalUse[];
  readonly witness: ErrorWitness;
  /** Of the module that the controller is in. */
  readonly moduleRef: ModuleRef | null;
}
