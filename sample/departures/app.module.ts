import { type DynamicModule, Module } from '@nestjs/common';
import { KafkaProducerModule } from 'nestjs-kafka-producer';
import { OpenTelemetryInstrumentation } from 'nestjs-kafka-producer/opentelemetry';
import { AuditModule } from './audit/audit.module.js';
import { BoardModule } from './board/board.module.js';
import { BulkModule } from './bulk/bulk.module.js';
import { DelaysModule } from './delays/delays.module.js';
import { DeparturesModule } from './departures/departures.module.js';
import { HubPartitioner } from './departures/hub.partitioner.js';
import { FlightsModule } from './flights/flights.module.js';
import { HealthModule } from './health/health.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { Groups, TRANSACTIONAL_ID_PREFIX } from './names.js';
import { PageModule } from './page/page.module.js';
import { ReplayModule } from './replay/replay.module.js';
import { Settings } from './settings.js';

@Module({})
export class AppModule {
  public static with(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      global: true,
      imports: [
        KafkaProducerModule.forRoot({
          client: { ...settings.cluster.clientConfig(), clientId: 'departures' },
          producer: { compression: 'lz4', partitioner: HubPartitioner },
          transactions: { transactionalIdPrefix: TRANSACTIONAL_ID_PREFIX },
          consumer: { groupId: Groups.board, autoOffsetReset: 'earliest' },
          instrumentation: [OpenTelemetryInstrumentation],
          imports: [FlightsModule, MetricsModule], // HubPartitioner and OpenTelemetryInstrumentation inject from there
        }),
        DeparturesModule,
        BulkModule,
        BoardModule,
        AuditModule,
        DelaysModule,
        PageModule,
        ReplayModule,
        MetricsModule,
        HealthModule,
      ],
      providers: [{ provide: Settings, useValue: settings }],
      exports: [Settings],
    };
  }
}
