import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaClusterView } from '../../lib/testing/kafka-cluster-view.js';
import { waitUntil } from '../../lib/testing/wait-until.js';
import { STRATEGIES, type ConsumerTask, type StrategyName } from './consumer-task.js';
import { ConsumptionCheck, type Consumption } from './consumption-check.js';
import { ProcessFleet } from './process-fleet.js';
import { TestEngine } from './test-engine.js';

const HOST = new URL('./consumer-app-host.ts', import.meta.url);
const PARTITIONS = 4;
/** Records a second. */
const RATE = 400;
const TICK_MS = 25;

export interface ConsumptionRunOptions {
  readonly view: KafkaClusterView;
  readonly topic: string;
  readonly group: string;
  readonly members: number;
  readonly replicationFactor?: number;
  readonly sessionTimeoutMs?: number;
  /** Until everything has to be handled at the end. */
  readonly settleMs: number;
}

export interface ConsumptionReport {
  /** By strategy. */
  readonly consumptions: Readonly<Record<StrategyName, Consumption>>;
  /** Offsets committed above a record that was not handled. */
  readonly violations: readonly string[];
  readonly records: number;
}

/** Applications that consume with every strategy at once while records come steadily, and what they have done in the end. */
export class ConsumptionRun {
  /** What is done to the members meanwhile. */
  public readonly fleet: ProcessFleet;
  private readonly check: ConsumptionCheck;

  private constructor(
    private readonly options: ConsumptionRunOptions,
    private readonly files: readonly string[],
  ) {
    const { group, sessionTimeoutMs = 6_000, topic, view } = options;
    this.fleet = new ProcessFleet(HOST, (index): ConsumerTask => {
      const file = files[index];
      if (file === undefined) throw new Error(`no member ${index}`);
      return { client: view.clientConfig(), topic, group, file, autoCommitIntervalMs: 500, sessionTimeoutMs };
    });
    this.check = new ConsumptionCheck({ view, files, topic, group });
  }

  /** @param disrupt kills, stops and starts members; all have started before, and what is not running afterwards stays away */
  public static async run(
    options: ConsumptionRunOptions,
    disrupt: (run: ConsumptionRun) => Promise<void>,
  ): Promise<ConsumptionReport> {
    const directory = await mkdtemp(join(tmpdir(), 'consumption-'));
    try {
      const files = Array.from({ length: options.members }, (_, index) => join(directory, `${index}.txt`));
      await Promise.all(files.map((file) => writeFile(file, '')));
      return await new ConsumptionRun(options, files).go(disrupt);
    } finally {
      await rm(directory, { recursive: true });
    }
  }

  private async go(disrupt: (run: ConsumptionRun) => Promise<void>): Promise<ConsumptionReport> {
    const { replicationFactor = 1, settleMs, topic, view } = this.options;
    const configs = replicationFactor > 1 ? { 'min.insync.replicas': '2' } : {};
    await view.createTopic(topic, { partitions: PARTITIONS, replicationFactor, configs });
    await using fleet = this.fleet;
    await using engine = await TestEngine.start({ client: view.clientConfig() });
    await Promise.all(this.files.map((_, index) => fleet.start(index)));
    const ends = Array.from({ length: PARTITIONS }, () => 0);
    const state = { isOver: false };
    const sending = this.sendUntil(engine, ends, () => state.isOver);
    const watching = this.watchUntil(() => state.isOver);
    try {
      await disrupt(this);
    } finally {
      state.isOver = true;
      await Promise.all([sending, watching]);
    }
    await waitUntil('every strategy to handle every record', settleMs, () => this.check.open(ends) === 0).catch(
      (error: unknown) => process.stderr.write(`${String(error)}\n`),
    );
    await this.check.checkCommits();
    const consumptions = Object.fromEntries(
      STRATEGIES.map((strategy) => [strategy, this.check.consumption(strategy, ends)]),
    ) as Record<StrategyName, Consumption>;
    const records = ends.reduce((total, end) => total + end, 0);
    return { consumptions, violations: this.check.violations, records };
  }

  private async sendUntil(engine: TestEngine, ends: number[], isOver: () => boolean): Promise<void> {
    const sends: Promise<unknown>[] = [];
    for (let number = 0; !isOver();) {
      for (let index = 0; index < (RATE * TICK_MS) / 1_000; index++) {
        const partition = number % PARTITIONS;
        const sent = engine.send({
          topic: this.options.topic,
          partition,
          key: String(number % 50),
          value: String(number),
        });
        sends.push(
          sent.then(() => {
            ends[partition] = (ends[partition] ?? 0) + 1;
          }),
        );
        number++;
      }
      await delay(TICK_MS);
    }
    await Promise.all(sends);
  }

  private async watchUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.check.checkCommits().catch((error: unknown) => {
        // While the coordinator is away nobody can be asked.
        process.stderr.write(`not checked: ${String(error)}\n`);
      });
      await delay(500);
    }
  }
}
