import { KafkaError } from '../../wire/kafka-error.js';
import type { TopicPartition } from '../consumer-engine-api.js';
import type { ListenerDefinition } from '../listener-definition.js';
import type { KafkaListenerStatus } from '../listener-events.js';
import type { KafkaListenerMetrics } from '../consumer-metrics.js';
import type { ListenerContainer } from './listener-container.js';
import type { ListenerHandle, ListenerSeekTarget } from './listener-container-api.js';
import { ListenerMetricsRecorder } from './listener-metrics.js';
import { checkSeekTarget } from './seek-target.js';

/** One listener of a container: what the registry hands out. */
export class ContainedListener implements ListenerHandle {
  public isRunning = false;
  public isPaused = false;
  public isStopping = false;
  public hasJoined = false;
  public readonly recorder = new ListenerMetricsRecorder();
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
    const units = this.container.unitsOf(this);
    const partitions = units.flatMap((unit) => unit.status());
    return {
      listenerId: this.id,
      groupId,
      topics: topics.map(String),
      state: this.state,
      error: this.error,
      hasJoined: this.hasJoined,
      oldestCallMs: Math.max(0, ...units.map((unit) => unit.oldestCallMs)),
      partitions,
    };
  }

  public metrics(): KafkaListenerMetrics {
    const { groupId } = this.definition;
    const partitions = this.container.unitsOf(this).flatMap((unit) => unit.status());
    const lags = partitions.map(({ lag }) => lag);
    return {
      listenerId: this.id,
      groupId,
      clientId: this.container.clientId,
      metrics: this.recorder.read(Date.now(), lags),
      partitions: partitions.map(({ lag, partition, topic }) => ({
        topic,
        partition,
        metrics: lag === null ? {} : { 'records-lag': lag },
      })),
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

  public async seek(target: ListenerSeekTarget, partitions?: readonly TopicPartition[]): Promise<void> {
    const checked = checkSeekTarget(target);
    const found = new Map(
      this.container
        .unitsOf(this)
        .flatMap((unit) => unit.partitions.map((assigned) => [nameOf(assigned), { unit, assigned }] as const)),
    );
    const names = partitions?.map(nameOf) ?? [...found.keys()];
    const missing = names.filter((name) => !found.has(name));
    if (names.length === 0 || missing.length > 0) throw this.cannotSeek(missing);
    const results = await Promise.all(
      names.map(async (name) => {
        const { assigned, unit } = found.get(name) ?? {};
        if (assigned === undefined || unit === undefined) return name;
        const to =
          typeof checked === 'object' ? await this.container.offsetForTime(assigned, checked.timestamp) : checked;
        return (await unit.seek(assigned, to)) ? null : name;
      }),
    );
    const lost = results.filter((name) => name !== null);
    if (lost.length > 0) throw this.cannotSeek(lost);
  }

  public start(): Promise<void> {
    return this.container.startListener(this);
  }

  public stop(): Promise<void> {
    return this.container.stopListener(this, null);
  }

  /** @internal for the container */
  public begin(): void {
    if (this.isRunning) return;
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

  private cannotSeek(names: readonly string[]): KafkaError {
    const what = names.length === 0 ? 'no partition' : names.join(', ');
    return new KafkaError(
      `${this.id} cannot seek: ${names.length === 0 ? 'this process has' : 'this process does not have'} ${what} now. ` +
        'The listener does not run, its group is rebalancing (try again), or another process has the partition (seek there).',
      { retriable: true },
    );
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
