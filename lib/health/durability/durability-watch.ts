import type { TopicDescription } from '../../producer/producer-engine-api.js';
import type { KafkaModuleParts } from '../kafka-modules.js';
import { RepeatedTask } from '../repeated-task.js';
import { topicsOf } from './topics-of.js';
import { messageOf } from '../../wire/message-of.js';

/** What was last told of a topic, and when (milliseconds since the epoch). */
export interface KnownTopic {
  readonly description: TopicDescription;
  readonly toldAt: number;
}

export const CONFIGS = { minInsyncReplicas: 'min.insync.replicas', unclean: 'unclean.leader.election.enable' } as const;

/** Looking for topics that have come into use costs no request. */
const LOOK_MS = 1_000;
const RETRY_MS = 5_000;

/** Keeps replicas and settings of the topics of one module, in the background: of one that has come into use soon, of the others once in `metadataMaxAgeMs`. */
export class DurabilityWatch {
  public readonly topics = new Map<string, KnownTopic>();
  /** Why the last attempt has failed, or null. */
  public lastError: string | null = null;
  private readonly task = new RepeatedTask(() => this.refresh());

  public constructor(private readonly module: KafkaModuleParts) {}

  /** From now on, until `close`. */
  public start(): void {
    this.task.start();
  }

  public close(): void {
    this.task.close();
  }

  private async refresh(): Promise<number> {
    const { producer } = this.module;
    const inUse = topicsOf(this.module);
    for (const topic of this.topics.keys()) if (!inUse.includes(topic)) this.topics.delete(topic);
    const { metadataMaxAgeMs } = producer.status();
    const due = inUse.filter((topic) => isDue(this.topics.get(topic), metadataMaxAgeMs));
    if (due.length === 0) return LOOK_MS;
    try {
      const told = await producer.describeTopics(due, Object.values(CONFIGS));
      for (const description of told) this.topics.set(description.topic, { description, toldAt: Date.now() });
      this.lastError = null;
      return LOOK_MS;
    } catch (error) {
      this.lastError = messageOf(error);
      return RETRY_MS;
    }
  }
}

/** A topic that is not there may be about to be made. */
function isDue(known: KnownTopic | undefined, maxAgeMs: number): boolean {
  if (known === undefined) return true;
  return Date.now() - known.toldAt >= (known.description.partitions.length === 0 ? RETRY_MS : maxAgeMs);
}
