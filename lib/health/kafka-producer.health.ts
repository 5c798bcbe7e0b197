import { Inject, Injectable } from '@nestjs/common';
import type { ProducerStatus } from '../producer/producer-engine-api.js';
import { answerProbe } from './answer-probe.js';
import type { HealthVerdict } from './health-verdict.js';
import { judgeLiveness, judgeReadiness, judgeStartup } from './judge-producer.js';
import { KAFKA_HEALTH_OPTIONS } from './kafka-health.module-definition.js';
import type { KafkaHealthOptions, ProducerCheckOptions, ProducerHealthOptions } from './kafka-health-options.js';
import type { KafkaHealthResult } from './kafka-health-result.js';
import { KafkaModules, producerLabel } from './kafka-modules.js';
import { StartupTopics } from './startup-topics.js';

/**
 * Health of the application's producers, from the state that they keep anyway: no probe opens a connection or asks a broker, and an answer takes well under a millisecond.
 * Never throws. Works with Terminus 11 and 12, and without it.
 */
@Injectable()
export class KafkaProducerHealthIndicator {
  public constructor(
    private readonly modules: KafkaModules,
    @Inject(KAFKA_HEALTH_OPTIONS) private readonly options: KafkaHealthOptions,
    private readonly startupTopics: StartupTopics,
  ) {}

  /** Down only where a restart helps: a producer has failed for good, or its transactional ids were taken over. A broker outage never fails liveness. */
  public liveness<Key extends string>(key: Key, options?: ProducerCheckOptions): KafkaHealthResult<Key> {
    return this.answer(key, options, judgeLiveness);
  }

  /**
   * Up while records that are sent will be stored in time: running, connected, with metadata that is not too old, and without a record that has waited for half of its
   * delivery timeout. Degraded while sends wait for memory.
   */
  public readiness<Key extends string>(key: Key, options?: ProducerCheckOptions): KafkaHealthResult<Key> {
    return this.answer(key, options, judgeReadiness);
  }

  /** Up once every producer has been connected, and the option `topics` has been found. */
  public startup<Key extends string>(key: Key, options?: ProducerCheckOptions): KafkaHealthResult<Key> {
    return this.answer(key, options, judgeStartup, (verdict) => {
      for (const problem of this.startupTopics.problems) verdict.down(problem);
    });
  }

  private answer<Key extends string>(
    key: Key,
    own: ProducerCheckOptions | undefined,
    judge: (status: ProducerStatus, options: ProducerHealthOptions) => HealthVerdict,
    more?: (verdict: HealthVerdict) => void,
  ): KafkaHealthResult<Key> {
    const options = { ...this.options.producer, ...own };
    return answerProbe({
      key,
      modules: this.modules,
      name: options.producer,
      isLiveness: judge === judgeLiveness,
      judge: (verdict, modules) => {
        const producers: Record<string, unknown> = {};
        for (const module of modules) {
          const status = module.producer.status();
          const found = judge(status, options);
          const label = producerLabel(module);
          verdict.add(label, found);
          producers[label] = { status: found.status, ...status };
        }
        more?.(verdict);
        return { producers };
      },
    });
  }
}
