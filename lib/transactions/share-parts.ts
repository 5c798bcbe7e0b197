import type { Partitioner } from '../producer/partitioners/partitioner.js';
import type { ProducerInterceptor } from '../producer/producer-interceptor.js';
import type { ProducerParts } from '../producer/producer-parts.factory.js';
import type { Serializer } from '../producer/serializers/serializer.js';
import { outsideTransactions } from './transaction-context.js';

/**
 * The parts of a producer for one more engine. They belong to the first one: an engine closes its parts when it is closed, so these have no
 * `close`. Each keeps the class of the part, whose name is in the log.
 */
export function shareParts({
  interceptors,
  keySerializer,
  partitioner,
  valueSerializer,
}: ProducerParts): ProducerParts {
  return {
    keySerializer: shareSerializer(keySerializer),
    valueSerializer: shareSerializer(valueSerializer),
    partitioner: partitioner === null ? null : sharePartitioner(partitioner),
    interceptors: interceptors.map(shareInterceptor),
  };
}

function shareSerializer(part: Serializer): Serializer {
  return withClassOf(part, { serialize: (topic, data) => part.serialize(topic, data) });
}

function sharePartitioner(part: Partitioner): Partitioner {
  const { onNewBatch } = part;
  return withClassOf(part, {
    partition: (context) => part.partition(context),
    ...(onNewBatch === undefined ? {} : { onNewBatch: onNewBatch.bind(part) }),
  });
}

function shareInterceptor(part: ProducerInterceptor): ProducerInterceptor {
  const { onAcknowledgement, onSend } = part;
  return withClassOf(part, {
    ...(onSend === undefined ? {} : { onSend: onSend.bind(part) }),
    // Called in whatever context the engine happens to run in: what it sends then shall belong to no transaction, rather than to an accidental one.
    ...(onAcknowledgement === undefined
      ? {}
      : { onAcknowledgement: (...args) => outsideTransactions(() => onAcknowledgement.apply(part, args)) }),
  });
}

function withClassOf<T extends object>(part: T, shared: T): T {
  return Object.assign(shared, { constructor: part.constructor });
}
