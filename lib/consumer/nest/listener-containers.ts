import { type Observable, Subject } from 'rxjs';
import type { LogSink } from '../../wire/log-sink.js';
import type { ListenerContainerApi } from '../container/listener-container-api.js';
import { ListenerContainerFactory, type ListenerContainerRequest } from '../container/listener-container-factory.js';
import type { ConsumerConfig } from '../consumer-config.js';
import type { KafkaConsumerMetrics } from '../consumer-metrics.js';
import type { ListenerDefinition } from '../listener-definition.js';
import type { KafkaListenerEvent } from '../listener-events.js';
import type { RunningListener } from './consumer-facade.js';
import { UnsupportedOperationError } from './unsupported-operation-error.js';

/** The containers of a module: one for each group. */
export class ListenerContainers {
  private readonly subject = new Subject<KafkaListenerEvent>();
  private containers: readonly ListenerContainerApi[] = [];

  public constructor(
    private readonly factory: ListenerContainerFactory,
    private readonly log: LogSink,
  ) {}

  public get all(): readonly ListenerContainerApi[] {
    return this.containers;
  }

  public get events(): Observable<KafkaListenerEvent> {
    return this.subject.asObservable();
  }

  public metrics(): KafkaConsumerMetrics {
    const all = this.containers.map((container) => container.metrics());
    return { listeners: all.flatMap(({ listeners }) => listeners), groups: all.flatMap(({ groups }) => groups) };
  }

  /** @param configOf of a group by its id */
  public create(
    definitions: readonly ListenerDefinition[],
    configOf: (groupId: string) => ConsumerConfig,
    rest: Pick<ListenerContainerRequest, 'client' | 'drainTimeoutMs' | 'startTimeoutMs'>,
  ): void {
    const groups = new Map<string, ListenerDefinition[]>();
    for (const definition of definitions) {
      groups.set(definition.groupId, [...(groups.get(definition.groupId) ?? []), definition]);
    }
    this.containers = [...groups].map(([groupId, listeners]) =>
      this.factory.create({
        ...rest,
        groupId,
        listeners,
        config: configOf(groupId),
        log: this.log,
        events: (event) => this.subject.next(event),
      }),
    );
  }

  /** All of them, or none: when one cannot start the others are closed again. */
  public async start(): Promise<void> {
    const results = await Promise.allSettled(this.containers.map((container) => container.start()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return;
    await this.close(0);
    throw failed.reason;
  }

  /** Never rejects: the rest of the application still has to shut down. */
  public async close(timeoutMs: number): Promise<void> {
    const results = await Promise.allSettled(this.containers.map((container) => container.close(timeoutMs)));
    for (const result of results) {
      if (result.status === 'rejected') this.log.error(`A consumer did not close cleanly: ${String(result.reason)}`);
    }
  }

  /** Where the handlers of that listener run. */
  public running(id: string): RunningListener {
    for (const container of this.containers) {
      const handle = container.listeners.find((listener) => listener.id === id);
      if (handle !== undefined) return { container, handle };
    }
    throw new UnsupportedOperationError(
      `The listener ${id} is not running. Inject KafkaListenerRegistry to see which are.`,
    );
  }
}
