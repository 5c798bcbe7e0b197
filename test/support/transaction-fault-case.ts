import type { ProducerOptions } from '../../lib/producer/producer-options.js';
import {
  waitUntil,
  type FaultDefinition,
  type FaultProxy,
  type FaultRule,
  type KafkaClusterView,
} from '../../lib/testing/index.js';
import { TestTransactionalEngine, type TestTransactionalEngineOptions } from './test-transactional-engine.js';
import { holdBack, type HeldRequest } from './held-request.js';
import { OnPurpose, runTransaction, type EndedTransaction, type TransactionOutcome } from './transaction-outcome.js';

/** One broker or more, and the proxy through which the producers go. */
export interface ClusterBehindProxy {
  readonly view: KafkaClusterView;
  readonly proxy: FaultProxy;
  readonly bootstrapServers: string[];
}

/** A fault, and what may become of the transaction that meets it. */
export interface TransactionFaultCase {
  readonly name: string;
  readonly fault: Pick<FaultDefinition, 'phase' | 'action' | 'times'> & {
    readonly api: NonNullable<FaultDefinition['api']>;
  };
  /** Whether the fault waits for the start of the producer, or for its second transaction. */
  readonly at: 'start' | 'transaction';
  /** The request is held back until the second transaction is in the middle. Default false: the action says when it goes on. */
  readonly isHeld?: boolean;
  /** How the transaction would end without the fault. Default `commit`. */
  readonly end?: 'commit' | 'abort';
  /**
   * The transaction begins when the former one has long ended: then, with protocol 2, nothing is announced to the coordinator, for the brokers do that. Default
   * false: it begins at once.
   */
  readonly rested?: boolean;
  /** Only requests whose body has the name of the consumer group. */
  readonly ofGroup?: boolean;
  readonly expected: readonly TransactionOutcome[];
  /** The start fails and is made again. */
  readonly startFails?: boolean;
}

/** Short limits, so that what is lost is missed soon. */
export const IMPATIENT: ProducerOptions = {
  requestTimeoutMs: 1_000,
  deliveryTimeoutMs: 8_000,
  maxBlockMs: 8_000,
  retryBackoffMs: 20,
  reconnectBackoffMs: 20,
  reconnectBackoffMaxMs: 200,
};
/** What a call may take beyond its limit: timers and a busy machine. */
const TOLERANCE_MS = 1_500;
const VISIBLE_LIMIT_MS = 15_000;
const REST_LIMIT_MS = 1_000;
const PARTITIONS = 2;
const RECORDS = 4;
let runs = 0;

/** Tells how long the calls take that are limited by `maxBlockMs`. */
class TimedEngine extends TestTransactionalEngine {
  public constructor(
    options: TestTransactionalEngineOptions,
    private readonly onEnd: (call: string, elapsedMs: number) => void,
  ) {
    super(options);
  }

  public override initTransactions(): Promise<void> {
    return this.timed('initTransactions', super.initTransactions());
  }

  public override commitTransaction(): Promise<void> {
    return this.timed('commitTransaction', super.commitTransaction());
  }

  public override abortTransaction(): Promise<void> {
    return this.timed('abortTransaction', super.abortTransaction());
  }

  private async timed(call: string, ended: Promise<void>): Promise<void> {
    const startedAt = performance.now();
    try {
      await ended;
    } finally {
      this.onEnd(call, performance.now() - startedAt);
    }
  }
}

/**
 * A producer's transactions `before`, `hit` and `after`: the fault meets the second one (or the start), the third one has to succeed, and a read_committed reader
 * has to see what the producer said.
 */
export class TransactionFaultRun {
  /** Numbers the values, so that runs may share a topic. */
  private readonly id = `tx-${process.pid}-${++runs}`;
  private readonly violations: string[] = [];
  /** Transactions that were run to begin the next one in time. */
  private readonly fillers: string[] = [];
  private engine: TestTransactionalEngine;
  private held: HeldRequest | null = null;

  public constructor(
    private readonly cluster: ClusterBehindProxy,
    private readonly topic: string,
    private readonly tried: TransactionFaultCase,
    private readonly producer: ProducerOptions = IMPATIENT,
  ) {
    this.engine = this.createEngine();
  }

