import { createRandom } from '../../../../test/support/random.js';
import type { AssignableMember, GroupAssignment } from './partition-assignor.js';
import { StickyAssignor } from './sticky.assignor.js';

const TOPICS = ['a', 'b', 'c'];

/** Members that keep their assignors from one rebalance to the next. */
class StickyGroup {
  public readonly assignors = new Map<string, StickyAssignor>();
  public readonly topics = new Map<string, ReadonlySet<string>>();
  public assignment: GroupAssignment = new Map();
  private generationId = 0;

  public add(memberId: string, topics: readonly string[] = TOPICS): void {
    this.assignors.set(memberId, new StickyAssignor());
    this.topics.set(memberId, new Set(topics));
  }

  public remove(memberId: string): void {
    this.assignors.delete(memberId);
  }

  /** @returns which partitions a member that still is there has had to give away */
  public rebalance(partitions: ReadonlyMap<string, number>): string[] {
    const members = [...this.assignors].map(([memberId, assignor]): AssignableMember => {
      const topics = this.topics.get(memberId) ?? new Set();
      return { memberId, groupInstanceId: null, topics, userData: assignor.userData() };
    });
    const assignment = new StickyAssignor().assign(members, partitions);
    const former = this.assignment;
    this.assignment = assignment;
    this.generationId++;
    const membership = { groupId: 'g', generationId: this.generationId, groupInstanceId: null };
    const moved: string[] = [];
    for (const [memberId, assignor] of this.assignors) {
      const mine = assignment.get(memberId) ?? [];
      assignor.onAssignment(mine, { ...membership, memberId });
      const kept = new Set(namesOf(mine));
      moved.push(...namesOf(former.get(memberId) ?? []).filter((name) => !kept.has(name)));
    }
    return moved;
  }

  public sizes(): number[] {
    return [...this.assignment.values()].map(({ length }) => length).sort((one, other) => one - other);
  }
}

function namesOf(partitions: readonly { topic: string; partition: number }[]): string[] {
  return partitions.map(({ topic, partition }) => `${topic}-${partition}`);
}

describe('The sticky assignor', () => {
  const twelve = new Map(TOPICS.map((topic) => [topic, 4]));

  it('moves no more than it must when members come and go', () => {
    const group = new StickyGroup();
    group.add('one');
    group.add('two');
    group.rebalance(twelve);
    expect(group.sizes()).toEqual([6, 6]);
    group.add('three');
    expect(group.rebalance(twelve)).toHaveLength(4);
    expect(group.sizes()).toEqual([4, 4, 4]);
    expect(group.rebalance(twelve)).toEqual([]);
    group.remove('one');
    expect(group.rebalance(twelve)).toEqual([]);
    expect(group.sizes()).toEqual([6, 6]);
  });

  it('gives a partition that two members claim to the one who had it later', () => {
    const [former, latter] = [new StickyAssignor(), new StickyAssignor()];
    const partitions = [{ topic: 'a', partition: 0 }];
    former.onAssignment(partitions, { groupId: 'g', generationId: 7, memberId: 'a-former', groupInstanceId: null });
    latter.onAssignment(partitions, { groupId: 'g', generationId: 8, memberId: 'b-latter', groupInstanceId: null });
    const member = (memberId: string, assignor: StickyAssignor): AssignableMember => ({
      memberId,
      groupInstanceId: null,
      topics: new Set(['a']),
      userData: assignor.userData(),
    });
    const assignment = new StickyAssignor().assign(
      [member('a-former', former), member('b-latter', latter)],
      new Map([['a', 1]]),
    );
    expect(assignment.get('b-latter')).toEqual(partitions);
    expect(assignment.get('a-former')).toEqual([]);
  });

  it('reads what Java members send, also of former versions, and makes nothing of anything else', () => {
    // One topic "a" with partitions 1 and 0; the second with generation 5.
    const withoutGeneration = '00000001000161000000020000000100000000';
    for (const [hex, expected] of [
      [withoutGeneration, ['a-1', 'a-0']],
      [`${withoutGeneration}00000005`, ['a-1', 'a-0']],
      ['ffff', ['a-0', 'a-1']],
      ['', ['a-0', 'a-1']],
    ] as const) {
      const member = {
        memberId: 'm',
        groupInstanceId: null,
        topics: new Set(['a']),
        userData: Buffer.from(hex, 'hex'),
      };
      const assignment = new StickyAssignor().assign([member], new Map([['a', 2]]));
      expect(namesOf(assignment.get('m') ?? [])).toEqual(expected);
    }
    const assignor = new StickyAssignor();
    expect(assignor.userData()).toBeNull();
    assignor.onAssignment(
      [
        { topic: 'a', partition: 1 },
        { topic: 'a', partition: 0 },
      ],
      { groupId: 'g', generationId: 5, memberId: 'm', groupInstanceId: null },
    );
    expect(assignor.userData()?.toString('hex')).toBe(`${withoutGeneration}00000005`);
  });

  it('gives every partition to exactly one subscriber, and as evenly as subscriptions allow, whatever happens', () => {
    const random = createRandom();
    for (let round = 0; round < 30; round++) {
      const group = new StickyGroup();
      for (let step = 0; step < 8; step++) {
        if (step < 2 || random.next() < 0.6) {
          group.add(
            `m${random.integer(0, 9)}`,
            TOPICS.filter(() => random.next() < 0.7),
          );
        } else group.remove(`m${random.integer(0, 9)}`);
        const partitions = new Map(TOPICS.map((topic) => [topic, random.integer(0, 6)]));
        group.rebalance(partitions);
        expect(faults(group, partitions)).toEqual([]);
      }
    }
  });
});

/** What is wrong with an assignment. */
function faults(group: StickyGroup, partitions: ReadonlyMap<string, number>): string[] {
  const wanted = [...group.assignors.keys()].flatMap((memberId) => [...(group.topics.get(memberId) ?? [])]);
  const due = [...new Set(wanted)].flatMap((topic) =>
    Array.from({ length: partitions.get(topic) ?? 0 }, (_, partition) => `${topic}-${partition}`),
  );
  const found: string[] = [];
  const given = [...group.assignment.values()].flatMap(namesOf);
  if (given.sort().join() !== due.sort().join()) found.push(`${given.join()} were given, ${due.join()} were due`);
  for (const [memberId, mine] of group.assignment) {
    for (const { topic } of mine) {
      if (group.topics.get(memberId)?.has(topic) !== true) found.push(`${memberId} has not asked for ${topic}`);
      for (const [other, theirs] of group.assignment) {
        const isUneven = group.topics.get(other)?.has(topic) === true && mine.length - theirs.length > 1;
        if (isUneven) found.push(`${memberId} has ${mine.length}, and ${other} has ${theirs.length}`);
      }
    }
  }
  return found;
}
