import { Injectable } from '@nestjs/common';
import { KafkaListenerRegistry, type KafkaListenerStatus } from 'nestjs-kafka-producer';
import { Groups } from '../names.js';
import { Rate } from './rate.js';
import type { GroupView } from './snapshot.js';

const GROUPS = [
  { name: 'board', commits: 'every 5 s', groupId: Groups.board, rate: new Rate() },
  { name: 'audit log', commits: 'each batch', groupId: Groups.audit, rate: new Rate() },
  { name: 'delays', commits: 'in transactions', groupId: Groups.delays, rate: new Rate() },
];

/** How the consumer groups are doing. */
@Injectable()
export class GroupViews {
  public constructor(private readonly registry: KafkaListenerRegistry) {}

  public now(): GroupView[] {
    const { listeners } = this.registry.status();
    return GROUPS.map(({ groupId, rate, ...group }) => {
      const ours = listeners.filter((listener) => listener.groupId === groupId);
      const partitions = ours.flatMap((listener) => listener.partitions);
      const done = partitions.reduce((sum, { watermark }) => sum + Number(watermark ?? 0), 0);
      const lag = partitions.reduce((sum, partition) => sum + (partition.lag ?? 0), 0);
      return { ...group, state: stateOf(ours), perSecond: rate.next(done), lag };
    });
  }
}

function stateOf(listeners: readonly KafkaListenerStatus[]): string {
  return listeners.find(({ state }) => state !== 'running')?.state ?? (listeners.length === 0 ? 'stopped' : 'running');
}
