import type { AdminClient } from '../../wire/admin/admin-client.js';
import { findCoordinatorApi } from '../../wire/protocol/find-coordinator.js';
import type { CommandContext } from '../common/command-context.js';
import type { ConnectionOptions } from '../common/connection-options.js';
import type { Cell, Output } from '../common/output.js';
import { lagOf, totalLag, type PartitionLag } from './group-lag.js';
import { describeGroup, type GroupDescription } from './group-requests.js';
import { requireGroups, selectGroups, unknownGroup, type GroupSelection } from './select-groups.js';

export interface DescribeGroupsOptions extends ConnectionOptions, GroupSelection {
  readonly offsets?: boolean;
  readonly members?: boolean;
  readonly state?: boolean;
  readonly json?: boolean;
}

/** A group with everything that is shown of it. */
interface GroupReport extends GroupDescription {
  readonly coordinator: number;
  readonly partitions: readonly PartitionLag[];
  readonly lag: bigint | null;
}

/** State, members, and how far each partition is behind. Without `--offsets`, `--members` or `--state`: state and offsets. */
export async function describeGroups(context: CommandContext, options: DescribeGroupsOptions): Promise<void> {
  const { output } = context;
  requireGroups(options);
  const admin = context.admin(options);
  const reports: GroupReport[] = [];
  for (const name of await selectGroups(admin, options)) {
    context.about({ group: name });
    const report = await reportOn(admin, name);
    // One that has gone since it was listed is no failure.
    if (report === null && options.allGroups !== true) throw await unknownGroup(admin, name);
    if (report !== null) reports.push(report);
  }
  if (options.json === true) return output.json(reports.map(asJson));
  const all = [options.offsets, options.members, options.state].every((view) => view !== true);
  const tables: (() => Promise<void>)[] = [];
  if (all || options.state === true) tables.push(() => showStates(output, reports));
  if (all || options.offsets === true) tables.push(() => showOffsets(output, reports));
  if (options.members === true) tables.push(() => showMembers(output, reports));
  for (const [index, show] of tables.entries()) {
    if (index > 0) await output.line('');
    await show();
  }
}

async function reportOn(admin: AdminClient, name: string): Promise<GroupReport | null> {
  const description = await describeGroup(admin, name);
  if (description === null) return null;
  const { nodeId } = await admin.toAny({
    api: findCoordinatorApi,
    request: { key: name, keyType: 0 },
    errorCode: ({ errorCode }) => errorCode,
  });
  const partitions = await lagOf(admin, description);
  return { ...description, coordinator: nodeId, partitions, lag: totalLag(partitions) };
}

function asJson({ lag, members, partitions, ...group }: GroupReport): object {
  return {
    ...group,
    lag,
    members,
    partitions: partitions.map(({ member, ...partition }) => ({
      ...partition,
      memberId: member?.memberId ?? null,
      clientId: member?.clientId ?? null,
      host: member?.host ?? null,
    })),
  };
}

function showStates(output: Output, reports: readonly GroupReport[]): Promise<void> {
  return output.table(
    [
      { title: 'Group' },
      { title: 'State' },
      { title: 'Assignor' },
      { title: 'Coordinator', align: 'right' },
      { title: 'Members', align: 'right' },
      { title: 'Lag', align: 'right' },
    ],
    reports.map(({ assignor, coordinator, group, lag, members, state }) => [
      group,
      state,
      assignor,
      coordinator,
      members.length,
      lag,
    ]),
  );
}

function showOffsets(output: Output, reports: readonly GroupReport[]): Promise<void> {
  return output.table(
    [
      { title: 'Group' },
      { title: 'Topic' },
      { title: 'Partition', align: 'right' },
      { title: 'Committed', align: 'right' },
      { title: 'End', align: 'right' },
      { title: 'Lag', align: 'right' },
      { title: 'Member' },
      { title: 'Host' },
      { title: 'Client' },
    ],
    reports.flatMap(({ group, partitions }) => partitions.map((partition) => offsetRow(group, partition))),
  );
}

function offsetRow(group: string, { committed, end, lag, member, partition, topic }: PartitionLag): Cell[] {
  const holder = [member?.memberId ?? null, member?.host ?? null, member?.clientId ?? null];
  return [group, topic, partition, committed, end, lag, ...holder];
}

function showMembers(output: Output, reports: readonly GroupReport[]): Promise<void> {
  return output.table(
    [
      { title: 'Group' },
      { title: 'Member' },
      { title: 'Instance' },
      { title: 'Host' },
      { title: 'Client' },
      { title: 'Partitions', align: 'right' },
      { title: 'Assignment' },
    ],
    reports.flatMap(({ group, members }) =>
      members.map(({ assignment, clientId, host, instanceId, memberId }) => [
        group,
        memberId,
        instanceId,
        host,
        clientId,
        assignment.length,
        assignment.map(({ partition, topic }) => `${topic}-${partition}`).join(','),
      ]),
    ),
  );
}
