import type { BrokerConnection } from '../../../wire/broker-connection.js';
import { produceApi } from '../../../wire/protocol/produce.js';
import type { LogSink } from '../../../wire/log-sink.js';
import type { ConsumerGroupMetadata, TopicPartitionOffset } from '../../transaction.js';
import { IllegalTransactionStateError } from '../../transaction-errors.js';
import type { TransactionalState } from '../../transactional-engine-api.js';
import type { PartitionQueue } from '../partition-queue.js';
import type { SequenceManager } from '../sequence-manager.js';
import { settledWithin } from '../../../wire/settled-within.js';
import { nextIdentity } from './next-identity.js';
import { CompletionPace } from './completion-pace.js';
import { OpenTransaction } from './open-transaction.js';
import {
  aborted,
  cannotGoOn,
  endedByBroker,
  fenced,
  hasFailed,
  isEpochLost,
  isFatal,
  isNotOngoing,
  neverCommitted,
  offsetsRefused,
  outcomeUnknown,
  toError,
} from './transaction-failures.js';
import type {
  CallLimits,
  ProducerIdentity,
  TransactionalConfig,
  TransactionProtocol,
  TransactionRequests,
} from './transaction-requests.js';

/** The records of the transaction, as far as the producer still holds them. */
export interface TransactionBatches {
  /** Sends everything without lingering, and waits until each record has succeeded or failed. */
  flush(): Promise<void>;
  /** Fails what no request holds. */
  dropUnsent(error: Error): void;
  /** Resolves when nothing is left. */
  settled(): Promise<void>;
  /** Fails what is left, also what requests hold. */
  dropAll(error: Error): void;
  /** There may be something to send. */
  wake(): void;
}

export interface TransactionManagerDependencies {
  readonly config: TransactionalConfig;
  readonly log: LogSink;
  readonly requests: TransactionRequests;
  readonly sequences: SequenceManager;
  readonly batches: TransactionBatches;
}

/**
 * How long an abort waits for requests on the wire. What a broker answers later is of no account: with protocol 2 the end of the transaction has raised the
 * epoch by then, with protocol 1 this producer raises it before it goes on.
 */
const ABORT_WAITS_FOR_ANSWERS_MS = 1_000;
const LAST_PRODUCE_OF_PROTOCOL_1 = 11;

/**
 * The transactions of one transactional id (the part of Kafka's `TransactionManager` with one; KIP-98, KIP-360, KIP-447, KIP-890). It decides when batches may be
 * sent, and holds on to one rule above all: after an end whose outcome is not known, the epoch is never used again.
 */
export class TransactionManager {
  private current: TransactionalState = 'uninitialized';
  private failure: Error | null = null;
  private protocol: TransactionProtocol = 1;
  private identity: ProducerIdentity | null = null;
  private initializing: Promise<void> | null = null;
  /** Requests other than the end that belong to the transaction and are under way. */
  private readonly underWay = new Set<Promise<unknown>>();
  private readonly pace = new CompletionPace();
  private open = new OpenTransaction();
  private addingIsDue = false;
  private flushing = false;

  public constructor(private readonly dependencies: TransactionManagerDependencies) {}

  public get state(): TransactionalState {
    return this.current;
  }

  public get error(): Error | null {
    return this.current === 'abortable-error' || this.current === 'fatal' ? this.failure : null;
  }

  /** The version of Produce that the transaction asks for, where it does: from 12 on a broker treats a batch by protocol 2. */
  public produceVersion(connection: BrokerConnection): number | undefined {
    if (this.protocol === 2) return undefined;
    const newest = connection.apiVersions?.ranges.get(produceApi.key)?.maxVersion ?? LAST_PRODUCE_OF_PROTOCOL_1;
    return Math.min(newest, LAST_PRODUCE_OF_PROTOCOL_1);
  }

  /** Why what no request holds will not be sent any more, or null: the transaction cannot commit. */
  public get unsendable(): Error | null {
    return this.failure === null ? null : hasFailed(this.failure);
  }

  /** Why a record is not accepted now, or null. */
  public get refusal(): Error | null {
    if (this.current === 'in-transaction') return null;
    if (this.failure !== null && this.current === 'fatal') return this.failure;
    if (this.failure !== null) return hasFailed(this.failure);
    return new IllegalTransactionStateError(
      `No transaction is open (${this.id} is ${this.current}). Nothing was sent.`,
    );
  }

  /** Gets an id and epoch; calls at the same time share one attempt. */
  public initialize(): Promise<void> {
    this.initializing ??= this.renew(this.limit()).finally(() => {
      this.initializing = null;
    });
    return this.initializing;
  }

