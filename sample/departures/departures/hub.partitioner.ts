import { Injectable } from '@nestjs/common';
import { ReservedKeyPartitioner } from 'nestjs-kafka-producer';
import { BusiestHubs } from '../flights/busiest-hubs.js';

/** The busiest hubs have a partition each to themselves; all other airports share the rest. */
@Injectable()
export class HubPartitioner extends ReservedKeyPartitioner {
  public constructor(hubs: BusiestHubs) {
    super(hubs.partitions);
  }
}
