import { type ArgumentsHost, Catch, type ExceptionFilter, HttpStatus } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { KafkaError } from 'nestjs-kafka-producer';

/** 503 for what may work when it is tried again, 500 for the rest. */
@Catch(KafkaError)
export class KafkaErrorFilter implements ExceptionFilter<KafkaError> {
  public constructor(private readonly adapterHost: HttpAdapterHost) {}

  public catch(error: KafkaError, host: ArgumentsHost): void {
    const statusCode = error.retriable ? HttpStatus.SERVICE_UNAVAILABLE : HttpStatus.INTERNAL_SERVER_ERROR;
    const response = host.switchToHttp().getResponse<unknown>();
    this.adapterHost.httpAdapter.reply(response, { statusCode, message: error.message }, statusCode);
  }
}
