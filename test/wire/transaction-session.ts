import type { BrokerConnection } from '../../lib/wire/broker-connection.js';
import { NoneCodec } from '../../lib/wire/compression/none-codec.js';
import { ErrorCode } from '../../lib/wire/error-codes.js';
import { addOffsetsToTxnApi } from '../../lib/wire/protocol/add-offsets-to-txn.js';
import { addPartitionsToTxnApi, type AddPartitionsToTxnTopic } from '../../lib/wire/protocol/add-partitions-to-txn.js';
import { describeTransactionsApi, type DescribedTransaction } from '../../lib/wire/protocol/describe-transactions.js';
import { endTxnApi, type EndTxnResponse } from '../../lib/wire/protocol/end-txn.js';
import { initProducerIdApi, type InitProducerIdResponse } from '../../lib/wire/protocol/init-producer-id.js';
import type { TopicPartitionErrors } from '../../lib/wire/protocol/partition-errors.js';
import { produceApi } from '../../lib/wire/protocol/produce.js';
import { txnOffsetCommitApi, type TxnOffsetCommitRequest } from '../../lib/wire/protocol/txn-offset-commit.js';
import { RecordBatchBuilder } from '../../lib/wire/record-batch-builder.js';
import { uniqueTopic, waitFor } from '../support/broker.js';
import { REQUEST_TIMEOUT_MS } from './open-connection.js';

/** What a coordinator answers while it loads, or completes the former transaction. */
const TEMPORARY: ReadonlySet<number> = new Set([
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.CONCURRENT_TRANSACTIONS,
]);

/** A producer's id and epoch. */
export interface ProducerState {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** Sends until the answer is not a temporary error. */
export async function settled<Response>(
  what: string,
  send: () => Promise<Response>,
  errorCodeOf: (response: Response) => number | undefined,
): Promise<Response> {
  let response: Response | undefined;
  await waitFor(
    async () => {
      response = await send();
      return !TEMPORARY.has(errorCodeOf(response) ?? 0);
    },
    { what: `a final answer to ${what}` },
  );
  if (response === undefined) throw new Error(`No answer to ${what}`);
  return response;
}

/** One transactional id on a broker that is its coordinator, the group's, and the leader of everything. Each request in a version of the caller's choice. */
export class TransactionSession {
  public readonly transactionalId = uniqueTopic('txn');
  public producer: ProducerState = { producerId: -1n, producerEpoch: -1 };
  private sequence = 0;

  public constructor(private readonly connection: BrokerConnection) {}

  /** A session whose producer has its id. */
  public static async start(connection: BrokerConnection): Promise<TransactionSession> {
    const session = new TransactionSession(connection);
    const { errorCode } = await session.init(1);
    if (errorCode !== 0) throw new Error(`InitProducerId answered ${errorCode}`);
    return session;
  }

  /** @param current what to go on with; by default nothing, which fences the former producer */
  public async init(
    version: number,
    current: ProducerState = { producerId: -1n, producerEpoch: -1 },
  ): Promise<InitProducerIdResponse> {
    const request = { transactionalId: this.transactionalId, transactionTimeoutMs: 60_000, ...current };
    const response = await settled(
      'InitProducerId',
      () => this.connection.send(initProducerIdApi, request, REQUEST_TIMEOUT_MS, version),
      ({ errorCode }) => errorCode,
    );
    if (response.errorCode === 0) this.follow(response);
    return response;
  }

  public async addPartitions(
    version: number,
    topics: readonly AddPartitionsToTxnTopic[],
    producer: ProducerState = this.producer,
  ): Promise<readonly TopicPartitionErrors[]> {
    const request = { transactionalId: this.transactionalId, ...producer, topics };
    const response = await settled(
      'AddPartitionsToTxn',
      () => this.connection.send(addPartitionsToTxnApi, request, REQUEST_TIMEOUT_MS, version),
      (answer) => answer.topics[0]?.partitions[0]?.errorCode,
    );
    return response.topics;
  }

  public async addOffsets(version: number, groupId: string, producer: ProducerState = this.producer): Promise<number> {
    const request = { transactionalId: this.transactionalId, ...producer, groupId };
    const response = await settled(
      'AddOffsetsToTxn',
      () => this.connection.send(addOffsetsToTxnApi, request, REQUEST_TIMEOUT_MS, version),
      ({ errorCode }) => errorCode,
    );
    return response.errorCode;
  }

  public async commitOffsets(
    version: number,
    offsets: Pick<TxnOffsetCommitRequest, 'groupId' | 'generationId' | 'memberId' | 'groupInstanceId' | 'topics'>,
  ): Promise<readonly TopicPartitionErrors[]> {
    const request = { transactionalId: this.transactionalId, ...this.producer, ...offsets };
    const response = await settled(
      'TxnOffsetCommit',
      () => this.connection.send(txnOffsetCommitApi, request, REQUEST_TIMEOUT_MS, version),
      ({ topics }) => topics[0]?.partitions[0]?.errorCode,
    );
    return response.topics;
  }

  /** Sends one record to partition 0, with the next sequence number; the partition's error code is the answer. */
  public async produce(version: number, topic: string, value: string): Promise<number | undefined> {
    const request = {
      transactionalId: this.transactionalId,
      acks: -1,
      timeoutMs: REQUEST_TIMEOUT_MS,
      topics: [{ name: topic, partitions: [{ index: 0, records: this.batchOf(value) }] }],
    };
    const response = await settled(
      'Produce',
      () => this.connection.send(produceApi, request, REQUEST_TIMEOUT_MS, version),
      ({ topics }) => topics[0]?.partitions[0]?.errorCode,
    );
    this.sequence++;
    return response.topics[0]?.partitions[0]?.errorCode;
  }

  public async end(
    version: number,
    committed: boolean,
    producer: ProducerState = this.producer,
  ): Promise<EndTxnResponse> {
    const request = { transactionalId: this.transactionalId, ...producer, committed };
    const response = await settled(
      'EndTxn',
      () => this.connection.send(endTxnApi, request, REQUEST_TIMEOUT_MS, version),
      ({ errorCode }) => errorCode,
    );
    if (version >= 5 && response.errorCode === 0) this.follow(response);
    return response;
  }

  public async describe(): Promise<DescribedTransaction | undefined> {
    const request = { transactionalIds: [this.transactionalId] };
    const response = await settled(
      'DescribeTransactions',
      () => this.connection.send(describeTransactionsApi, request, REQUEST_TIMEOUT_MS, 0),
      ({ transactions }) => transactions[0]?.errorCode,
    );
    return response.transactions[0];
  }

  /** Sequence numbers start again with every epoch. */
  private follow({ producerId, producerEpoch }: ProducerState): void {
    this.producer = { producerId, producerEpoch };
    this.sequence = 0;
  }

  private batchOf(text: string): Buffer {
    const value = Buffer.from(text);
    const builder = new RecordBatchBuilder(1_000, new NoneCodec(), 1);
    builder.append({
      timestamp: Date.now(),
      key: null,
      keySize: -1,
      value,
      valueSize: value.length,
      headers: null,
    });
    return builder.build({ ...this.producer, baseSequence: this.sequence, transactional: true });
  }
}
