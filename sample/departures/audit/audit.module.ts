import { Module } from '@nestjs/common';
import { AuditListener } from './audit.listener.js';
import { AuditLog } from './audit-log.js';

@Module({ controllers: [AuditListener], providers: [AuditLog], exports: [AuditLog] })
export class AuditModule {}
