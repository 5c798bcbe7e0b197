import { UsageError } from '../common/usage-error.js';

/** How long the controller may take for a change, in milliseconds. */
export const REQUEST_LIMIT_MS = 30_000;

/** The settings of `--config name=value`, which commander has collected; without any an empty record. */
export function topicSettings(config: unknown): Readonly<Record<string, string>> {
  if (config === undefined) return {};
  if (typeof config !== 'object' || config === null) throw new UsageError('--config is a setting here: name=value.');
  return config as Readonly<Record<string, string>>;
}
