import type { Partitioner } from './partitioners/partitioner.js';
import type { ProducerInterceptor } from './producer-interceptor.js';
import type { ProducerParts } from './producer-parts.factory.js';
import type { Serializer } from './serializers/serializer.js';

/**
 * The same parts for one more engine, which will not close them: an engine closes its parts once it is closed, and these belong to another.
 */
export function shareParts({ interceptors, keySerializer, partitioner, valueSerializer }: ProducerParts): ProducerParts {
  return {
    keySerializer: shareSerializer(keySerializer),
    valueSerializer: shareSerializer(valueSerializer),
    partitioner: partitioner === null ? null : sharePartitioner(partitioner),
    interceptors: interceptors.map(shareInterceptor),
  };
}

function shareSerializer(serializer: Serializer): Serializer {
  return { serialize: (topic, data) => serializer.serialize(topic, data) };
}

function sharePartitioner(partitioner: Partitioner): Partitioner {
  return {
    partition: (context) => partitioner.partition(context),
    onNewBatch: (topic, cluster, previous) => partitioner.onNewBatch?.(topic, cluster, previous),
  };
}

function shareInterceptor(interceptor: ProducerInterceptor): ProducerInterceptor {
  return {
    onSend: (record) => interceptor.onSend?.(record) ?? record,
    onAcknowledgement: (metadata, error) => interceptor.onAcknowledgement?.(metadata, error),
  };
}
