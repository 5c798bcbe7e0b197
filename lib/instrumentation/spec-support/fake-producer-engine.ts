import type { ProducerEngineApi, ProducerMetrics, ProducerStatus } from '../../producer/producer-engine-api.js';
import type { DeliveryCallback, ProducerRecord, RecordMetadata } from '../../producer/record.js';
import { runningStatus } from '../../producer/spec-support/running-status.js';

/** Stores every record at once. */
export class FakeProducerEngine implements ProducerEngineApi {
  private offset = 0;

  public start(): Promise<void> {
    return Promise.resolve();
  }

  public send(record: ProducerRecord): Promise<RecordMetadata> {
    return Promise.resolve(this.store(record));
  }

  public sendWithCallback(record: ProducerRecord, callback: DeliveryCallback): void {
    callback(null, this.store(record));
  }

  public flush(): Promise<void> {
    return Promise.resolve();
  }

  public close(): Promise<void> {
    return Promise.resolve();
  }

  public partitionsFor(): Promise<[]> {
    return Promise.resolve([]);
  }

  public topicsInUse(): [] {
    return [];
  }

  public describeTopics(): Promise<[]> {
    return Promise.resolve([]);
  }

  public metrics(): ProducerMetrics {
    return { 'record-send-total': this.offset };
  }

  public status(): ProducerStatus {
    return runningStatus();
  }

  private store({ topic }: ProducerRecord): RecordMetadata {
    this.offset++;
    return {
      topic,
      partition: 0,
      offset: String(this.offset),
      timestamp: 0,
      serializedKeySize: -1,
      serializedValueSize: 1,
    };
  }
}
