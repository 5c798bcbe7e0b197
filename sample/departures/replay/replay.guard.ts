import { type CanActivate, type ExecutionContext, Injectable, ServiceUnavailableException } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { ReplayService } from './replay.service.js';

/** Lets nobody announce departures while the recorded ones are sent and counted. */
@Injectable()
export class ReplayGuard implements CanActivate {
  public constructor(private readonly replay: ReplayService) {}

  public canActivate(context: ExecutionContext): boolean {
    const { method } = context.switchToHttp().getRequest<IncomingMessage>();
    if (method !== 'POST' || !this.replay.isRunning) return true;
    throw new ServiceUnavailableException(
      'The recorded flights are on their way. Try again once the summary is there.',
    );
  }
}
