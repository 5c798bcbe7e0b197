import { KafkaContext as NestKafkaContext } from '@nestjs/microservices';
import type { Consumer, Producer } from 'kafkajs';
import { type DecodedParts, type DecodedRecord, withParts } from '../deserializers/decode-record.js';
import type { HandlerCall } from '../listener-definition.js';

type Arguments = ReturnType<NestKafkaContext['getArgs']>;

/** Makes what a context offers of kafkajs; most handlers never ask. */
export interface KafkaContextFacades {
  consumer(call: HandlerCall): Consumer;
  producer(): Producer;
}

/** Heartbeats never wait for a handler, so none is needed. */
const heartbeat = (): Promise<void> => Promise.resolve();

/**
 * What a handler learns of its record, with `@Ctx()`: Nest's `KafkaContext`, and how to answer for it.
 *
 * `getMessage()` gives the decoded record. `getConsumer()` has `commitOffsets`, `pause`, `resume`, `seek` and `paused` of kafkajs's consumer, `getProducer()` `send` and `sendBatch` of its
 * producer; everything else of them throws `UnsupportedOperationError` and says what to use. `getHeartbeat()` does nothing: heartbeats need no help.
 */
export class KafkaContext extends NestKafkaContext {
  readonly #call: HandlerCall;
  readonly #parts: readonly DecodedParts[];
  #records: readonly DecodedRecord[] | null = null;
  readonly #facades: KafkaContextFacades;

  /** @internal made by the transport for each call of a handler */
  public constructor(call: HandlerCall, parts: readonly DecodedParts[], facades: KafkaContextFacades) {
    const { partition, topic } = call.partition;
    // The rest follows when it is asked for.
    super([undefined, partition, topic, undefined, heartbeat, undefined] as unknown as Arguments);
    this.#call = call;
    this.#parts = parts;
    this.#facades = facades;
  }

  /** The decoded records: one, or those of the batch. */
  public get records(): readonly DecodedRecord[] {
    this.#records ??= this.#call.records.map((record, index) =>
      withParts(record, this.#parts[index] ?? { key: null, value: null }),
    );
    return this.#records;
  }

  /** How often the handler was called for the record, this time included: 1 for the first. */
  public get attempt(): number {
    return this.#call.attempt;
  }

  /** Triggered when the outcome no longer matters: the partition was lost, or the time for draining is over. */
  public get signal(): AbortSignal {
    return this.#call.signal;
  }

  /** Says that the record (or the batch) is done, where the commit strategy waits for that: `ManualCommitStrategy`. May come after the handler has ended. */
  public ack(): void {
    this.#call.ack();
  }

  /**
   * Asks for the record (or the batch) again, once the handler has ended; it counts as no failure. With `@Transactional()` the transaction is aborted.
   * @param delayMs milliseconds until then; the partition (or key) waits. Default 0
   */
  public nack(delayMs = 0): void {
    this.#call.nack(delayMs);
  }

  public override getMessage(): ReturnType<NestKafkaContext['getMessage']> {
    this.args[0] ??= this.records[0] as unknown as Arguments[0];
    return this.args[0];
  }

  public override getConsumer(): Consumer {
    this.args[3] ??= this.#facades.consumer(this.#call);
    return this.args[3];
  }

  public override getProducer(): Producer {
    this.args[5] ??= this.#facades.producer();
    return this.args[5];
  }

  public override getArgs(): Arguments {
    this.getMessage();
    this.getConsumer();
    this.getProducer();
    return super.getArgs();
  }

  public override getArgByIndex(index: number): Arguments[number] {
    if (index === 0) return this.getMessage();
    if (index === 3) return this.getConsumer();
    if (index === 5) return this.getProducer();
    return super.getArgByIndex(index);
  }
}
