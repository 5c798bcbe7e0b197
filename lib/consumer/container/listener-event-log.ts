import type { LogSink } from '../../wire/log-sink.js';
import type { KafkaListenerEvent, RecordEvent } from '../listener-events.js';

/** Writes down what somebody has to look at, once for each record. Never keys or values. */
export class ListenerEventLog {
  /** The last record of each partition whose dead letter could not be stored. */
  private readonly stuck = new Map<string, string>();

  public constructor(private readonly log: LogSink) {}

  public write(event: KafkaListenerEvent): void {
    if (event.type === 'dead-lettered') {
      this.log.warn(
        `${whatOf(event)} was given up after ${event.attempts} attempts, and is a dead letter now: ${told(event.error)}`,
      );
    } else if (event.type === 'dead-letter-failed') {
      this.stuckAt(event);
    }
  }

  /** A listener stops. */
  public failed(listenerId: string, error: Error): void {
    this.log.error(
      `${listenerId} stops, because it could not go on: ${told(error)} When that is mended start it again with KafkaListenerRegistry. With recovery.deadLetter a record that fails is given up instead.`,
    );
  }

  private stuckAt(event: RecordEvent): void {
    const place = `${event.listenerId} ${event.topic}-${event.partition}`;
    if (this.stuck.get(place) === event.offset) return;
    this.stuck.set(place, event.offset);
    this.log.error(
      `${whatOf(event)} could not be stored as a dead letter, which is tried again; its partition waits for that: ${told(event.error)}`,
    );
  }
}

function whatOf({ listenerId, offset, partition, topic }: RecordEvent): string {
  return `Record ${topic}-${partition}@${offset} of ${listenerId}`;
}

/** The error's words as a sentence. */
function told({ message, name }: Error): string {
  if (message === '') return `${name}.`;
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
