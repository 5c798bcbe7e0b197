import type { CommandContext } from '../common/command-context.js';
import type { ConnectionOptions } from '../common/connection-options.js';
import { listConsumerGroups } from './group-requests.js';

export interface ListGroupsOptions extends ConnectionOptions {
  /** Kafka's names of states. */
  readonly state?: readonly string[];
  readonly json?: boolean;
}

/** Consumer groups by name: a table on a terminal; in a pipe one name a line, as kafka-consumer-groups has it. */
export async function listGroups(context: CommandContext, options: ListGroupsOptions): Promise<void> {
  const { output } = context;
  const groups = (await listConsumerGroups(context.admin(options), options.state)).map((group) => ({
    group: group.groupId,
    state: group.state,
    type: group.type,
  }));
  if (options.json === true) return output.json(groups);
  if (!output.isTerminal) {
    for (const { group } of groups) await output.line(group);
    return;
  }
  await output.table(
    [{ title: 'Group' }, { title: 'State' }, { title: 'Type' }],
    groups.map(({ group, state, type }) => [group, state, type]),
  );
}
