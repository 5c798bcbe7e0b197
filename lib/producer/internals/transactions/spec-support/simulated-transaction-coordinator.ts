import { BrokerResponseError } from '../../../../wire/broker-response-error.js';
import { ErrorCode } from '../../../../wire/error-codes.js';
import type {
  CallLimits,
  DescribedTransaction,
  ProducerIdentity,
  TransactionProtocol,
  TransactionRequests,
} from '../transaction-requests.js';

type State = 'Empty' | 'Ongoing' | 'CompleteAbort' | 'CompleteCommit';

const NO_EPOCH = -1;

/** The epochs and states of one transactional id, by the rules of Kafka 3.9's `TransactionMetadata`, and with protocol 2 of Kafka 4's. */
export class SimulatedTransactionCoordinator {
  public state: State = 'Empty';
  /** How many producers have asked for the id without naming a former epoch, but for the first. */
  public takeOvers = -1;
  private epoch = NO_EPOCH;
  private formerEpoch = NO_EPOCH;
  private startTimeMs = -1n;
  private nextEnd: 'answered' | 'carried out' | 'lost' = 'answered';
  private beforeEnd: () => void = () => undefined;

  public constructor(private readonly protocol: TransactionProtocol) {}

  public get identity(): ProducerIdentity {
    return { producerId: 7n, producerEpoch: this.epoch };
  }

  /** What a producer asks it. */
  public get requests(): TransactionRequests {
    const requests: Partial<TransactionRequests> = {
      offeredProtocol: this.protocol,
      initProducerId: async (former) => this.initProducerId(former),
      addPartitions: async (identity) => {
        this.compare(identity);
        this.begin();
      },
      endTransaction: async (identity, _, committed, limits) => this.endTransaction(identity, committed, limits),
      describe: async () => this.described,
      close: () => undefined,
    };
    return requests as TransactionRequests;
  }

  /** A producer's first record or announcement. */
  public begin(): void {
    if (this.state === 'Ongoing') return;
    this.state = 'Ongoing';
    this.startTimeMs = BigInt(Date.now());
  }

  /** The next end has no answer: after it was carried out, or without. It is repeated then. */
  public loseNextEnd(fate: 'carried out' | 'lost'): void {
    this.nextEnd = fate;
  }

  /** What happens before the end that was lost is repeated. */
  public beforeNextEnd(happens: () => void): void {
    this.beforeEnd = happens;
  }

  /** The transaction was open for longer than its timeout. */
  public timeOut(): void {
    this.state = 'CompleteAbort';
    this.epoch++;
    this.formerEpoch = NO_EPOCH;
  }

  /** Another producer gets the id, and runs a transaction if its last state is another one than `Empty`. */
  public takeOver(lastState: Exclude<State, 'Ongoing'>): ProducerIdentity {
    const identity = this.initProducerId(null);
    if (lastState === 'Empty') return identity;
    this.begin();
    return this.complete(lastState);
  }

  private get described(): DescribedTransaction {
    const { startTimeMs, state } = this;
    return { ...this.identity, state, startTimeMs };
  }

  private initProducerId(former: ProducerIdentity | null): ProducerIdentity {
    if (former === null) this.takeOvers++;
    // The epochs are not compared before.
    if (this.state === 'Ongoing') this.timeOut();
    const epoch = former?.producerEpoch ?? this.epoch;
    if (epoch === this.formerEpoch && epoch !== NO_EPOCH && former !== null) return this.identity;
    if (epoch !== this.epoch) throw new BrokerResponseError(ErrorCode.PRODUCER_FENCED, { api: 'InitProducerId' });
    this.formerEpoch = former === null ? NO_EPOCH : this.epoch;
    this.epoch++;
    this.state = 'Empty';
    this.startTimeMs = -1n;
    return this.identity;
  }

  private endTransaction(
    identity: ProducerIdentity,
    committed: boolean,
    { onUncertain }: CallLimits,
  ): ProducerIdentity {
    const fate = this.nextEnd;
    this.nextEnd = 'answered';
    if (fate !== 'lost') this.end(identity, committed);
    if (fate === 'answered') return this.identity;
    onUncertain?.();
    this.beforeEnd();
    this.end(identity, committed);
    return this.identity;
  }

  private end(identity: ProducerIdentity, committed: boolean): void {
    const completed = committed ? 'CompleteCommit' : 'CompleteAbort';
    const isRepeated = this.protocol === 2 && identity.producerEpoch === this.formerEpoch;
    if (isRepeated && this.state === completed) return;
    this.compare(identity);
    if (this.state === completed) return;
    if (this.state !== 'Ongoing') throw new BrokerResponseError(ErrorCode.INVALID_TXN_STATE, { api: 'EndTxn' });
    this.complete(completed);
  }

  private complete(state: State): ProducerIdentity {
    this.state = state;
    if (this.protocol === 2) this.formerEpoch = this.epoch++;
    return this.identity;
  }

  private compare({ producerEpoch }: ProducerIdentity): void {
    if (producerEpoch === this.epoch) return;
    throw new BrokerResponseError(ErrorCode.PRODUCER_FENCED, { api: 'EndTxn' });
  }
}
