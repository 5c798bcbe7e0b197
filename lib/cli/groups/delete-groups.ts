import { ErrorCode } from '../../wire/error-codes.js';
import { deleteGroupsApi } from '../../wire/protocol/delete-groups.js';
import type { CommandContext } from '../common/command-context.js';
import type { ConnectionOptions } from '../common/connection-options.js';
import { throwFailures, type NamedResult } from '../common/named-failures.js';
import { worstCode } from './group-requests.js';
import { requireGroups, selectGroups, unknownGroup, type GroupSelection } from './select-groups.js';

export interface DeleteGroupsOptions extends ConnectionOptions, GroupSelection {
  readonly json?: boolean;
}

/** Answers that end the request and are told by name. */
const TOLD: ReadonlySet<number> = new Set([ErrorCode.NON_EMPTY_GROUP, ErrorCode.GROUP_ID_NOT_FOUND]);

/** Removes groups and their offsets, at once and without a question, as kafka-consumer-groups does. */
export async function deleteGroups(context: CommandContext, options: DeleteGroupsOptions): Promise<void> {
  const { output } = context;
  requireGroups(options);
  const admin = context.admin(options);
  const results: NamedResult[] = [];
  for (const group of await selectGroups(admin, options)) {
    context.about({ group });
    const response = await admin.toCoordinator(group, {
      api: deleteGroupsApi,
      request: { groups: [group] },
      errorCode: (answer) => worstCode(answer.results.filter(({ errorCode }) => !TOLD.has(errorCode))),
    });
    const [result] = response.results;
    if (result?.errorCode === ErrorCode.GROUP_ID_NOT_FOUND && options.group?.length === 1) {
      throw await unknownGroup(admin, group);
    }
    results.push(...response.results.map(withHint));
  }
  const deleted = results.filter(({ errorCode }) => errorCode === 0).map(({ name }) => name);
  if (options.json === true) await output.json({ deleted });
  else if (deleted.length > 0) await output.line(`Deleted: ${deleted.join(', ')}`);
  throwFailures(results, deleteGroupsApi.name, 'group', output);
}

function withHint(result: NamedResult): NamedResult {
  if (result.errorCode !== ErrorCode.NON_EMPTY_GROUP) return result;
  return { ...result, errorMessage: 'It has members; stop them first.' };
}
