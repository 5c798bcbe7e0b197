import { Injectable } from '@nestjs/common';
import { ProducerEngine } from './internals/producer-engine.js';
import type { ProducerEngineApi, ProducerEngineDependencies } from './producer-engine-api.js';

/** Makes the engine of a producer. A provider, so that tests put another engine in its place with `overrideProvider`. */
@Injectable()
export class ProducerEngineFactory {
  public create(dependencies: ProducerEngineDependencies): ProducerEngineApi {
    return new ProducerEngine(dependencies);
  }
}
