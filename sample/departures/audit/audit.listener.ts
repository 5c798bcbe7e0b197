import { Controller } from '@nestjs/common';
import { Ctx } from '@nestjs/microservices';
import { KafkaContext, KafkaListener, SyncCommitStrategy } from 'nestjs-kafka-producer';
import { Groups, Topics } from '../names.js';
import { AuditLog, type AuditedRecord } from './audit-log.js';

/** Writes a line for each batch, and waits for the commit before the next. */
@Controller()
export class AuditListener {
  public constructor(private readonly log: AuditLog) {}

  @KafkaListener(Topics.departures, { groupId: Groups.audit, batch: true, commitStrategy: SyncCommitStrategy })
  public onDepartures(@Ctx() context: KafkaContext): void {
    this.log.append(context.getPartition(), context.records as readonly AuditedRecord[]);
  }
}
