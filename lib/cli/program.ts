import { Command } from 'commander';
import { addBrokerCommands } from './broker/broker-commands.js';
import type { Runtime } from './common/run-action.js';
import { addConsumeCommand } from './consume/consume-command.js';
import { addDeadLetterCommands } from './dead-letters/dead-letter-commands.js';
import { addGroupsCommands } from './groups/groups-commands.js';
import { addProduceCommand } from './produce/produce-command.js';
import { LIBRARY_VERSION } from '../wire/library-version.js';
import { addTopicsCommands } from './topics/topics-commands.js';

/** The command line `nest-kafka`. */
export function createProgram(runtime: Runtime): Command {
  const { io } = runtime;
  const program = new Command('nest-kafka')
    .description(
      'Kafka at hand for NestJS applications: a broker to develop with, and the work of Kafka’s console tools.',
    )
    .version(LIBRARY_VERSION, '--version', 'print the version')
    .option('--verbose', 'tell details and stack traces (or NEST_KAFKA_DEBUG=1)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      // Wrong usage is told by runCli, in one line as every other error.
      outputError: () => undefined,
    })
    .configureHelp({ showGlobalOptions: true });
  addBrokerCommands(program, runtime);
  addTopicsCommands(program, runtime);
  addGroupsCommands(program, runtime);
  addProduceCommand(program, runtime);
  addConsumeCommand(program, runtime);
  addDeadLetterCommands(program, runtime);
  return program;
}
