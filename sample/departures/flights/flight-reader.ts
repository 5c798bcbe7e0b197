import { Injectable } from '@nestjs/common';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { dataFile } from './data-file.js';
import type { Flight } from './flight.js';

/** Reads the three million US flights of early 2001 that `vega-datasets` holds as Parquet, in the order of their departure. */
@Injectable()
export class FlightReader {
  /** Hands out the first flights in chunks, decoding one row group of the file (273 000 flights) at a time. */
  public async *read(limit: number, chunkSize = 5_000): AsyncGenerator<Flight[]> {
    const file = await asyncBufferFromFile(dataFile('flights-3m.parquet'));
    const metadata = await parquetMetadataAsync(file);
    let start = 0;
    for (const group of metadata.row_groups) {
      const end = Math.min(start + Number(group.num_rows), limit);
      const rows = await parquetReadObjects({ file, metadata, compressors, rowStart: start, rowEnd: end });
      for (let first = 0; first < rows.length; first += chunkSize) {
        yield rows.slice(first, first + chunkSize).map(toFlight);
      }
      if (end === limit) return;
      start = end;
    }
  }

  /** Departures per airport among the first flights; reads no other column. */
  public async countByOrigin(limit: number): Promise<Map<string, number>> {
    const file = await asyncBufferFromFile(dataFile('flights-3m.parquet'));
    const rows = await parquetReadObjects({ file, compressors, columns: ['origin'], rowEnd: limit });
    const departures = new Map<string, number>();
    for (const row of rows) {
      const origin = String(row['origin']);
      departures.set(origin, (departures.get(origin) ?? 0) + 1);
    }
    return departures;
  }
}

function toFlight(row: Readonly<Record<string, unknown>>): Flight {
  const { origin, destination, date, delay, distance } = row;
  if (typeof origin !== 'string' || typeof destination !== 'string' || !(date instanceof Date)) {
    throw new Error('flights-3m.parquet does not hold what it used to: origin, destination and date of each flight.');
  }
  return { origin, destination, date, delay: Number(delay), distance: Number(distance) };
}
