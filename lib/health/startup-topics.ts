import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { TopicDescription } from '../producer/producer-engine-api.js';
import { KAFKA_HEALTH_OPTIONS } from './kafka-health.module-definition.js';
import { checkHealthOptions, type KafkaHealthOptions } from './kafka-health-options.js';
import { KafkaModules } from './kafka-modules.js';
import { RepeatedTask } from './repeated-task.js';
import { messageOf } from '../wire/message-of.js';

/** Until they are there. */
const LOOK_AGAIN_MS = 1_000;

/** Looks for the topics without which the application is not started, in the background, until all are there. */
@Injectable()
export class StartupTopics implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly topics: readonly string[];
  private readonly task = new RepeatedTask(() => this.look());
  private missing: readonly string[];

  public constructor(
    private readonly modules: KafkaModules,
    @Inject(KAFKA_HEALTH_OPTIONS) private readonly options: KafkaHealthOptions,
  ) {
    // Those of `forRootAsync` are seen here for the first time.
    checkHealthOptions(options);
    this.topics = [...new Set(options.producer?.topics)];
    this.missing = this.topics.map((topic) => `The topic '${topic}' has not been looked for yet.`);
  }

  /** Why the application is not started yet, in sentences. */
  public get problems(): readonly string[] {
    return this.missing;
  }

  public onApplicationBootstrap(): void {
    if (this.topics.length > 0) this.task.start();
  }

  public onApplicationShutdown(): void {
    this.task.close();
  }

  private async look(): Promise<number | null> {
    const name = this.options.producer?.producer ?? null;
    const [module] = this.modules.find(name);
    try {
      if (module === undefined)
        throw new Error(`there is no producer ${name ?? 'without a name'}; set the option producer.`);
      const found = await module.producer.describeTopics(this.topics, []);
      this.missing = this.topics.flatMap((topic) => problemOf(topic, found));
    } catch (error) {
      const reason = messageOf(error);
      this.missing = this.topics.map((topic) => `The topic '${topic}' could not be looked for: ${reason}`);
    }
    return this.missing.length === 0 ? null : LOOK_AGAIN_MS;
  }
}

function problemOf(topic: string, found: readonly TopicDescription[]): string[] {
  const { error = null, partitions = [] } = found.find((description) => description.topic === topic) ?? {};
  if (partitions.length === 0) return [`The topic '${topic}' does not exist. ${error ?? 'Create it.'}`];
  const leaderless = partitions.filter(({ leader }) => leader === null).map(({ partition }) => partition);
  return leaderless.length === 0 ? [] : [`The topic '${topic}' has no leader for partitions ${leaderless.join(', ')}.`];
}
