import type { ProducerEngineDependencies } from '../../producer/producer-engine-api.js';
import type { TransactionalEngineDependencies } from '../../producer/producer-engine.factory.js';
import { FakeTransactionalEngine } from './fake-transactional-engine.js';

/** In place of `ProducerEngineFactory`: engines without a broker. Those outside of transactions are called by their client id. */
export class FakeEngineFactory {
  /** What all engines were asked, in order. */
  public readonly calls: string[] = [];
  public readonly made: ProducerEngineDependencies[] = [];
  public readonly engines = new Map<string, FakeTransactionalEngine>();

  public create(dependencies: ProducerEngineDependencies): FakeTransactionalEngine {
    return this.make(dependencies.config.clientId, dependencies);
  }

  public createTransactional(dependencies: TransactionalEngineDependencies): FakeTransactionalEngine {
    return this.make(dependencies.config.transactionalId, dependencies);
  }

  public engine(id: string): FakeTransactionalEngine {
    const engine = this.engines.get(id);
    if (engine === undefined) throw new Error(`no engine ${id}`);
    return engine;
  }

  /** What was called meanwhile, without the making of engines. */
  public takeCalls(): string[] {
    return this.calls.splice(0).filter((call) => !call.endsWith(' init'));
  }

  private make(id: string, dependencies: ProducerEngineDependencies): FakeTransactionalEngine {
    const engine = new FakeTransactionalEngine(id, this.calls);
    this.made.push(dependencies);
    this.engines.set(id, engine);
    return engine;
  }
}
