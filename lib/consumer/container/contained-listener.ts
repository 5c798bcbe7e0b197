import type { SeekTarget, TopicPartition } from '../consumer-engine-api.js';
import type { ListenerDefinition } from '../listener-definition.js';
import type { KafkaListenerStatus } from '../listener-events.js';
import type { ListenerContainer } from './listener-container.js';
import type { ListenerHandle } from './listener-container-api.js';

/** One listener of a container: what the registry hands out. */
export class ContainedListener implements ListenerHandle {
  public isRunning = false;
  public isPaused = false;
  public isStopping = false;
  private error: Error | null = null;

  public constructor(
    public readonly definition: ListenerDefinition,
    private readonly container: ListenerContainer,
  ) {}

  public get id(): string {
    return this.definition.id;
  }

  public status(): KafkaListenerStatus {
    const { groupId, topics } = this.definition;
    const partitions = this.container.unitsOf(this).flatMap((unit) => unit.status());
    return {
      listenerId: this.id,
      groupId,
      topics: topics.map(String),
      state: this.state,
      error: this.error,
      partitions,
    };
  }

  public pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    for (const unit of this.container.unitsOf(this)) unit.pause();
    this.container.emit({ type: 'paused', listenerId: this.id });
  }

  public resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    for (const unit of this.container.unitsOf(this)) unit.resume();
    this.container.emit({ type: 'resumed', listenerId: this.id });
  }

  public async seek(
    target: SeekTarget | { readonly timestamp: number },
    partitions?: readonly TopicPartition[],
  ): Promise<void> {
    const wanted = partitions === undefined ? null : new Set(partitions.map(nameOf));
    await Promise.all(
      this.container.unitsOf(this).flatMap((unit) =>
        unit.partitions
          .filter((assigned) => wanted === null || wanted.has(nameOf(assigned)))
          .map(async (assigned) => {
            const to =
              typeof target === 'object' ? await this.container.offsetForTime(assigned, target.timestamp) : target;
            await unit.seek(assigned, to);
          }),
      ),
    );
  }

  public start(): Promise<void> {
    return this.container.startListener(this);
  }

  public stop(): Promise<void> {
    return this.container.stopListener(this, null);
  }

  /** @internal for the container */
  public begin(): void {
    this.isRunning = true;
    this.isStopping = false;
    this.error = null;
    this.container.emit({ type: 'started', listenerId: this.id });
  }

  /** @internal for the container */
  public end(error: Error | null): void {
    if (!this.isRunning) return;
    this.isRunning = false;
    this.isStopping = false;
    this.error = error;
    this.container.emit({ type: 'stopped', listenerId: this.id, error });
  }

  private get state(): KafkaListenerStatus['state'] {
    if (this.error !== null) return 'failed';
    if (!this.isRunning) return 'stopped';
    if (this.isStopping) return 'stopping';
    if (this.isPaused) return 'paused';
    const engine = this.container.status();
    return engine === null || engine.generationId < 0 ? 'starting' : 'running';
  }
}

function nameOf({ partition, topic }: TopicPartition): string {
  return `${topic}-${partition}`;
}
