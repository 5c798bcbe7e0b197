import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { KafkaProducer } from '../producer/kafka-producer.js';
import { answerProbe } from './answer-probe.js';
import { DurabilityWatch } from './durability/durability-watch.js';
import { type DurabilityOutcome, SEVERITY } from './durability/topic-durability.js';
import { reportOf, type TopicReport } from './durability/topic-report.js';
import { topicsOf } from './durability/topics-of.js';
import type { HealthVerdict } from './health-verdict.js';
import { KAFKA_HEALTH_OPTIONS } from './kafka-health.module-definition.js';
import type { DurabilityHealthOptions, KafkaHealthOptions } from './kafka-health-options.js';
import type { KafkaHealthResult } from './kafka-health-result.js';
import { type KafkaModuleParts, KafkaModules, producerLabel } from './kafka-modules.js';

type Judge = (verdict: HealthVerdict, topic: string, report: TopicReport) => void;

/** What a failure means, in words. */
const COSTS: Readonly<Record<Exclude<DurabilityOutcome, 'no-loss'>, string>> = {
  unavailable: 'its partitions may be unavailable until that broker is back',
  'acknowledged-records-lost': 'records that were acknowledged may be lost',
};

/**
 * Tells, for each topic that the application sends to or reads, what the failure of one broker and of two would cost, and what to change: from acks, the number of
 * replicas, `min.insync.replicas` and `unclean.leader.election.enable`.
 *
 * From its first use on these are asked for in the background over the producer's connections (Metadata and DescribeConfigs; the latter needs the right to describe
 * the topic's configuration): for a topic that has come into use within seconds, then once in `metadataMaxAgeMs`. A probe itself asks no broker. An application that
 * does not use this indicator makes no such request.
 */
@Injectable()
export class KafkaDurabilityHealthIndicator implements OnApplicationShutdown {
  private readonly watches = new Map<KafkaProducer, DurabilityWatch>();
  private isClosed = false;

  public constructor(
    private readonly modules: KafkaModules,
    @Inject(KAFKA_HEALTH_OPTIONS) private readonly options: KafkaHealthOptions,
  ) {}

  /** Always up: no restart makes a topic safer. */
  public liveness<Key extends string>(key: Key, options?: DurabilityHealthOptions): KafkaHealthResult<Key> {
    return this.answer(key, options, () => undefined, true);
  }

  /** Degraded while the failure of one broker would cost something, and down where the option `downWhenOneFailureCosts` says so; up while it is not known. */
  public readiness<Key extends string>(key: Key, options?: DurabilityHealthOptions): KafkaHealthResult<Key> {
    const { downWhenOneFailureCosts } = { ...this.options.durability, ...options };
    return this.answer(key, options, (verdict, topic, { advice = [], oneBrokerFails = 'no-loss' }) => {
      if (oneBrokerFails === 'no-loss') return;
      const sentence = [`${topic}: if one broker fails, ${COSTS[oneBrokerFails]}.`, ...advice].join(' ');
      const isDown =
        downWhenOneFailureCosts !== undefined && SEVERITY[oneBrokerFails] >= SEVERITY[downWhenOneFailureCosts];
      if (isDown) verdict.down(sentence);
      else verdict.degraded(sentence);
    });
  }

  /** Up once every topic in use has been looked at. */
  public startup<Key extends string>(key: Key, options?: DurabilityHealthOptions): KafkaHealthResult<Key> {
    return this.answer(key, options, (verdict, topic, { ageMs, unknown }) => {
      if (ageMs === null) verdict.down(`${topic}: ${unknown}`);
    });
  }

  public onApplicationShutdown(): void {
    this.isClosed = true;
    for (const watch of this.watches.values()) watch.close();
  }

  private answer<Key extends string>(
    key: Key,
    own: DurabilityHealthOptions | undefined,
    judge: Judge,
    isLiveness = false,
  ): KafkaHealthResult<Key> {
    return answerProbe({
      key,
      modules: this.modules,
      name: { ...this.options.durability, ...own }.producer,
      isLiveness,
      judge: (verdict, modules) => ({
        clusters: Object.fromEntries(
          modules.map((module) => [producerLabel(module), this.judgeModule(verdict, module, judge)]),
        ),
      }),
    });
  }

  private judgeModule(
    verdict: HealthVerdict,
    module: KafkaModuleParts,
    judge: Judge,
  ): { readonly lastError: string | null; readonly topics: Readonly<Record<string, TopicReport>> } {
    const watch = this.watchOf(module);
    const { acks } = module.producer.status();
    const written = new Set(module.producer.topicsInUse());
    const topics: Record<string, TopicReport> = {};
    for (const topic of topicsOf(module)) {
      const report = reportOf(written.has(topic) ? acks : null, watch.topics.get(topic));
      topics[topic] = report;
      judge(verdict, topic, report);
    }
    return { lastError: watch.lastError, topics };
  }

  private watchOf(module: KafkaModuleParts): DurabilityWatch {
    let watch = this.watches.get(module.producer);
    if (watch === undefined) {
      watch = new DurabilityWatch(module);
      this.watches.set(module.producer, watch);
      if (!this.isClosed) watch.start();
    }
    return watch;
  }
}
