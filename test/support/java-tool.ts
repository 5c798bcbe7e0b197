import { DEFAULT_KAFKA_VERSION } from '../../lib/testing/kafka-test-cluster-options.js';
import { JavaTools, type JavaToolOptions, type JavaToolResult } from '../../lib/testing/providers/java-tools.js';
import { silentLog } from '../../lib/wire/log-sink.js';
import { sharedCluster } from './broker.js';

/** For tools that run a second or two: half the work of Java's defaults, which are made for servers. */
export const QUICK_JVM = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
/**
 * A limit of a console tool that counts from its first request, so with most of the work of starting Java in it. On a machine with much else to do that took
 * more than 25 s.
 */
export const TOOL_LIMIT_MS = 100_000;

/** The options of one of Kafka's tools: `{ topic: 'orders', 'max-messages': 3 }`; a list gives an option several times. */
export type ToolOptions = Readonly<Record<string, string | number | readonly string[]>>;

/** Runs one of Kafka's own command line tools against the cluster of the run, whatever its exit code is. */
export async function runJavaTool(
  mainClass: string,
  options: ToolOptions,
  { flags = [], ...runOptions }: JavaToolOptions & { readonly flags?: readonly string[] } = {},
): Promise<JavaToolResult> {
  const tools = await JavaTools.find(DEFAULT_KAFKA_VERSION, silentLog);
  const all: ToolOptions = { 'bootstrap-server': sharedCluster().bootstrapServers().join(','), ...options };
  const args = Object.entries(all).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [`--${name}`, String(value)]),
  );
  const switches = flags.map((flag) => `--${flag}`);
  return tools.run(mainClass, [...args, ...switches], { jvmArgs: QUICK_JVM, ...runOptions });
}
