import type { Consumer, TopicPartitionOffset, TopicPartitions } from 'kafkajs';
import { groupByTopic } from '../../wire/group-by-topic.js';
import type { LogSink } from '../../wire/log-sink.js';
import type { PartitionSelection } from '../container/handler-pauses.js';
import type { ListenerContainerApi, ListenerHandle } from '../container/listener-container-api.js';
import type { HandlerCall } from '../listener-definition.js';
import { createFacade } from './facade.js';
import { UnsupportedOperationError } from './unsupported-operation-error.js';

/** Where a handler runs. */
export interface RunningListener {
  readonly container: ListenerContainerApi;
  readonly handle: ListenerHandle;
}

/** What `context.getConsumer()` gives: what handlers use of kafkajs's consumer, by the listener that runs them. */
export function createConsumerFacade(call: HandlerCall, running: () => RunningListener, log: LogSink): Consumer {
  return createFacade(
    'The consumer of KafkaContext',
    {
      commitOffsets: async (offsets: readonly TopicPartitionOffset[] = []): Promise<void> => acknowledge(call, offsets),
      pause: (topics: readonly PartitionSelection[] = []): void => running().container.pausePartitions(topics),
      resume: (topics: readonly PartitionSelection[] = []): void => running().container.resumePartitions(topics),
      seek: ({ offset, partition, topic }: TopicPartitionOffset): void => {
        // As in kafkajs nobody waits for it; the listener does it once this handler has ended.
        running()
          .handle.seek(BigInt(offset), [{ topic, partition }])
          .catch((error: unknown) =>
            log.error(`seek to ${offset} of ${topic}-${partition} has failed: ${String(error)}`),
          );
      },
      paused: (): TopicPartitions[] => pausedOf(running().container),
    },
    {
      '': 'the group is managed by its listener. Inject KafkaListenerRegistry to pause, resume, seek, start and stop listeners, and for their status and events.',
      subscribe: 'name the topics in @KafkaListener(), @EventPattern() or @MessagePattern().',
      run: 'handlers are methods with @KafkaListener(), @EventPattern() or @MessagePattern().',
      stop: 'inject KafkaListenerRegistry and call stop() of the listener.',
      disconnect: 'the consumer closes with the application; KafkaListenerRegistry stops a single listener.',
      on: 'inject KafkaListenerRegistry and subscribe to its events.',
      describeGroup: 'inject KafkaListenerRegistry and look at status().',
    },
  ) as Consumer;
}

/** The offset of a record that comes behind these says that they are done; one before says nothing new. */
function acknowledge(call: HandlerCall, offsets: readonly TopicPartitionOffset[]): void {
  const { partition, records } = call;
  const last = records.at(-1)?.offset ?? -1n;
  for (const { offset, partition: number, topic } of offsets) {
    if (topic !== partition.topic || number !== partition.partition) {
      throw new UnsupportedOperationError(
        `commitOffsets for ${topic}-${number}, in a handler of ${partition.topic}-${partition.partition}: a handler acknowledges its own records only, with context.ack(). ` +
          'To move a listener use seek of KafkaListenerRegistry.',
      );
    }
    if (BigInt(offset) > last) call.ack();
  }
}

/** Those of all listeners of the group, once each, whoever has paused them. */
function pausedOf({ listeners }: ListenerContainerApi): TopicPartitions[] {
  const paused = listeners.flatMap((listener) => listener.status().partitions.filter(({ isPaused }) => isPaused));
  const topics = groupByTopic(paused, ({ partition }) => partition);
  return topics.map(({ name, partitions }) => ({ topic: name, partitions: [...new Set(partitions)] }));
}
