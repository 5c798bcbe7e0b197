import type { ClusterLink } from '../../../wire/cluster-link.js';
import type { BrokerAddress } from '../../../wire/cluster-metadata.js';
import { groupByTopic } from '../../../wire/group-by-topic.js';
import { addOffsetsToTxnApi } from '../../../wire/protocol/add-offsets-to-txn.js';
import { addPartitionsToTxnApi } from '../../../wire/protocol/add-partitions-to-txn.js';
import { describeTransactionsApi } from '../../../wire/protocol/describe-transactions.js';
import { endTxnApi } from '../../../wire/protocol/end-txn.js';
import { initProducerIdApi } from '../../../wire/protocol/init-producer-id.js';
import type { TopicPartitionErrors } from '../../../wire/protocol/partition-errors.js';
import { txnOffsetCommitApi } from '../../../wire/protocol/txn-offset-commit.js';
import type { ProducerConfig } from '../../producer-config.js';
import type { ConsumerGroupMetadata, TopicPartitionOffset } from '../../transaction.js';
import {
  CoordinatorClient,
  GROUP_COORDINATOR,
  TRANSACTION_COORDINATOR,
  type CoordinatorCall,
} from '../../../wire/coordinator-client.js';

/** The settings of a producer that has a transactional id. */
export type TransactionalConfig = ProducerConfig & { readonly transactionalId: string };

/**
 * How a transaction is spoken of with the brokers: 1 is the classic protocol, whose epoch stays from transaction to transaction; with 2 every end raises it
 * (KIP-890), so that nothing late can get into the next one.
 */
export type TransactionProtocol = 1 | 2;

/** A producer id and its epoch, as the coordinator gave them. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** Until when to go on, and what may end it before. */
export type CallLimits = Pick<CoordinatorCall<never, never>, 'deadline' | 'cancelled' | 'onUncertain' | 'onConcurrent'>;

/** What the coordinator knows of the transactional id; null when nothing. */
export interface DescribedTransaction extends ProducerIdentity {
  readonly state: string;
  /** When the transaction under way, or the last one, began by the coordinator's clock, in milliseconds since 1970; -1 where there was none. */
  readonly startTimeMs: bigint;
}

export interface TransactionRequestsDependencies {
  readonly link: ClusterLink;
  readonly config: TransactionalConfig;
  readonly knownBrokers: () => Iterable<BrokerAddress>;
}

/** KIP-447's fields of a group member are carried from this version on. */
const FIRST_FENCED_OFFSET_COMMIT = 3;
const PROTOCOL_2_END_TXN = 5;
const PROTOCOL_2_OFFSET_COMMIT = 5;
const TRANSACTIONAL_ID_NOT_FOUND = 105;
const OPERATION_NOT_ATTEMPTED = 55;

/** The requests of one transactional id to its coordinators. */
export class TransactionRequests {
  private readonly coordinator: CoordinatorClient;
  private readonly groups = new Map<string, CoordinatorClient>();
  private closedBy: Error | null = null;

  public constructor(private readonly dependencies: TransactionRequestsDependencies) {
    const { transactionalId } = dependencies.config;
    this.coordinator = new CoordinatorClient({
      ...dependencies,
      keyType: TRANSACTION_COORDINATOR,
      key: transactionalId,
    });
  }

  /** The cluster's finalized `transaction.version` decides; null when the coordinator is not connected. */
  public get offeredProtocol(): TransactionProtocol | null {
    const versions = this.coordinator.connection?.apiVersions ?? null;
    if (versions === null) return null;
    const level = versions.finalizedFeatures.find(({ name }) => name === 'transaction.version')?.maxLevel ?? 0;
    const endTxn = versions.ranges.get(endTxnApi.key)?.maxVersion ?? 0;
    return level >= 2 && endTxn >= PROTOCOL_2_END_TXN ? 2 : 1;
  }

  /**
   * @param former the identity to go on from: refused when somebody else has taken over (KIP-360); null takes over from whoever has it
   */
  public async initProducerId(former: ProducerIdentity | null, limits: CallLimits): Promise<ProducerIdentity> {
    const { transactionalId, transactionTimeoutMs } = this.dependencies.config;
    return this.coordinator.call({
      ...limits,
      api: initProducerIdApi,
      request: { transactionalId, transactionTimeoutMs, ...(former ?? { producerId: -1n, producerEpoch: -1 }) },
      errorCode: ({ errorCode }) => errorCode,
    });
  }

  public async addPartitions(
    identity: ProducerIdentity,
    partitions: Iterable<{ readonly topic: string; readonly partition: number }>,
    limits: CallLimits,
  ): Promise<void> {
    const { transactionalId } = this.dependencies.config;
    const topics = groupByTopic(partitions, ({ partition }) => partition);
    await this.coordinator.call({
      ...limits,
      api: addPartitionsToTxnApi,
      request: { transactionalId, ...identity, topics },
      errorCode: (response) => decidingError(response.topics),
    });
  }

