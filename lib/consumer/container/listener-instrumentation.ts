import type { InstrumentationChain } from '../../instrumentation/instrumentation-chain.js';
import type { ListenerIdentity, ProcessObservation } from '../../instrumentation/kafka-instrumentation.js';
import type { CommittedOffset } from '../commit/commit-strategy.js';
import type { ConsumedRecord } from '../consumed-record.js';
import type { HandlerCall } from '../listener-definition.js';

/** Lets instrumentations see what one listener does. */
export class ListenerInstrumentation {
  public constructor(
    private readonly chain: InstrumentationChain,
    private readonly identity: ListenerIdentity,
    private readonly isBatch: boolean,
  ) {}

  /** Records are handed to the handler for the first time. */
  public received(records: readonly ConsumedRecord[]): void {
    const [first] = records;
    if (first === undefined) return;
    const { clientId, groupId, listenerId } = this.identity;
    const { partition, topic } = first;
    // Not spread, which takes longer than all else here.
    this.chain.received({ listenerId, groupId, clientId, topic, partition, records });
  }

  /** A call of the handler begins. */
  public processStarted({ attempt, partition, records }: HandlerCall): Required<ProcessObservation> {
    const { isBatch } = this;
    const { clientId, groupId, listenerId } = this.identity;
    const { partition: index, topic } = partition;
    return this.chain.processStarted({
      listenerId,
      groupId,
      clientId,
      topic,
      partition: index,
      records,
      isBatch,
      attempt,
    });
  }

  /** Rejects, and throws, as the commit does. */
  public async commit(
    offsets: readonly CommittedOffset[],
    isTransactional: boolean,
    commit: () => Promise<void>,
  ): Promise<void> {
    const observation = this.chain.commitStarted({ ...this.identity, offsets, isTransactional });
    try {
      await commit();
    } catch (error) {
      observation.ended(error);
      throw error;
    }
    observation.ended(null);
  }
}
