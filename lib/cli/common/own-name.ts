import type { CommandContext } from './command-context.js';
import type { ConnectionOptions, ConnectionSettings } from './connection-options.js';

/**
 * A property by which a client takes part in something under a name (`group.id`, `transactional.id`). That of a file is an application's own: a command that followed it
 * would take partitions from the application, or fence it. So only `--command-property` counts; a file's is told and left.
 */
export function ownName(
  { output }: CommandContext,
  { properties }: ConnectionSettings,
  { commandProperty }: ConnectionOptions,
  property: { readonly name: 'group.id' | 'transactional.id'; readonly option: string },
): string | undefined {
  const { name, option } = property;
  const given = commandProperty?.[name];
  const ofFile = properties[name];
  if (given === undefined && ofFile !== undefined) {
    output.note(`${name}=${ofFile} of the properties file is not followed: give ${option} where that is meant.`);
  }
  return given;
}