  public begin(): void {
    this.require('ready');
    this.protocol = this.dependencies.requests.offeredProtocol ?? this.protocol;
    this.current = 'in-transaction';
    this.open.isDirect = this.protocol === 2 && performance.now() >= this.pace.restedAt;
    this.open.firstBatchIsDue = this.open.isDirect;
    this.pace.transactionBegun();
  }

  /** From when on a transaction can begin that need not wait for the former one to complete; milliseconds of `performance.now()`. */
  public get restedAt(): number {
    return this.pace.restedAt;
  }

  /** A batch of a partition has been opened: the coordinator has to know of the partition before the batch can go. */
  public partitionNeeded(queue: PartitionQueue): void {
    if (this.open.isDirect) {
      this.open.register();
      this.open.partitions.add(queue);
      return;
    }
    if (!this.open.partitions.want(queue) || this.addingIsDue) return;
    this.addingIsDue = true;
    // One request for all partitions that this turn's sends are for.
    queueMicrotask(() => {
      this.addingIsDue = false;
      this.addPartitions();
    });
  }

  /** Whether the head of a partition may be sent now. */
  public maySend(queue: PartitionQueue): boolean {
    if (!this.isSending) return false;
    if (!this.open.partitions.has(queue)) this.partitionNeeded(queue);
    return this.open.partitions.has(queue);
  }

  /** @param ms how long the request took that has brought it */
  public batchStored(ms: number): void {
    this.open.isConfirmed = true;
    if (!this.open.firstBatchIsDue) return;
    this.open.firstBatchIsDue = false;
    this.pace.firstBatchTook(ms);
  }

  /** A record has failed: the transaction cannot commit. */
  public recordFailed(error: Error, hadSequence: boolean): void {
    if (hadSequence) this.open.hasStrays = true;
    this.failed(error);
  }

  public async sendOffsets(offsets: readonly TopicPartitionOffset[], group: ConsumerGroupMetadata): Promise<void> {
    this.require('in-transaction');
    if (offsets.length === 0) return;
    try {
      await this.track(this.commitOffsets(offsets, group));
    } catch (error) {
      const refused = offsetsRefused(error, group.groupId);
      this.failed(refused, error);
      throw refused;
    }
  }

  public async commit(): Promise<void> {
    if (this.failure !== null && this.current === 'abortable-error') throw this.failure;
    this.require('in-transaction');
    this.current = 'completing';
    this.flushing = true;
    await Promise.all([this.dependencies.batches.flush(), ...this.underWay]).catch((error: unknown) =>
      this.failed(toError(error)),
    );
    this.flushing = false;
    if (this.failure !== null) {
      this.current = 'abortable-error';
      throw this.failure;
    }
    if (!this.open.isRegistered) return this.ended('ready');
    try {
      await this.end(true, this.limit());
    } catch (error) {
      throw await this.commitFailed(error);
    }
  }

  public async abort(): Promise<void> {
    if (this.current !== 'abortable-error') this.require('in-transaction');
    const limit = this.limit();
    const { batches } = this.dependencies;
    const dropped = this.failure === null ? aborted() : hasFailed(this.failure);
    this.failure ??= dropped;
    this.current = 'completing';
    batches.dropUnsent(dropped);
    if (!(await settledWithin(batches.settled(), ABORT_WAITS_FOR_ANSWERS_MS))) batches.dropAll(dropped);
    await Promise.allSettled(this.underWay);
    if (!this.open.isRegistered) return this.ended(this.open.hasStrays ? 'uninitialized' : 'ready');
    if (this.open.isEpochLost) return this.renew(limit);
    try {
      await this.end(false, limit);
    } catch (error) {
      // The coordinator has ended it already, by its own timeout or for a producer that has taken over.
      if (isEpochLost(error) || isNotOngoing(error)) return this.renew(limit);
      this.gaveUp(error);
      throw error;
    }
  }

  /** Nothing more is asked of the coordinator. */
  public close(error: Error): void {
    this.dependencies.requests.close(error);
  }

  private get id(): string {
    return this.dependencies.config.transactionalId;
  }

  /** Records may go out. */
  private get isSending(): boolean {
    return this.failure === null && (this.current === 'in-transaction' || this.flushing);
  }

  private limit(): { readonly deadline: number } {
    return { deadline: Date.now() + this.dependencies.config.maxBlockMs };
  }

  /** What may still be on its way when the transaction ends must not find the next one under the same epoch. */
  private workLimits(): CallLimits {
    return {
      ...this.limit(),
      cancelled: () => this.failure,
      onUncertain: () => {
        this.open.hasStrays = true;
      },
      onConcurrent: () => this.pace.refused(),
    };
  }

  private require(state: TransactionalState): void {
    if (this.current === state) return;
    if (this.failure !== null) throw this.current === 'fatal' ? this.failure : hasFailed(this.failure);
    throw new IllegalTransactionStateError(`The producer ${this.id} is ${this.current}, not ${state}.`);
  }

