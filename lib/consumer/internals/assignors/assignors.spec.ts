import { readFileSync } from 'node:fs';
import { createAssignors } from './create-assignors.js';
import type { AssignableMember, GroupAssignment } from './partition-assignor.js';
import { RangeAssignor } from './range.assignor.js';
import { RoundRobinAssignor } from './round-robin.assignor.js';

type Shares = Readonly<Record<string, readonly string[]>>;

interface AssignmentCase {
  readonly members: readonly (readonly [memberId: string, groupInstanceId: string | null, topics: readonly string[]])[];
  readonly partitions: Readonly<Record<string, number>>;
  readonly range: Shares;
  readonly roundrobin: Shares;
}

/** Written by Kafka's own assignors: Assignments.java beside the file. */
const cases: readonly AssignmentCase[] = JSON.parse(
  readFileSync(new URL('../../../../test/consumer/fixtures/assignments.json', import.meta.url), 'utf8'),
);

function membersOf({ members }: AssignmentCase): AssignableMember[] {
  return members.map(([memberId, groupInstanceId, topics]) => ({
    memberId,
    groupInstanceId,
    topics: new Set(topics),
    userData: null,
  }));
}

function sharesOf(assignment: GroupAssignment): Shares {
  const shares: Record<string, string[]> = {};
  for (const [memberId, partitions] of assignment) {
    shares[memberId] = partitions.map(({ topic, partition }) => `${topic}-${partition}`).sort();
  }
  return shares;
}

describe.each([new RangeAssignor(), new RoundRobinAssignor()])('The assignor $name', (assignor) => {
  it.each(cases.map((given, index) => [index, given] as const))('shares as Kafka’s own does, case %i', (_, given) => {
    const assignment = assignor.assign(membersOf(given), new Map(Object.entries(given.partitions)));
    expect(sharesOf(assignment)).toEqual(given[assignor.name === 'range' ? 'range' : 'roundrobin']);
  });

  it('gives the same shares in whatever order members come', () => {
    for (const given of cases) {
      const partitions = new Map(Object.entries(given.partitions));
      const members = membersOf(given);
      expect(sharesOf(assignor.assign([...members].reverse(), partitions))).toEqual(
        sharesOf(assignor.assign(members, partitions)),
      );
    }
  });

  it('leaves out topics that nobody wants', () => {
    const member = { memberId: 'a', groupInstanceId: null, topics: new Set(['wanted']), userData: null };
    const assignment = assignor.assign([member], new Map(Object.entries({ wanted: 1, unwanted: 3 })));
    expect(sharesOf(assignment)).toEqual({ a: ['wanted-0'] });
  });
});

describe('Assignors by name', () => {
  it('come in the order of preference, each one once', () => {
    const assignors = createAssignors(['roundrobin', 'range', 'roundrobin', 'sticky']);
    expect(assignors.map(({ name }) => name)).toEqual(['roundrobin', 'range', 'sticky']);
  });

  it('belong to one member each', () => {
    expect(createAssignors(['sticky'])[0]).not.toBe(createAssignors(['sticky'])[0]);
  });

  it('are refused when there is none, or none of that name, with those that there are', () => {
    expect(() => createAssignors([])).toThrow(/partitionAssignmentStrategy.*range, roundrobin, sticky/);
    expect(() => createAssignors(['cooperative-sticky'])).toThrow(/cooperative-sticky.*range, roundrobin, sticky/);
  });
});
