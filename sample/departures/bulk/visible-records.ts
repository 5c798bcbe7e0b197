import { Injectable } from '@nestjs/common';
import { Topics } from '../names.js';
import { Settings } from '../settings.js';

export interface VisibleCounts {
  readonly committed: number;
  /** Committed, aborted and still open ones. */
  readonly written: number;
}

/** Counts what the topic holds, by reading it. */
@Injectable()
export class VisibleRecords {
  public constructor(private readonly settings: Settings) {}

  public async count(): Promise<VisibleCounts> {
    const [committed, written] = await Promise.all([this.read('read_committed'), this.read('read_uncommitted')]);
    return { committed, written };
  }

  private async read(isolation: 'read_committed' | 'read_uncommitted'): Promise<number> {
    let records = 0;
    await this.settings.cluster.visitTopic(Topics.departures, () => records++, { isolation });
    return records;
  }
}
