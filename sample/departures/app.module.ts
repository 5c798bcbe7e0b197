import { type DynamicModule, Module } from '@nestjs/common';
import { KafkaProducerModule } from 'nestjs-kafka-producer';
import { BulkModule } from './bulk/bulk.module.js';
import { DeparturesModule } from './departures/departures.module.js';
import { HubPartitioner } from './departures/hub.partitioner.js';
import { FlightsModule } from './flights/flights.module.js';
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
          transactions: { transactionalIdPrefix: 'departures-' },
          imports: [FlightsModule], // HubPartitioner injects from there
        }),
        DeparturesModule,
        BulkModule,
        ReplayModule,
      ],
      providers: [{ provide: Settings, useValue: settings }],
      exports: [Settings],
    };
  }
}
