import { KafkaError } from '../../wire/kafka-error.js';
import type { LogSink } from '../../wire/log-sink.js';
import type { ConsumedRecord } from '../consumed-record.js';
import type { ConsumerConfig } from '../consumer-config.js';
import type { KafkaConsumerMetrics } from '../consumer-metrics.js';
import type {
  AssignedPartition,
  ConsumerEngineApi,
  ConsumerEngineEvents,
  ConsumerEngineStatus,
} from '../consumer-engine-api.js';
import type { ListenerDefinition } from '../listener-definition.js';
import type { KafkaListenerEvent } from '../listener-events.js';
import { ContainedListener } from './contained-listener.js';
import { HandlerPauses, type PartitionSelection } from './handler-pauses.js';
import type { ListenerContainerApi, ListenerHandle } from './listener-container-api.js';
import { ListenerEventLog } from './listener-event-log.js';
import { namedTopics, reads } from './listener-topics.js';
import { ListenerUnit } from './listener-unit.js';
import { mergeDefinitions } from './merged-definition.js';
import { toError } from './record-run.js';
import { SharedWindow } from './shared-window.js';

export interface ListenerContainerOptions {
  readonly groupId: string;
  readonly listeners: readonly ListenerDefinition[];
  readonly config: ConsumerConfig;
  readonly log: LogSink;
  readonly events: (event: KafkaListenerEvent) => void;
  /** How long handlers may go on when their partition is given away or the listener stops. */
  readonly drainTimeoutMs: number;
  readonly createEngine: (events: ConsumerEngineEvents) => ConsumerEngineApi;
}

/** For the last commit, behind the time for handlers: of partitions that others wait for, and of listeners that stop. */
const REVOKE_COMMIT_MS = 30_000;
const STOP_COMMIT_MS = 10_000;
/** For the goodbye behind that. */
const LEAVE_MS = 1_000;

/** The listeners of one group: one member, made when the first of them starts and ended with the last. */
export class ListenerContainer implements ListenerContainerApi, ConsumerEngineEvents {
  private readonly contained: readonly ContainedListener[];
  /** By the ids of the listeners that run and read a topic. */
  private readonly units = new Map<string, ListenerUnit>();
  private readonly unitOf = new Map<AssignedPartition, ListenerUnit>();
  private readonly window = new SharedWindow();
  private readonly handlerPauses = new HandlerPauses();
  private engine: ConsumerEngineApi | null = null;
  /** Starts and stops happen one after the other. */
  private turn: Promise<unknown> = Promise.resolve();
  private isClosed = false;
  /** The engine's start has succeeded. */
  private hasStarted = true;
  /** The engine is being closed. */
  private isEnding = false;
  /** How long handlers may go on. */
  private drainMs: number;
  private hasTrouble = false;
  private readonly eventLog: ListenerEventLog;

  /** @throws ConfigError for listeners of one topic that do not agree */
  public constructor(private readonly options: ListenerContainerOptions) {
    this.drainMs = options.drainTimeoutMs;
    this.eventLog = new ListenerEventLog(options.log);
    checkSharedTopics(options.listeners);
    this.contained = options.listeners.map((definition) => new ContainedListener(definition, this));
  }

  public get groupId(): string {
    return this.options.groupId;
  }

  /** @internal for the handle */
  public get clientId(): string {
    return this.options.config.clientId;
  }

  public get listeners(): readonly ListenerHandle[] {
    return this.contained;
  }

  public status(): ConsumerEngineStatus | null {
    return this.engine?.status() ?? null;
  }

  public metrics(): KafkaConsumerMetrics {
    const { clientId, engine, groupId } = this;
    return {
      listeners: this.contained.map((listener) => listener.metrics()),
      groups: [{ groupId, clientId, metrics: engine?.metrics() ?? {} }],
    };
  }

  public start(): Promise<void> {
    return this.inTurn(async () => {
      const first = this.contained.filter(({ definition }) => definition.autoStart);
      for (const listener of first) listener.begin();
      if (first.length > 0) await this.resubscribe();
    });
  }

  public close(timeoutMs: number): Promise<void> {
    this.isClosed = true;
    this.drainMs = Math.min(this.drainMs, timeoutMs);
    // A start that waits for a broker is over then, and with it its turn.
    if (!this.hasStarted) void this.engine?.close(0);
    return this.inTurn(async () => {
      await this.endEngine(this.stopTimeoutMs);
      for (const listener of this.contained) listener.end(null);
    });
  }

  public pausePartitions(selections: readonly PartitionSelection[]): void {
    this.handlerPauses.pause(selections);
    for (const unit of this.units.values()) unit.handlerPausesChanged();
  }

