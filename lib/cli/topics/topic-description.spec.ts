import { describe, expect, it } from '@jest/globals';
import type { PartitionMetadata } from '../../wire/cluster-metadata.js';
import { replicaAssignment } from './replica-assignment.js';
import { describeTopic } from './topic-description.js';

function partition(leaderId: number, replicas: number[], isr: number[]): PartitionMetadata {
  return { partition: 0, leaderId, leaderEpoch: 0, replicas, isr, offlineReplicas: [], errorCode: 0 };
}

function describeOne(metadata: PartitionMetadata, minInsyncReplicas: number | null) {
  const topic = { name: 'orders', topicId: '00'.repeat(16), errorCode: 0, isInternal: false, partitions: [metadata] };
  const configs = minInsyncReplicas === null ? undefined : { overrides: {}, minInsyncReplicas };
  return describeTopic(topic, configs);
}

describe('a partition', () => {
  it.each<[string, PartitionMetadata, number | null, string[]]>([
    ['is well', partition(1, [1, 2, 3], [1, 2, 3]), 2, []],
    ['lacks a replica', partition(1, [1, 2, 3], [1, 2]), 1, ['under-replicated']],
    ['can lose no more', partition(1, [1, 2, 3], [1, 2]), 2, ['under-replicated', 'at-min-isr']],
    ['takes no writes with acks=all', partition(1, [1, 2, 3], [1]), 2, ['under-replicated', 'under-min-isr']],
    ['has fewer replicas than it should have in sync', partition(1, [1], [1]), 2, ['at-min-isr']],
    ['has no leader', partition(-1, [1, 2], []), 1, ['unavailable', 'under-replicated', 'under-min-isr']],
    ['has settings that may not be seen', partition(1, [1, 2], [1]), null, ['under-replicated']],
  ])('that %s', (_, metadata, minimum, flags) => {
    expect(describeOne(metadata, minimum).partitions[0]?.flags).toEqual(flags);
  });
});

describe('a topic', () => {
  it('is warned of where one broker’s failure can harm', () => {
    expect(describeOne(partition(1, [1, 2], [1, 2]), 1).warnings).toEqual([
      'replication factor 2 is below 3',
      'min.insync.replicas 1 is below 2',
    ]);
    expect(describeOne(partition(1, [1, 2, 3], [1, 2, 3]), 2).warnings).toEqual([]);
  });

  it('has its id as Kafka writes it', () => {
    expect(describeOne(partition(1, [1], [1]), 1).topicId).toBe('AAAAAAAAAAAAAAAAAAAAAA');
  });
});

describe('a replica assignment', () => {
  it('has partitions parted by commas, and brokers by colons', () => {
    expect(replicaAssignment('1:2,2:3')).toEqual([
      { partition: 0, brokerIds: [1, 2] },
      { partition: 1, brokerIds: [2, 3] },
    ]);
  });

  it.each(['', '1:2,3', '1:1', 'a', '1:,2:3', '-1'])('is not %j', (text) => {
    expect(() => replicaAssignment(text)).toThrow('1:2,2:3,3:1');
  });
});
