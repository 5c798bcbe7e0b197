import type { KafkaClusterView } from '../../lib/testing/index.js';
import { cli, type CliResult, type CliRunOptions } from './cli.js';

/** The command line in this process, told where the brokers of a cluster are. */
export function cliFor(
  cluster: KafkaClusterView,
): (args: readonly string[], options?: CliRunOptions) => Promise<CliResult> {
  const env = { KAFKA_BROKERS: cluster.bootstrapServers().join(',') };
  return (args, options = {}) => cli(args, { ...options, env: { ...env, ...options.env } });
}

/** What a command has printed with `--json`; throws what it said when it has failed. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the test knows what the command prints.
export function jsonOf<T>({ exitCode, stderr, stdout }: CliResult): T {
  if (exitCode !== 0) throw new Error(`Exit code ${exitCode}: ${stderr}`);
  return JSON.parse(stdout);
}
