import { describe, expect, it } from '@jest/globals';
import { adviceFor, type DurabilityOutcome, outcomeOf, type TopicSafety } from './topic-durability.js';

const SAFE: TopicSafety = {
  acks: 'all',
  replicationFactor: 3,
  inSyncReplicas: 3,
  minInsyncReplicas: 2,
  uncleanLeaderElection: false,
};
const LOST = 'acknowledged-records-lost';

describe('the failure of one broker, and of two', () => {
  it.each<[string, Partial<TopicSafety>, DurabilityOutcome, DurabilityOutcome]>([
    ['the recommended settings', {}, 'no-loss', 'unavailable'],
    ['five replicas', { replicationFactor: 5, inSyncReplicas: 5, minInsyncReplicas: 3 }, 'no-loss', 'no-loss'],
    ['a topic that is only read', { acks: null }, 'no-loss', 'unavailable'],
    ['unclean elections', { uncleanLeaderElection: true }, 'no-loss', LOST],
    ['one sure copy', { minInsyncReplicas: 1 }, 'unavailable', 'unavailable'],
    ['one sure copy and unclean elections', { minInsyncReplicas: 1, uncleanLeaderElection: true }, LOST, LOST],
    ['as many in sync as replicas', { minInsyncReplicas: 3 }, 'unavailable', 'unavailable'],
    ['a replica that is missing already', { inSyncReplicas: 2 }, 'unavailable', 'unavailable'],
    ['one replica', { replicationFactor: 1, inSyncReplicas: 1, minInsyncReplicas: 1 }, 'unavailable', 'unavailable'],
    ['two replicas', { replicationFactor: 2, inSyncReplicas: 2, minInsyncReplicas: 1 }, 'unavailable', 'unavailable'],
    ['acks 1', { acks: 1 }, LOST, LOST],
    ['acks 1 and one replica', { acks: 1, replicationFactor: 1, inSyncReplicas: 1 }, 'unavailable', 'unavailable'],
    ['acks 1 and two replicas', { acks: 1, replicationFactor: 2, inSyncReplicas: 2 }, LOST, LOST],
    [
      'two replicas and unclean elections',
      { replicationFactor: 2, inSyncReplicas: 2, minInsyncReplicas: 1, uncleanLeaderElection: true },
      LOST,
      LOST,
    ],
    ['acks 0', { acks: 0 }, LOST, LOST],
  ])('cost with %s', (_name, changes, one, two) => {
    const safety = { ...SAFE, ...changes };
    expect([outcomeOf(safety, 1), outcomeOf(safety, 2)]).toEqual([one, two]);
  });
});

describe('the advice', () => {
  it.each<[Partial<TopicSafety>, RegExp[]]>([
    [{}, []],
    [{ acks: 1 }, [/acks to 'all' \(it is 1\)/]],
    [{ replicationFactor: 1, inSyncReplicas: 1, minInsyncReplicas: 1 }, [/3 replicas \(it has 1\)/]],
    [{ minInsyncReplicas: 1 }, [/min\.insync\.replicas to 2 \(it is 1\)/]],
    [{ minInsyncReplicas: 3 }, [/below its 3 replicas/]],
    [{ uncleanLeaderElection: true }, [/unclean\.leader\.election\.enable to false/]],
    [{ inSyncReplicas: 2 }, [/2 of 3 are in sync/]],
    [{ acks: 0, minInsyncReplicas: 1, uncleanLeaderElection: true }, [/acks/, /min\.insync/, /unclean/]],
  ])('for %j names the settings to change, one sentence each', (changes, expected) => {
    const advice = adviceFor({ ...SAFE, ...changes });
    expect(advice).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });

  it('makes a topic safe when it is followed', () => {
    const risky = {
      acks: 1,
      replicationFactor: 3,
      inSyncReplicas: 3,
      minInsyncReplicas: 1,
      uncleanLeaderElection: true,
    } as const;
    expect(adviceFor(risky)).toHaveLength(3);
    expect(outcomeOf({ ...risky, acks: 'all', minInsyncReplicas: 2, uncleanLeaderElection: false }, 1)).toBe('no-loss');
  });
});
