import type { LoggerService } from '@nestjs/common';
import type { LogSink } from '../wire/log-sink.js';

/** Hands the lines of the layers below to a Nest logger. */
export class NestLogSink implements LogSink {
  public constructor(private readonly logger: LoggerService) {}

  public debug(message: string): void {
    this.logger.debug?.(message);
  }

  public info(message: string): void {
    this.logger.log(message);
  }

  public warn(message: string): void {
    this.logger.warn(message);
  }

  public error(message: string): void {
    this.logger.error(message);
  }
}
