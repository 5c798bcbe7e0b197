import type { AdminClient } from '../../wire/admin/admin-client.js';
import { CommandError } from '../common/command-error.js';
import { nearNames } from '../common/near-names.js';
import { UsageError } from '../common/usage-error.js';
import { listConsumerGroups } from './group-requests.js';

export interface GroupSelection {
  readonly group?: readonly string[];
  readonly allGroups?: boolean;
}

/**
 * The names of the groups that are meant; whether those that are named exist is not looked at.
 * @throws UsageError unless either `--group` or `--all-groups` is given
 */
export async function selectGroups(admin: AdminClient, options: GroupSelection): Promise<string[]> {
  requireGroups(options);
  if (options.group !== undefined) return [...new Set(options.group)];
  return (await listConsumerGroups(admin)).map(({ groupId }) => groupId);
}

/** @throws UsageError unless either `--group` or `--all-groups` is given */
export function requireGroups({ allGroups, group }: GroupSelection): void {
  if (group !== undefined && allGroups === true) throw new UsageError('Give --group or --all-groups, not both.');
  if (group === undefined && allGroups !== true)
    throw new UsageError('Name a group with --group, or give --all-groups.');
}

/** That a group is not there, with the names that may have been meant. */
export async function unknownGroup(admin: AdminClient, name: string): Promise<CommandError> {
  const near = nearNames(
    name,
    (await listConsumerGroups(admin)).map(({ groupId }) => groupId),
  );
  const hint = near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
  return new CommandError(`There is no group '${name}'.${hint} See: nest-kafka groups list`);
}
