import type { Attributes, BatchObservableResult, Meter, Observable } from '@opentelemetry/api';
import type { ConsumerMetrics, KafkaConsumerMetrics } from '../consumer/consumer-metrics.js';
import type { ObservedConsumers, ObservedProducer, StopObserving } from '../instrumentation/kafka-instrumentation.js';
import type { ProducerMetrics } from '../producer/producer-engine-api.js';
import { CONSUMER_FIGURES, isTotal, PRODUCER_FIGURES, unitOf } from './kafka-figure-names.js';

const NO_LAG: ConsumerMetrics = { 'records-lag': 0 };

type Observables = ReadonlyMap<string, Observable>;

/**
 * The figures by Kafka's own names as observable instruments, read when somebody collects: `record-send-total` of a producer is `kafka.producer.record_send_total`, `records-lag-max` of a listener
 * `kafka.consumer.records_lag_max`, the names that OpenTelemetry's instrumentation of the Java clients gives them. Labels: `module` and `client-id`; for consumers `group-id`, `listener-id`, `topic`
 * and `partition` too, always all of them, empty where one does not apply.
 */
export class KafkaFigures {
  private readonly producerFigures: Observables;
  private readonly consumerFigures: Observables;

  public constructor(
    private readonly meter: Meter,
    private readonly common: Attributes,
  ) {
    this.producerFigures = this.createObservables('producer', PRODUCER_FIGURES);
    this.consumerFigures = this.createObservables('consumer', CONSUMER_FIGURES);
  }

  public observeProducer({ clientId, metrics, name }: ObservedProducer): StopObserving {
    const attributes = { module: name ?? '', 'client-id': clientId, ...this.common };
    return this.observe(this.producerFigures, (result) => tell(result, this.producerFigures, metrics(), attributes));
  }

  public observeConsumers({ metrics, name }: ObservedConsumers): StopObserving {
    const held = new Map<string, Attributes>();
    return this.observe(this.consumerFigures, (result) => this.tellConsumers(result, metrics(), name ?? '', held));
  }

  /** @param held the partitions that were told of before: an SDK goes on with the last lag of one that was given away, as if its records were waiting here */
  private tellConsumers(
    result: BatchObservableResult,
    { groups, listeners }: KafkaConsumerMetrics,
    module: string,
    held: Map<string, Attributes>,
  ): void {
    const { common, consumerFigures: observables } = this;
    const given = new Map(held);
    const labels = (own: Attributes): Attributes => ({
      module,
      'listener-id': '',
      topic: '',
      partition: '',
      ...own,
      ...common,
    });
    for (const { clientId, groupId, metrics } of groups) {
      tell(result, observables, metrics, labels({ 'client-id': clientId, 'group-id': groupId }));
    }
    for (const { clientId, groupId, listenerId, metrics, partitions } of listeners) {
      const own = { 'client-id': clientId, 'group-id': groupId, 'listener-id': listenerId };
      tell(result, observables, metrics, labels(own));
      for (const { metrics: ofPartition, partition, topic } of partitions) {
        const attributes = labels({ ...own, topic, partition: String(partition) });
        const place = `${listenerId} ${topic}-${partition}`;
        held.set(place, attributes);
        given.delete(place);
        tell(result, observables, ofPartition, attributes);
      }
    }
    for (const attributes of given.values()) tell(result, observables, NO_LAG, attributes);
  }

  private observe(observables: Observables, callback: (result: BatchObservableResult) => void): StopObserving {
    const all = [...observables.values()];
    this.meter.addBatchObservableCallback(callback, all);
    return () => this.meter.removeBatchObservableCallback(callback, all);
  }

  private createObservables(client: 'producer' | 'consumer', figures: readonly string[]): Observables {
    return new Map(
      figures.map((figure) => {
        const name = `kafka.${client}.${figure.replaceAll('-', '_')}`;
        const options = { unit: unitOf(figure), description: `${figure} of the ${client}, as Kafka defines it.` };
        const observable = isTotal(figure)
          ? this.meter.createObservableCounter(name, options)
          : this.meter.createObservableGauge(name, options);
        return [figure, observable];
      }),
    );
  }
}

function tell(
  result: BatchObservableResult,
  observables: Observables,
  figures: ProducerMetrics | ConsumerMetrics,
  attributes: Attributes,
): void {
  for (const [figure, value] of Object.entries(figures)) {
    const observable = observables.get(figure);
    if (observable !== undefined) result.observe(observable, value, attributes);
  }
}
