import { AdminClient } from '../../wire/admin/admin-client.js';
import type { LogSink } from '../../wire/log-sink.js';
import type { CliIo } from './cli-io.js';
import { readConnection, type ConnectionOptions, type ConnectionSettings } from './connection-options.js';
import type { FailureContext } from './explain-error.js';
import type { RefusedNames } from './missing-rights.js';
import { Output } from './output.js';
import { startProgress, type Progress } from './progress.js';

/** What one run of a command works with. Whatever it opens through this is closed when the run has ended. */
export class CommandContext {
  public readonly output: Output;
  /** For the library below; warnings and errors are lines on standard error, the rest only with `--verbose`. */
  public readonly log: LogSink;
  private readonly closers: (() => Promise<void>)[] = [];
  private readonly progresses = new Set<Progress>();
  private failure: FailureContext = {};

  /**
   * @param stop aborted by a signal, or when nobody reads the output any more; its reason is a `StopReason`
   * @param verbose whether to tell details: `--verbose` or NEST_KAFKA_DEBUG=1
   */
  public constructor(
    public readonly io: CliIo,
    public readonly stop: AbortSignal,
    public readonly verbose: boolean,
  ) {
    this.output = new Output(io, stop);
    this.log = stderrLog(this.output, verbose);
  }

  /** What is known for the message about a failure. */
  public get failureContext(): FailureContext {
    return this.failure;
  }

  /** Notes what the command is about, for the message about missing rights. */
  public about(names: RefusedNames): void {
    this.failure = { ...this.failure, ...names };
  }

  /**
   * How to reach the cluster, by the options of `addConnectionOptions`.
   * @throws UsageError
   */
  public connection(options: ConnectionOptions): ConnectionSettings {
    const settings = readConnection(options, this.io, (text) => this.output.warn(text));
    const { sasl } = settings.client;
    const user = sasl !== undefined && 'username' in sasl ? sasl.username : undefined;
    this.about({ user });
    this.failure = { ...this.failure, address: settings.address };
    return settings;
  }

  /**
   * An administrator's client, connected when it is first used.
   * @throws UsageError
   */
  public admin(options: ConnectionOptions): AdminClient {
    return this.adminOf(this.connection(options));
  }

  /** The same for settings that are read already. */
  public adminOf(settings: ConnectionSettings): AdminClient {
    const admin = new AdminClient({ client: settings.client, log: this.log });
    this.defer(() => admin.close());
    return admin;
  }

  /** A bar on standard error where that is a terminal; it goes when the run ends. */
  public progress(total: number, unit: string): Progress {
    const progress = startProgress(this.io.stderr, total, unit);
    this.progresses.add(progress);
    return progress;
  }

  /** Has something closed when the run ends, however it ends; the last first. */
  public defer(close: () => Promise<void>): void {
    this.closers.push(close);
  }

  /** Closes what was opened. */
  public async close(): Promise<void> {
    for (const progress of this.progresses) progress.stop();
    for (const close of this.closers.splice(0).reverse()) {
      await close().catch((error: unknown) => this.log.debug(`Closing has failed: ${String(error)}`));
    }
  }
}

function stderrLog(output: Output, verbose: boolean): LogSink {
  const detail = (message: string): void => {
    if (verbose) output.note(message);
  };
  return {
    debug: detail,
    info: detail,
    warn: (message) => output.warn(message),
    error: (message) => output.note(`error: ${message}`),
  };
}
