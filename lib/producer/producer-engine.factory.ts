import { Injectable } from '@nestjs/common';
import { ProducerEngine } from './internals/producer-engine.js';
import {
  type TransactionalEngineDependencies,
  TransactionalProducerEngine,
} from './internals/transactional-producer-engine.js';
import type { ProducerEngineApi, ProducerEngineDependencies } from './producer-engine-api.js';
import type { TransactionalEngineApi } from './transactional-engine-api.js';

export type { TransactionalEngineDependencies };

/** Makes the engines of a producer. A provider, so that tests put others in their place with `overrideProvider`. */
@Injectable()
export class ProducerEngineFactory {
  public create(dependencies: ProducerEngineDependencies): ProducerEngineApi {
    return new ProducerEngine(dependencies);
  }

  public createTransactional(dependencies: TransactionalEngineDependencies): TransactionalEngineApi {
    return new TransactionalProducerEngine(dependencies);
  }
}
