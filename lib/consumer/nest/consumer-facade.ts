import type { Consumer, TopicPartitionOffset, TopicPartitions } from 'kafkajs';
import { groupByTopic } from '../../wire/group-by-topic.js';
import type { LogSink } from '../../wire/log-sink.js';
import type { ListenerContainerApi, ListenerHandle } from '../container/listener-container-api.js';
import type { AssignedPartition } from '../consumer-engine-api.js';
import type { HandlerCall } from '../listener-definition.js';
import { createFacade } from './facade.js';
import { UnsupportedOperationError } from './unsupported-operation-error.js';

/** Where a handler runs. */
export interface RunningListener {
  readonly container: ListenerContainerApi;
  readonly handle: ListenerHandle;
}

/** Given to partitions when a handler pauses them; theirs alone to take back. */
const PAUSE_REASON = 'KafkaContext.getConsumer().pause';

interface TopicSelection {
  readonly topic: string;
  readonly partitions?: number[];
}

/** What `context.getConsumer()` gives: what handlers use of kafkajs's consumer, by the listener that runs them. */
export function createConsumerFacade(call: HandlerCall, running: () => RunningListener, log: LogSink): Consumer {
  return createFacade(
    'The consumer of KafkaContext',
    {
      commitOffsets: async (offsets: readonly TopicPartitionOffset[] = []): Promise<void> => acknowledge(call, offsets),
      pause: (topics: readonly TopicSelection[]): void => {
        for (const partition of selected(running(), topics)) partition.pause(PAUSE_REASON);
      },
      resume: (topics: readonly TopicSelection[]): void => {
        for (const partition of selected(running(), topics)) partition.resume(PAUSE_REASON);
      },
      seek: ({ offset, partition, topic }: TopicPartitionOffset): void => {
        // As in kafkajs nobody waits for it; the listener does it once this handler has ended.
        running()
          .handle.seek(BigInt(offset), [{ topic, partition }])
          .catch((error: unknown) =>
            log.error(`seek to ${offset} of ${topic}-${partition} has failed: ${String(error)}`),
          );
      },
      paused: (): TopicPartitions[] => pausedOf(running().handle),
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

function selected({ container }: RunningListener, topics: readonly TopicSelection[]): readonly AssignedPartition[] {
  const assigned = container.status()?.assigned ?? [];
  return assigned.filter(({ partition, topic }) =>
    topics.some(
      (selection) =>
        selection.topic === topic && (selection.partitions === undefined || selection.partitions.includes(partition)),
    ),
  );
}

function pausedOf(handle: ListenerHandle): TopicPartitions[] {
  const paused = handle.status().partitions.filter(({ isPaused }) => isPaused);
  const topics = groupByTopic(paused, ({ partition }) => partition);
  return topics.map(({ name, partitions }) => ({ topic: name, partitions }));
}