  public async addOffsets(identity: ProducerIdentity, groupId: string, limits: CallLimits): Promise<void> {
    const { transactionalId } = this.dependencies.config;
    await this.coordinator.call({
      ...limits,
      api: addOffsetsToTxnApi,
      request: { transactionalId, ...identity, groupId },
      errorCode: ({ errorCode }) => errorCode,
    });
  }

  /** @throws UnsupportedBrokerError where the broker could not check the member (before Kafka 2.5) */
  public async commitOffsets(
    identity: ProducerIdentity,
    protocol: TransactionProtocol,
    offsets: readonly TopicPartitionOffset[],
    group: ConsumerGroupMetadata,
    limits: CallLimits,
  ): Promise<void> {
    const { transactionalId } = this.dependencies.config;
    const topics = groupByTopic(offsets, ({ partition, offset, leaderEpoch, metadata }) => ({
      index: partition,
      offset: BigInt(offset),
      leaderEpoch: leaderEpoch ?? -1,
      metadata: metadata ?? null,
    }));
    const isMember = (group.generationId ?? -1) >= 0 || (group.memberId ?? '') !== '';
    await this.groupClient(group.groupId).call({
      ...limits,
      api: txnOffsetCommitApi,
      minVersion: isMember ? FIRST_FENCED_OFFSET_COMMIT : txnOffsetCommitApi.minVersion,
      maxVersion: protocol === 2 ? PROTOCOL_2_OFFSET_COMMIT : PROTOCOL_2_OFFSET_COMMIT - 1,
      request: {
        transactionalId,
        ...identity,
        groupId: group.groupId,
        generationId: group.generationId ?? -1,
        memberId: group.memberId ?? '',
        groupInstanceId: group.groupInstanceId ?? null,
        topics,
      },
      errorCode: (response) => decidingError(response.topics),
    });
  }

  /** @returns the identity for the next transaction; with protocol 1 the same */
  public async endTransaction(
    identity: ProducerIdentity,
    protocol: TransactionProtocol,
    committed: boolean,
    limits: CallLimits,
  ): Promise<ProducerIdentity> {
    const { transactionalId } = this.dependencies.config;
    const { producerId, producerEpoch } = await this.coordinator.call({
      ...limits,
      api: endTxnApi,
      maxVersion: protocol === 2 ? PROTOCOL_2_END_TXN : PROTOCOL_2_END_TXN - 1,
      request: { transactionalId, ...identity, committed },
      errorCode: ({ errorCode }) => errorCode,
    });
    return producerId >= 0n ? { producerId, producerEpoch } : identity;
  }

  /** @throws UnsupportedBrokerError before Kafka 3.0 */
  public async describe(limits: CallLimits): Promise<DescribedTransaction | null> {
    const { transactionalId } = this.dependencies.config;
    const { transactions } = await this.coordinator.call({
      ...limits,
      api: describeTransactionsApi,
      request: { transactionalIds: [transactionalId] },
      errorCode: (response) => {
        const code = response.transactions[0]?.errorCode ?? TRANSACTIONAL_ID_NOT_FOUND;
        return code === TRANSACTIONAL_ID_NOT_FOUND ? 0 : code;
      },
    });
    const [found] = transactions;
    return found === undefined || found.errorCode !== 0 ? null : found;
  }

  /** The requests that have not ended, for an error message. */
  public pending(now: number): string[] {
    return [this.coordinator, ...this.groups.values()].flatMap((client) => client.pending(now));
  }

  /** For how long the oldest of them has been under way, in milliseconds; 0 when there is none. */
  public oldestPendingMs(now: number): number {
    return Math.max(...[this.coordinator, ...this.groups.values()].map((client) => client.oldestPendingMs(now)));
  }

  public close(error: Error): void {
    this.closedBy = error;
    this.coordinator.close(error);
    for (const group of this.groups.values()) group.close(error);
  }

  private groupClient(groupId: string): CoordinatorClient {
    if (this.closedBy !== null) throw this.closedBy;
    let client = this.groups.get(groupId);
    if (client === undefined) {
      client = new CoordinatorClient({ ...this.dependencies, keyType: GROUP_COORDINATOR, key: groupId });
      this.groups.set(groupId, client);
    }
    return client;
  }
}

/** Of several partitions' errors the one to act on: what was not attempted only tells that another one has failed. */
function decidingError(topics: readonly TopicPartitionErrors[]): number {
  let notAttempted = 0;
  for (const { partitions } of topics) {
    for (const { errorCode } of partitions) {
      if (errorCode === OPERATION_NOT_ATTEMPTED) notAttempted = errorCode;
      else if (errorCode !== 0) return errorCode;
    }
  }
  return notAttempted;
}
