import { deleteTopicsApi } from '../../wire/protocol/delete-topics.js';
import { CommandError } from '../common/command-error.js';
import type { CommandContext } from '../common/command-context.js';
import type { ConnectionOptions } from '../common/connection-options.js';
import { controllerCode, throwFailures } from '../common/named-failures.js';
import { selectTopics } from './select-topics.js';
import { isGone, settled } from './settled-topics.js';
import { REQUEST_LIMIT_MS } from './topic-settings.js';

export interface DeleteTopicsOptions extends ConnectionOptions {
  readonly topic: string;
  readonly ifExists?: boolean;
  readonly json?: boolean;
}

/** Removes topics with their records, at once and without a question, as kafka-topics does. */
export async function deleteTopics(context: CommandContext, options: DeleteTopicsOptions): Promise<void> {
  const { output } = context;
  const admin = context.admin(options);
  const topics = await selectTopics(admin, options);
  const internal = topics.filter(({ isInternal }) => isInternal);
  if (internal.length > 0) {
    const names = internal.map(({ name }) => name).join(', ');
    throw new CommandError(`${names}: Kafka keeps this for itself. Nothing was deleted; name other topics.`);
  }
  const names = topics.map(({ name }) => name);
  if (names.length > 0) {
    const response = await admin.toController({
      api: deleteTopicsApi,
      request: { topics: names, timeoutMs: REQUEST_LIMIT_MS },
      errorCode: ({ results }) => controllerCode(results),
    });
    throwFailures(response.results, deleteTopicsApi.name, 'topic', output);
    if (!(await settled(admin, names, isGone))) output.warn('Not every broker has forgotten the topics yet.');
  }
  if (options.json === true) return output.json({ deleted: names });
  if (names.length === 0) output.note(`No topic matches '${options.topic}': nothing to do.`);
  else await output.line(`Deleted: ${names.join(', ')}`);
}
