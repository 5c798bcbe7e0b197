import type { LogSink } from '../../wire/log-sink.js';
import type { CommandContext } from '../common/command-context.js';

/** For a client whose errors the command tells itself, in one line: what the client logs of them is a detail. */
export function commandLog({ log }: CommandContext): LogSink {
  return {
    debug: (message) => log.debug(message),
    info: (message) => log.info(message),
    warn: (message) => log.warn(message),
    error: (message) => log.debug(message),
  };
}