  /** @returns what was wrong; empty when all was well */
  public async run(): Promise<string[]> {
    try {
      await this.transactions();
    } catch (error) {
      this.wrong(error instanceof Error ? error.message : String(error));
    }
    await this.engine.close(1_000);
    return this.violations.map((what) => `${this.tried.name}: ${what}`);
  }

  private async transactions(): Promise<void> {
    const { at, end = 'commit', expected } = this.tried;
    let rule = at === 'start' ? this.setFault() : null;
    await this.engine.start();
    await this.start(rule);
    this.expectOutcome('before', await this.transaction('before'), ['committed']);
    await this.rest();
    rule ??= this.setFault();
    const hit = await this.transaction('hit', end === 'abort');
    rule.remove();
    if (rule.count === 0) this.wrong('the fault never happened');
    this.expectOutcome('hit', hit, expected);
    await this.recover();
    this.expectOutcome('after', await this.transaction('after'), ['committed']);
    await this.verify(hit.outcome);
  }

  /** Makes the next transaction begin as early, or as late, as the case wants it. */
  private async rest(): Promise<void> {
    if (this.tried.rested === true) {
      await waitUntil('the end of the rest', REST_LIMIT_MS, () => performance.now() >= this.engine.restedAt, 1);
      return;
    }
    for (let n = 0; performance.now() >= this.engine.restedAt; n++) {
      const name = `again-${n}`;
      this.fillers.push(name);
      this.expectOutcome(name, await this.transaction(name), ['committed']);
    }
  }

  private createEngine(): TestTransactionalEngine {
    const { maxBlockMs = 0 } = this.producer;
    return new TimedEngine(
      { client: { brokers: this.cluster.bootstrapServers }, transactionalId: this.id, producer: this.producer },
      (call, elapsedMs) => {
        if (elapsedMs > maxBlockMs + TOLERANCE_MS) this.wrong(`${call} took ${Math.round(elapsedMs)} ms`);
      },
    );
  }

  private setFault(): FaultRule {
    const { fault, isHeld = false, ofGroup = false } = this.tried;
    if (isHeld) {
      this.held = holdBack(this.cluster.proxy, fault.api, `producer-${this.id}`);
      return this.held.rule;
    }
    return this.cluster.proxy.on({
      ...fault,
      match: (frame) =>
        frame.clientId === `producer-${this.id}` &&
        (!ofGroup || (frame.request ?? frame).body.includes(this.groupOf('hit'))),
    });
  }

  private groupOf(name: string): string {
    return `group-${this.id}-${name}`;
  }

  /** A start that ends in a fatal error is made again with a new producer. */
  private async start(rule: FaultRule | null): Promise<void> {
    const { startFails = false } = this.tried;
    try {
      await this.timed('initTransactions', () => this.engine.initTransactions());
      if (startFails) this.wrong('the start did not fail');
    } catch (error) {
      if (!startFails) this.wrong(`the start failed: ${String(error)}`);
      rule?.remove();
      await this.recover();
    }
  }

  private async recover(): Promise<void> {
    if (this.engine.transactionalState === 'fatal') {
      await this.engine.close(1_000);
      this.engine = this.createEngine();
      await this.engine.start();
    }
    if (this.engine.transactionalState !== 'ready') {
      await this.timed('initTransactions', () => this.engine.initTransactions());
    }
  }

  private transaction(name: string, aborts = false): Promise<EndedTransaction> {
    const { topic, engine } = this;
    const deliveryMs = this.producer.deliveryTimeoutMs ?? 0;
    return this.timed(
      `the transaction '${name}'`,
      () =>
        runTransaction(engine, async () => {
          const sends = this.values(name).map((value, index) =>
            engine.send({ topic, partition: index % PARTITIONS, value }),
          );
          const offsets = engine.sendOffsetsToTransaction([{ topic, partition: 0, offset: '7' }], {
            groupId: this.groupOf(name),
          });
          const results = await Promise.allSettled([...sends, offsets]);
          const failed = results.find(({ status }) => status === 'rejected');
          if (failed?.status === 'rejected') throw failed.reason;
          if (name === 'hit') await this.held?.letThrough();
          if (aborts) throw new OnPurpose();
        }),
      deliveryMs,
    );
  }

