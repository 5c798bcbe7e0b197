import { Option, type Command } from 'commander';
import { runAction, type Runtime } from '../common/run-action.js';
import type { BrokerUpOptions } from './broker-up.js';

const UP_HELP = `
The addresses are the one line on standard output; a script waits for it and then starts its work.
Data goes with the broker. Ctrl-C or SIGTERM ends it, with exit code 0.

Examples:
  nest-kafka broker up
  nest-kafka broker up --brokers 3 --kafka-version 3.9.1`;

/** `nest-kafka broker ...` */
export function addBrokerCommands(program: Command, runtime: Runtime): void {
  const broker = program.command('broker').description('A real Kafka on this machine, for development.');
  const up = broker
    .command('up')
    .description('Starts Kafka and keeps it running until Ctrl-C; its data goes with it.')
    .addOption(new Option('--brokers <count>', 'how many').choices(['1', '3']).default('1'))
    .option('--kafka-version <version>', 'which Kafka, e.g. 4.3.1 or 3.9.1')
    .option('--json', 'print one JSON document instead of the addresses')
    .addHelpText('after', UP_HELP);
  runAction<BrokerUpOptions>(
    up,
    runtime,
    async (context, options) => {
      // What starts brokers is large, and no other command needs it.
      const { brokerUp } = await import('./broker-up.js');
      return brokerUp(context, options);
    },
    { onStop: 'finish' },
  );
}
