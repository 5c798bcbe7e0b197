import { Inject, Injectable } from '@nestjs/common';
import type { ProducerStatus } from '../producer/producer-engine-api.js';
import { answerProbe } from './answer-probe.js';
import type { HealthVerdict } from './health-verdict.js';
import { judgeLiveness, judgeReadiness, judgeStartup, type ListenerState, waitsForBrokers } from './judge-consumer.js';
import { KAFKA_HEALTH_OPTIONS } from './kafka-health.module-definition.js';
import type { ConsumerHealthOptions, KafkaHealthOptions } from './kafka-health-options.js';
import type { KafkaHealthResult } from './kafka-health-result.js';
import { type KafkaModuleParts, KafkaModules, producerLabel } from './kafka-modules.js';
import { listenerDetails } from './listener-details.js';

/** A record that has waited for longer than it lingers and this waits for a broker that is not there, rather than for company. */
const AWAITS_BROKERS_MS = 1_000;

/** When brokers were last seen to be awaited, by registry and id of the listener; milliseconds since the epoch. */
type Waits = WeakMap<object, Map<string, number>>;

type Judge = (state: ListenerState, options: ConsumerHealthOptions) => HealthVerdict;

/**
 * Health of the application's listeners and their groups, from the state that they keep anyway: no probe opens a connection, joins a group or asks a broker, and an answer
 * takes well under a millisecond. Never throws. Works with Terminus 11 and 12, and without it.
 */
@Injectable()
export class KafkaConsumerHealthIndicator {
  private readonly waits: Waits = new WeakMap();

  public constructor(
    private readonly modules: KafkaModules,
    @Inject(KAFKA_HEALTH_OPTIONS) private readonly options: KafkaHealthOptions,
  ) {}

  /**
   * Down only where a restart helps: a call of a handler goes on for longer than `maxUnackedAgeMs`, or a listener has failed and nothing in this process starts it
   * again. A broker outage, a rebalance or a lag never fails liveness.
   */
  public liveness<Key extends string>(key: Key, options?: ConsumerHealthOptions): KafkaHealthResult<Key> {
    return this.answer(key, options, judgeLiveness);
  }

  /**
   * Up while every listener is a member of its group, with a grace for rebalances; a member without partitions stands by, and is ready. Listeners that were stopped on
   * request, or not started, are not counted. Degraded (or down, by option) while one is too far behind.
   */
  public readiness<Key extends string>(key: Key, options?: ConsumerHealthOptions): KafkaHealthResult<Key> {
    return this.answer(key, options, judgeReadiness);
  }

  /** Up once every listener has joined its group. */
  public startup<Key extends string>(key: Key, options?: ConsumerHealthOptions): KafkaHealthResult<Key> {
    return this.answer(key, options, judgeStartup);
  }

  private answer<Key extends string>(
    key: Key,
    own: ConsumerHealthOptions | undefined,
    judge: Judge,
  ): KafkaHealthResult<Key> {
    const options = { ...this.options.consumer, ...own };
    return answerProbe({
      key,
      modules: this.modules,
      name: options.producer,
      isLiveness: judge === judgeLiveness,
      judge: (verdict, modules) => ({ listeners: this.judgeListeners(verdict, modules, judge, options) }),
    });
  }

  /** Seen at probes only, which is as often as it matters. */
  private sinceWaited(registry: object, listenerId: string, isWaiting: boolean): number {
    const waits = this.waits.get(registry) ?? new Map<string, number>();
    this.waits.set(registry, waits);
    if (isWaiting) waits.set(listenerId, Date.now());
    const last = waits.get(listenerId);
    return last === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Date.now() - last);
  }

  private judgeListeners(
    verdict: HealthVerdict,
    modules: readonly KafkaModuleParts[],
    judge: Judge,
    options: ConsumerHealthOptions,
  ): Readonly<Record<string, unknown>> {
    // A handler may send with the producer of any module.
    const producersWait = this.modules.find(undefined).some(({ producer }) => awaitsBrokers(producer.status()));
    const details: Record<string, unknown> = {};
    for (const module of modules) {
      const { groups, listeners } = module.registry.status();
      for (const listener of listeners) {
        const group = groups[listener.groupId] ?? null;
        const sinceWaitedMs = this.sinceWaited(
          module.registry,
          listener.listenerId,
          waitsForBrokers({ group, producersWait }),
        );
        const found = judge({ listener, group, producersWait, sinceWaitedMs }, options);
        const { listenerId } = listener;
        // Ids are unique in a module.
        const label = listenerId in details ? `${producerLabel(module)} ${listenerId}` : listenerId;
        verdict.add(label, found);
        details[label] = { status: found.status, ...listenerDetails(listener, group) };
      }
    }
    return details;
  }
}

function awaitsBrokers({
  connectedBrokers,
  lastError,
  lingerMs,
  oldestRecordAgeMs,
  transactions,
}: ProducerStatus): boolean {
  if (connectedBrokers === 0 && lastError !== null) return true;
  return Math.max(oldestRecordAgeMs, transactions?.oldestPendingMs ?? 0) >= lingerMs + AWAITS_BROKERS_MS;
}
