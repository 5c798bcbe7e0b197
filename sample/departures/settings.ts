import type { KafkaClusterView } from 'nestjs-kafka-producer/testing';

/** What one run of the application is about; `main.ts` makes it, everybody injects it. */
export abstract class Settings {
  public abstract readonly cluster: KafkaClusterView;
  /** How many flights to replay, from the first one on. */
  public abstract readonly flights: number;
  /** Where files may be written. */
  public abstract readonly folder: string;
}