  private values(name: string): string[] {
    return Array.from({ length: RECORDS }, (_, index) => `${this.id}|${name}|${index}`);
  }

  /** Nothing hangs: all calls together take no longer than the sum of their limits. */
  private async timed<T>(what: string, call: () => Promise<T>, moreMs = 0): Promise<T> {
    const limitMs = (this.producer.maxBlockMs ?? 0) + moreMs + TOLERANCE_MS;
    let timer: NodeJS.Timeout | undefined;
    const hangs = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${what} has not ended after ${limitMs} ms`)), limitMs);
    });
    try {
      return await Promise.race([call(), hangs]);
    } finally {
      clearTimeout(timer);
    }
  }

  private expectOutcome(name: string, ended: EndedTransaction, expected: readonly TransactionOutcome[]): void {
    if (expected.includes(ended.outcome)) return;
    this.wrong(`'${name}' was ${ended.outcome}, not ${expected.join(' or ')}: ${String(ended.error)}`);
  }

  private async verify(outcome: TransactionOutcome): Promise<void> {
    const seen = await this.visibleRecords();
    const parts = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    const expected = (names: readonly string[]): string[][] =>
      parts.map((partition) =>
        names.flatMap((name) => this.values(name).filter((_, index) => index % PARTITIONS === partition)),
      );
    const whole = JSON.stringify(expected(['before', ...this.fillers, 'hit', 'after']));
    const without = JSON.stringify(expected(['before', ...this.fillers, 'after']));
    const isVisible = JSON.stringify(seen) === whole;
    if (!isVisible && JSON.stringify(seen) !== without) this.wrong(`the reader sees ${JSON.stringify(seen)}`);
    else if (outcome === 'committed' && !isVisible) this.wrong('committed, and nothing of it is visible');
    else if (outcome === 'aborted' && isVisible) this.wrong('aborted, and all of it is visible');
    const hasOffset = (await this.committedOffset('hit')) === '7';
    if (hasOffset !== isVisible) {
      this.wrong(
        `its records are ${isVisible ? '' : 'not '}visible, its offset is ${hasOffset ? '' : 'not '}committed`,
      );
    }
    if ((await this.committedOffset('after')) !== '7') this.wrong("the offset of 'after' is not committed");
  }

  /** By partition, in order, once the last transaction is visible. */
  private async visibleRecords(): Promise<string[][]> {
    let seen: string[][] = [];
    const last = new Set(this.values('after'));
    await waitUntil("the records of 'after'", VISIBLE_LIMIT_MS, async () => {
      seen = Array.from({ length: PARTITIONS }, () => []);
      await this.cluster.view.visitTopic(
        this.topic,
        ({ partition, value }) => {
          const text = String(value);
          if (text.startsWith(`${this.id}|`)) seen[partition]?.push(text);
        },
        { isolation: 'read_committed' },
      );
      return seen.flat().filter((value) => last.has(value)).length >= last.size;
    });
    return seen;
  }

  private committedOffset(name: string): Promise<string> {
    return committedOffset(this.cluster, this.groupOf(name), this.topic, 0);
  }

  private wrong(what: string): void {
    this.violations.push(what);
  }
}

/** `-1` when the group has committed none. */
export async function committedOffset(
  { view }: Pick<ClusterBehindProxy, 'view'>,
  groupId: string,
  topic: string,
  partition: number,
): Promise<string> {
  const committed = await view.committedOffsets(groupId, topic);
  return committed.find((found) => found.partition === partition)?.offset ?? '-1';
}

/** Runs cases side by side, as many at a time as there are topics. @returns what was wrong */
export async function runOnTopics<Case>(
  topics: readonly string[],
  cases: readonly Case[],
  run: (tried: Case, topic: string) => Promise<string[]>,
): Promise<string[]> {
  const waiting = [...cases];
  const violations: string[] = [];
  await Promise.all(
    topics.map(async (topic) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        violations.push(...(await run(next, topic)));
      }
    }),
  );
  return violations;
}