  public resumePartitions(selections: readonly PartitionSelection[]): void {
    this.handlerPauses.resume(selections);
    for (const unit of this.units.values()) unit.handlerPausesChanged();
  }

  /** @internal for the handle */
  public startListener(listener: ContainedListener): Promise<void> {
    return this.inTurn(async () => {
      if (this.isClosed) throw new KafkaError(`${listener.id} cannot start: the application was closed.`);
      if (listener.isRunning) return;
      const companions = this.companionsOf(listener);
      for (const companion of companions) companion.begin();
      try {
        await this.resubscribe();
      } catch (error) {
        for (const companion of companions) companion.end(toError(error));
        throw error;
      }
    });
  }

  /** @internal for the handle; `error` when it has failed */
  public stopListener(listener: ContainedListener, error: Error | null): Promise<void> {
    return this.inTurn(async () => {
      if (!listener.isRunning) return;
      const companions = this.companionsOf(listener);
      for (const companion of companions) companion.isStopping = true;
      if (this.running.every(({ isStopping }) => isStopping)) {
        await this.endEngine(this.stopTimeoutMs);
      } else {
        const units = new Set(companions.flatMap((companion) => this.unitsOf(companion)));
        await Promise.all([...units].map((unit) => this.endUnit(unit, Date.now() + this.stopTimeoutMs)));
      }
      for (const companion of companions) companion.end(error);
      if (this.engine !== null) await this.resubscribe();
    });
  }

  /** @internal for the handle */
  public unitsOf({ definition }: ContainedListener): ListenerUnit[] {
    return [...this.units.entries()].filter(([key]) => keyIncludes(key, definition.id)).map(([, unit]) => unit);
  }

  /** @internal for the handle */
  public offsetForTime(partition: AssignedPartition, timestamp: number): Promise<bigint> {
    if (this.engine === null) return Promise.resolve(-1n);
    return this.engine.offsetForTime(partition, timestamp, Date.now() + this.options.config.defaultApiTimeoutMs);
  }

  public emit(event: KafkaListenerEvent): void {
    this.eventLog.write(event);
    this.options.events(event);
  }

  public onAssigned(partitions: readonly AssignedPartition[]): void {
    for (const listener of this.running) listener.hasJoined = true;
    this.handlerPauses.keep(partitions);
    for (const partition of partitions) {
      const unit = this.unitFor(partition.topic);
      // Its listener has stopped meanwhile: the group is about to take it away again.
      if (unit === null) partition.pause('stopped');
      else {
        this.unitOf.set(partition, unit);
        unit.assign(partition);
      }
    }
    this.tell('partitions-assigned', partitions);
  }

  public async onRevoked(partitions: readonly AssignedPartition[], deadline: number): Promise<void> {
    const limits = { drainMs: this.drainMs, commitMs: this.isEnding ? STOP_COMMIT_MS : REVOKE_COMMIT_MS };
    await Promise.all([...this.units.values()].map((unit) => unit.release(partitions, deadline, limits)));
    this.tell('partitions-revoked', partitions);
    for (const partition of partitions) this.unitOf.delete(partition);
  }

  public onLost(partitions: readonly AssignedPartition[]): void {
    for (const unit of this.units.values()) unit.lose(partitions);
    this.tell('partitions-lost', partitions);
    for (const partition of partitions) this.unitOf.delete(partition);
  }

  public onRecords(partition: AssignedPartition, records: readonly ConsumedRecord[], nextOffset: bigint): void {
    this.unitOf.get(partition)?.accept(partition, records, nextOffset);
  }

  public onTrouble(error: Error | null): void {
    const { groupId, log } = this.options;
    if (error !== null && !this.hasTrouble)
      log.warn(`The group '${groupId}' is in trouble: ${error.message} It goes on trying.`);
    if (error === null && this.hasTrouble) log.info(`The group '${groupId}' is well again.`);
    this.hasTrouble = error !== null;
  }

  public onFatal(error: Error): void {
    this.options.log.error(`The group '${this.groupId}' cannot go on: ${error.message}`);
    void this.inTurn(async () => {
      await this.endEngine(this.stopTimeoutMs);
      for (const listener of this.running) listener.end(error);
    });
  }

  private get running(): readonly ContainedListener[] {
    return this.contained.filter(({ isRunning }) => isRunning);
  }

  /** Handlers have their time, and the commit behind them some more. */
  private get stopTimeoutMs(): number {
    return this.drainMs + STOP_COMMIT_MS + LEAVE_MS;
  }

  private async resubscribe(): Promise<void> {
    const topics = [...new Set(this.running.flatMap(({ definition }) => definition.topics))];
    if (this.engine !== null) {
      this.engine.subscribe(topics);
      return;
    }
    const engine = this.options.createEngine(this);
    this.engine = engine;
    this.hasStarted = false;
    engine.subscribe(topics);
    try {
      await engine.start();
      this.hasStarted = true;
    } catch (error) {
      this.engine = null;
      await engine.close(0);
      for (const listener of this.running) listener.end(toError(error));
      throw error;
    }
  }

