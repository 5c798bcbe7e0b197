import type { LogSink } from '../../lib/wire/log-sink.js';

/** Keeps every line, for what a test wants to find there, or must not. */
export class RecordingLog implements LogSink {
  public readonly lines: string[] = [];

  public debug(message: string): void {
    this.lines.push(`debug ${message}`);
  }

  public info(message: string): void {
    this.lines.push(`info ${message}`);
  }

  public warn(message: string): void {
    this.lines.push(`warn ${message}`);
  }

  public error(message: string): void {
    this.lines.push(`error ${message}`);
  }
}
