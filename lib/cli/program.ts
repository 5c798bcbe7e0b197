import { Command, Option } from 'commander';
import { brokerUp, type BrokerUpOptions } from './broker-up.js';

/** The command line `nest-kafka`. */
export function createProgram(): Command {
  const program = new Command('nest-kafka').description('Kafka at hand for NestJS applications.').showHelpAfterError();
  const broker = program.command('broker').description('A real Kafka on this machine, for development.');
  broker
    .command('up')
    .description('Starts Kafka and keeps it running until Ctrl-C; its data goes with it.')
    .addOption(new Option('--brokers <count>', 'how many').choices(['1', '3']).default('1'))
    .addOption(new Option('--kafka-version <version>', 'which Kafka, e.g. 4.3.1 or 3.9.1'))
    .action((options: BrokerUpOptions) => brokerUp(options));
  return program;
}
