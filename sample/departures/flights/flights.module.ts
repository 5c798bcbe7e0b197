import { Module } from '@nestjs/common';
import { Settings } from '../settings.js';
import { Airports } from './airports.js';
import { BusiestHubs } from './busiest-hubs.js';
import { FlightReader } from './flight-reader.js';

@Module({
  providers: [
    Airports,
    FlightReader,
    {
      provide: BusiestHubs,
      inject: [FlightReader, Settings],
      useFactory: (reader: FlightReader, { flights }: Settings) => BusiestHubs.among(reader, flights),
    },
  ],
  exports: [Airports, BusiestHubs, FlightReader],
})
export class FlightsModule {}