  private async endEngine(timeoutMs: number): Promise<void> {
    this.isEnding = true;
    // Still there while it closes: what is revoked then is committed through it.
    await this.engine?.close(timeoutMs);
    this.engine = null;
    for (const unit of this.units.values()) unit.end();
    this.isEnding = false;
    this.handlerPauses.forget(() => true);
    this.units.clear();
    this.unitOf.clear();
  }

  private async endUnit(unit: ListenerUnit, deadline: number): Promise<void> {
    const { partitions } = unit;
    for (const partition of partitions) partition.pause('stopped');
    await unit.release(partitions, deadline, { drainMs: this.drainMs, commitMs: STOP_COMMIT_MS });
    unit.end();
    this.handlerPauses.forget((topic) => reads(unit.definition, topic));
    for (const partition of partitions) this.unitOf.delete(partition);
    for (const [key, known] of this.units) if (known === unit) this.units.delete(key);
  }

  /** The listener, and those that share topics with it: one offset stands for all of them, so none may be left behind. */
  private companionsOf(listener: ContainedListener): ContainedListener[] {
    const companions = new Set([listener]);
    for (const known of companions) {
      for (const other of this.contained) if (this.shareTopic(known, other)) companions.add(other);
    }
    return [...companions];
  }

  private shareTopic({ definition: one }: ContainedListener, { definition: other }: ContainedListener): boolean {
    const isAssigned = [...this.units.keys()].some((key) => keyIncludes(key, one.id) && keyIncludes(key, other.id));
    return isAssigned || namedTopics([one, other]).some((topic) => reads(one, topic) && reads(other, topic));
  }

  /** The listeners that read the topic, as one; null when none of them runs. */
  private unitFor(topic: string): ListenerUnit | null {
    const readers = this.contained.filter(({ definition }) => reads(definition, topic));
    if (!readers.some(({ isRunning, isStopping }) => isRunning && !isStopping)) return null;
    // Only an expression can show so late that they belong together.
    for (const reader of readers) reader.begin();
    const key = keyOf(readers.map(({ definition }) => definition.id));
    const known = this.units.get(key);
    if (known !== undefined) return known;
    try {
      const unit = this.createUnit(
        mergeDefinitions(
          readers.map(({ definition }) => definition),
          topic,
        ),
        readers,
      );
      if (readers.some(({ isPaused }) => isPaused)) unit.pause();
      this.units.set(key, unit);
      return unit;
    } catch (error) {
      for (const listener of readers) this.fail(listener, toError(error));
      return null;
    }
  }

  private createUnit(definition: ListenerDefinition, readers: readonly ContainedListener[]): ListenerUnit {
    const { config, drainTimeoutMs, log } = this.options;
    return new ListenerUnit({
      definition,
      log,
      drainTimeoutMs,
      config,
      window: this.window,
      isPausedByHandler: (partition) => this.handlerPauses.has(partition),
      metrics: readers.map(({ recorder }) => recorder),
      commit: (offsets, deadline) => this.engine?.commit(offsets, deadline) ?? Promise.resolve(),
      onOutcomeUnknown: () => this.engine?.rejoin('the outcome of a transaction is not known'),
      emit: (event) => this.emit(event),
      onFailed: (error) => {
        for (const listener of readers) this.fail(listener, error);
      },
    });
  }

  private fail(listener: ContainedListener, error: Error): void {
    this.eventLog.failed(listener.id, error);
    void this.stopListener(listener, error);
  }

  private tell(
    type: 'partitions-assigned' | 'partitions-revoked' | 'partitions-lost',
    partitions: readonly AssignedPartition[],
  ): void {
    for (const listener of this.running) {
      const own = partitions
        .filter(({ topic }) => reads(listener.definition, topic))
        .map(({ partition, topic }) => ({ topic, partition }));
      if (own.length > 0) this.emit({ type, listenerId: listener.id, partitions: own });
    }
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

/** Those of expressions are known only when partitions are assigned. @throws ConfigError */
function checkSharedTopics(listeners: readonly ListenerDefinition[]): void {
  for (const topic of namedTopics(listeners)) {
    const readers = listeners.filter((listener) => reads(listener, topic));
    if (readers.length > 1) mergeDefinitions(readers, topic);
  }
}

function keyOf(ids: readonly string[]): string {
  return JSON.stringify(ids);
}

function keyIncludes(key: string, id: string): boolean {
  const ids: unknown = JSON.parse(key);
  return Array.isArray(ids) && ids.includes(id);
}