  private known(): ProducerIdentity {
    if (this.identity === null) throw new IllegalTransactionStateError(`The producer ${this.id} has no producer id.`);
    return this.identity;
  }

  private addPartitions(): void {
    if (!this.isSending) return;
    const partitions = this.open.partitions.takeWanted();
    if (partitions.length === 0) return;
    this.open.register();
    const limits = this.workLimits();
    this.track(this.dependencies.requests.addPartitions(this.known(), partitions, limits)).then(
      () => {
        this.open.isConfirmed = true;
        for (const queue of partitions) this.open.partitions.add(queue);
        this.dependencies.batches.wake();
      },
      (error: unknown) => this.failed(toError(error)),
    );
  }

  private async commitOffsets(offsets: readonly TopicPartitionOffset[], group: ConsumerGroupMetadata): Promise<void> {
    const { requests } = this.dependencies;
    const limits = this.workLimits();
    if (!this.open.groups.has(group.groupId)) {
      this.open.register();
      if (!this.open.isDirect) {
        await requests.addOffsets(this.known(), group.groupId, limits);
        this.open.isConfirmed = true;
      }
      this.open.groups.add(group.groupId);
    }
    await requests.commitOffsets(this.known(), this.protocol, offsets, group, limits);
  }

  private track<T>(request: Promise<T>): Promise<T> {
    this.underWay.add(request);
    const forget = (): void => {
      this.underWay.delete(request);
    };
    request.then(forget, forget);
    return request;
  }

  /** @param cause what the broker said, where `error` is made of it */
  private failed(error: Error, cause: unknown = error): void {
    if (isEpochLost(cause)) this.open.isEpochLost = true;
    if (!this.isSending) return;
    this.failure = error;
    if (!this.flushing) this.current = 'abortable-error';
    this.dependencies.batches.dropUnsent(hasFailed(error));
  }

  private async end(committed: boolean, limit: CallLimits): Promise<void> {
    const { open, protocol } = this;
    const onUncertain = (): void => {
      open.isEndUncertain = true;
    };
    open.endAskedAt = Date.now();
    const { requests } = this.dependencies;
    const next = await requests.endTransaction(this.known(), protocol, committed, { ...limit, onUncertain });
    if (protocol === 2) this.use(next);
    this.pace.transactionEnded();
    // A higher epoch is somebody else's from now on: the coordinator has nothing left to end for its timeout.
    open.isConfirmed = false;
    // With protocol 1 something of the epoch may still be on its way, and would get into the next transaction.
    const isEpochSpent = protocol === 1 && (open.isEndUncertain || open.hasStrays);
    this.ended(isEpochSpent ? 'uninitialized' : 'ready');
  }

  private use(identity: ProducerIdentity): void {
    this.identity = identity;
    this.dependencies.sequences.useProducerId(identity.producerId, identity.producerEpoch);
  }

  private ended(state: TransactionalState): void {
    this.current = state;
    this.failure = null;
    this.flushing = false;
    if (state === 'ready') this.open = new OpenTransaction();
  }

  /** The coordinator could not be brought to an answer, or to none that helps. */
  private gaveUp(cause: unknown): void {
    this.ended('uninitialized');
    if (!isFatal(cause)) return;
    this.current = 'fatal';
    this.failure = cannotGoOn(this.id, toError(cause));
  }

  /** What the user is told of a commit that has failed. The epoch is not used again. */
  private async commitFailed(cause: unknown): Promise<Error> {
    const isUncertain = this.open.isEndUncertain;
    if (isEpochLost(cause)) {
      const lost = await this.renew(this.limit()).then(
        () => null,
        (error: unknown) => toError(error),
      );
      // It may have been committed before its epoch was lost.
      if (isUncertain) return outcomeUnknown(this.id, lost ?? cause);
      return this.failure ?? endedByBroker(this.id, lost ?? cause);
    }
    this.gaveUp(cause);
    if (isNotOngoing(cause)) return endedByBroker(this.id, cause);
    if (isUncertain) return outcomeUnknown(this.id, cause);
    return this.failure ?? neverCommitted(this.id, cause);
  }

  /** Gets an id and epoch for the next transaction. */
  private async renew(limits: CallLimits): Promise<void> {
    if (this.current === 'fatal' && this.failure !== null) throw this.failure;
    this.ended('uninitialized');
    const { requests } = this.dependencies;
    const { identity, open: transaction, protocol } = this;
    try {
      this.use(await nextIdentity(this.dependencies, { identity, protocol, transaction }, limits));
      this.protocol = requests.offeredProtocol ?? this.protocol;
      this.ended('ready');
    } catch (error) {
      const failure = isEpochLost(error) ? fenced(this.id, error) : toError(error);
      this.gaveUp(failure);
      throw this.failure ?? failure;
    }
  }
}
